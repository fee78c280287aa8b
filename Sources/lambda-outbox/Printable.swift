/// Makes text from elsewhere fit to be shown: what could steer a terminal, turn the reading direction, or hide between
/// other characters is written as `\u{…}`.
enum Printable {
    static func line(_ text: String) -> String { shown(text, keepsLines: false) }

    static func lines(_ text: String) -> String { shown(text, keepsLines: true) }

    private static func shown(_ text: String, keepsLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if !isControl(scalar) || (keepsLines && (scalar == "\n" || scalar == "\t")) {
                result.unicodeScalars.append(scalar)
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    /// JSON with the same meaning, in which such characters stand as JSON's own escapes.
    ///
    /// - Precondition: `bytes` is JSON, so that they stand only in strings.
    static func json(_ bytes: [UInt8]) -> [UInt8] {
        // Most lines are plain ASCII and stay as they are; white space between tokens is none of them.
        guard bytes.contains(where: { $0 >= 0x7F }) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, isControl(scalar) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
                }
            } else {
                result += Array(String(scalar).utf8)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true  // C0, DEL, C1
        case 0x061C, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // reading direction
        case 0x2028...0x2029: true  // line breaks
        case 0x00AD, 0x180E, 0x200B...0x200D, 0x2060...0x2065, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true  // unseen
        case 0xE0000...0xE0FFF: true  // tags and further selectors
        default: false
        }
    }
}
