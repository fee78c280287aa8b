/// Percent-encodes every byte but `A–Z a–z 0–9 - . _ ~`, with upper-case digits: what SigV4 calls URI-encoding, and how
/// a function name stands in Lambda's path.
package func percentEncode(_ text: String) -> String {
    var writer = ByteWriter(capacity: text.utf8.count * 3)
    var text = text
    text.withUTF8 { writer.appendPercentEncoded($0) }
    return writer.string(0..<writer.count)
}

/// The bytes that a percent-encoded text stands for. A `%` that no two hexadecimal digits follow stands for itself.
package func percentDecode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index != bytes.endIndex {
        let byte = bytes[index]
        let next = bytes.index(after: index)
        if byte == UInt8(ascii: "%"), next != bytes.endIndex, let high = hexadecimalValue(bytes[next]) {
            let last = bytes.index(after: next)
            if last != bytes.endIndex, let low = hexadecimalValue(bytes[last]) {
                result.append(high << 4 | low)
                index = bytes.index(after: last)
                continue
            }
        }
        result.append(byte)
        index = next
    }
    return result
}

private func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

@inline(__always)
private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        true
    default: false
    }
}

extension ByteWriter {
    /// Percent-encodes the bytes; a slash too, unless `slashStays`.
    mutating func appendPercentEncoded(_ bytes: UnsafeBufferPointer<UInt8>, slashStays: Bool = false) {
        let target = room(for: bytes.count * 3)
        var written = 0
        for byte in bytes {
            if isUnreserved(byte) || slashStays && byte == UInt8(ascii: "/") {
                target[written] = byte
                written += 1
            } else {
                target[written] = UInt8(ascii: "%")
                target[written + 1] = upperHexadecimalDigit(byte >> 4)
                target[written + 2] = upperHexadecimalDigit(byte & 15)
                written += 3
            }
        }
        advance(by: written)
    }
}

@inline(__always)
private func upperHexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
}
