import COpenSSL

/// SHA-256 by libcrypto. Any thread; each keeps one context. Traps where libcrypto has no SHA-256 at all.
package enum SHA256 {
    /// The 32 bytes of the hash.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// The 32 bytes of the hash.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            digest(bytes, into: buffer.baseAddress!)
            count = byteCount
        }
    }

    /// The hash as 64 lower-case hexadecimal digits.
    package static func hex(_ bytes: [UInt8]) -> String {
        hexadecimal(digest(bytes))
    }

    /// The length of a hash in bytes.
    package static let byteCount = 32

    /// - Precondition: `result` has room for 32 bytes.
    static func digest(_ bytes: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<UInt8>) {
        let done = outbox_sha256(bytes.baseAddress, bytes.count, result)
        precondition(done == 1, "libcrypto offers no SHA-256")
    }
}

/// Bytes as lower-case hexadecimal digits.
package func hexadecimal(_ bytes: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
        for (index, byte) in bytes.enumerated() {
            buffer[index * 2] = hexadecimalDigit(byte >> 4)
            buffer[index * 2 + 1] = hexadecimalDigit(byte & 15)
        }
        return bytes.count * 2
    }
}

/// The lower-case digit of a value below 16.
@inline(__always)
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
