/// The members of one JSON object, read without building what lies deeper: for the few small objects that the core
/// itself has to understand.
package struct JSONMembers: Sendable {
    package enum Value: Hashable, Sendable {
        case string(String)
        /// The number as it was written.
        case number(String)
        /// The place of an object's own bytes in the text.
        case object(Range<Int>)
        /// An array, `true`, `false` or `null`.
        case other
    }

    /// In the order of the text; a name that stands twice is here twice.
    package private(set) var members: [(name: String, value: Value)] = []

    /// Nil if the text is no JSON, or no object. Lone surrogates become U+FFFD.
    package init?(_ bytes: [UInt8]) {
        guard JSONScanner.fault(in: bytes) == nil else { return nil }
        self.init(validated: bytes, in: bytes.indices)
    }

    /// Reads an object whose place an earlier reading of the same text gave.
    ///
    /// - Precondition: `bytes` is a JSON text.
    package init?(validated bytes: [UInt8], in range: Range<Int>) {
        var reader = Reader(bytes: bytes, index: range.lowerBound)
        reader.skipWhitespace()
        guard reader.current == UInt8(ascii: "{") else { return nil }
        reader.index += 1
        reader.skipWhitespace()
        while reader.current != UInt8(ascii: "}") {
            if reader.current == UInt8(ascii: ",") { reader.index += 1 }
            reader.skipWhitespace()
            let name = reader.string()
            reader.skipWhitespace()
            reader.index += 1  // the colon
            reader.skipWhitespace()
            members.append((name, reader.value()))
            reader.skipWhitespace()
        }
    }
}

/// Walks a text that the scanner has found to be JSON, and so checks nothing again.
private struct Reader {
    let bytes: [UInt8]
    var index: Int

    init(bytes: [UInt8], index: Int) {
        self.bytes = bytes
        self.index = index
    }

    var current: UInt8 { bytes[index] }

    mutating func skipWhitespace() {
        while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
    }

    mutating func value() -> JSONMembers.Value {
        let start = index
        switch current {
        case UInt8(ascii: "\""):
            return .string(string())
        case UInt8(ascii: "{"):
            skipNested()
            return .object(start..<index)
        case UInt8(ascii: "["):
            skipNested()
            return .other
        default:
            while index < bytes.count, !Self.endsScalar(current) { index += 1 }
            let isWord = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[start])
            return isWord ? .other : .number(String(decoding: bytes[start..<index], as: UTF8.self))
        }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }

    private mutating func skipNested() {
        var depth = 0
        repeat {
            switch current {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                _ = string()
                continue
            default: break
            }
            index += 1
        } while depth > 0
    }

    mutating func string() -> String {
        index += 1
        var units: [UInt8] = []
        while current != UInt8(ascii: "\"") {
            guard current == UInt8(ascii: "\\") else {
                units.append(current)
                index += 1
                continue
            }
            let kind = bytes[index + 1]
            index += 2
            switch kind {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"): units.append(contentsOf: String(escapedScalar()).utf8)
            default: units.append(kind)
            }
        }
        index += 1
        return String(decoding: units, as: UTF8.self)
    }

    /// Stands behind `\u`; takes a second escape along if both make a pair.
    private mutating func escapedScalar() -> Unicode.Scalar {
        let first = hexQuad(at: index)
        index += 4
        if (0xD800...0xDBFF).contains(first), bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        {
            let second = hexQuad(at: index + 2)
            if (0xDC00...0xDFFF).contains(second) {
                index += 6
                return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private func hexQuad(at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            value = value << 4 | UInt32(byte <= UInt8(ascii: "9") ? byte & 15 : (byte & 15) + 9)
        }
        return value
    }
}
