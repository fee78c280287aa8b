/// Makes text fit for a log: one line, nothing that steers a terminal or turns the reading direction, bounded length.
enum LogText {
    /// UTF-8 bytes of one value.
    static let bytesMax = 2048

    /// Control characters are written as `\u{…}`; what is too long ends in `…`.
    static func line(_ text: String, bytesMax: Int = bytesMax) -> String {
        if text.utf8.count <= bytesMax, !text.unicodeScalars.contains(where: isControl) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if result.utf8.count >= bytesMax { return result + "…" }
            if isControl(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A value as it stands behind `name=`: in quotes where it would run into what follows.
    static func value(_ text: String) -> String {
        let text = line(text)
        guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return text }
        return "\"\(text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined())\""
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
