import FoundationEssentials

/// Lays out JSON text anew without touching its tokens: numbers keep their digits, members their order.
enum JSONText {
    /// Whether it is JSON, as far as laying it out needs.
    static func isJSON(_ bytes: [UInt8]) -> Bool {
        struct Anything: Decodable {
            init(from decoder: any Decoder) throws {}
        }
        return (try? JSONDecoder().decode(Anything.self, from: Data(bytes))) != nil
    }

    /// On one line, without any white space outside strings.
    ///
    /// - Precondition: `bytes` is JSON.
    static func compact(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var scanner = Scanner(bytes)
        while let token = scanner.next() { result += token }
        return result
    }

    /// Two spaces a level, one member or element a line.
    ///
    /// - Precondition: `bytes` is JSON.
    static func pretty(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var scanner = Scanner(bytes)
        var level = 0
        var opened = false
        func newLine(_ result: inout [UInt8]) {
            result.append(UInt8(ascii: "\n"))
            result.append(contentsOf: repeatElement(UInt8(ascii: " "), count: min(level, 512) * 2))
        }
        while let token = scanner.next() {
            let first = token[token.startIndex]
            let closes = first == UInt8(ascii: "}") || first == UInt8(ascii: "]")
            if closes { level -= 1 }
            // Neither behind the opening nor before the closing of an empty one.
            if opened != closes { newLine(&result) }
            result += token
            opened = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
            if opened { level += 1 }
            if first == UInt8(ascii: ",") { newLine(&result) }
            if first == UInt8(ascii: ":") { result.append(UInt8(ascii: " ")) }
        }
        return result
    }

    /// Cuts JSON into punctuation, strings, and everything else.
    private struct Scanner {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func next() -> ArraySlice<UInt8>? {
            while position < bytes.count, isSpace(bytes[position]) { position += 1 }
            guard position < bytes.count else { return nil }
            let start = position
            position += 1
            if isPunctuation(bytes[start]) { return bytes[start..<position] }
            if bytes[start] == UInt8(ascii: "\"") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                    position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
                }
                position = min(position + 1, bytes.count)
            } else {
                while position < bytes.count, !isSpace(bytes[position]), !isPunctuation(bytes[position]) {
                    position += 1
                }
            }
            return bytes[start..<position]
        }

        private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

        private func isPunctuation(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
                UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}
