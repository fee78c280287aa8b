/// Base64 (RFC 4648 §4), as SDKs write it.
package enum Base64 {
    /// The bytes, or nil if the text isn't base64. Padding may be left out; line breaks are not taken.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        var body = text[...]
        if text.count % 4 == 0 {
            for _ in 0..<2 where body.last == UInt8(ascii: "=") { body.removeLast() }
        }
        guard body.count % 4 != 1 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(body.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for byte in body {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        return result
    }
}
