import COpenSSL

/// Comparisons and small writings of bytes that the canonical form needs.
@inline(__always)
func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    a.count == b.count && a.elementsEqual(b)
}

@inline(__always)
func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: StaticString) -> Bool {
    a.count == b.utf8CodeUnitCount && equal(a, UnsafeBufferPointer(start: b.utf8Start, count: b.utf8CodeUnitCount))
}

/// By byte; a prefix comes first.
@inline(__always)
func precedes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    a.lexicographicallyPrecedes(b)
}

/// Equality whose time depends on the lengths only.
func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}

extension ByteWriter {
    mutating func appendLowercased(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            let target = room(for: bytes.count)
            for (index, byte) in bytes.enumerated() { target[index] = lowercased(byte) }
            advance(by: bytes.count)
        }
    }

    /// A header's value: no white space at its ends, one space for each run of it inside.
    mutating func appendTrimmed(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            let target = room(for: bytes.count)
            var written = 0
            var space = false
            for byte in bytes {
                if isWhiteSpace(byte) {
                    space = written > 0
                } else {
                    if space {
                        target[written] = UInt8(ascii: " ")
                        written += 1
                        space = false
                    }
                    target[written] = byte
                    written += 1
                }
            }
            advance(by: written)
        }
    }
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

@inline(__always)
func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte >= 9 && byte <= 13
}
