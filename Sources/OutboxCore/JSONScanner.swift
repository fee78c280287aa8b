/// What is wrong with a text that should be JSON, and where.
package struct JSONFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Hashable, Sendable {
        case byteOrderMark = "a byte order mark"
        case endsTooEarly = "the text ends in the middle of a value"
        case notUTF8 = "not UTF-8"
        case unexpectedByte = "an unexpected byte"
        case badNumber = "a number out of form"
        case badLiteral = "neither true nor false nor null"
        case badEscape = "an escape out of form"
        case controlCharacter = "a control character that isn't escaped"
        case nestedTooDeeply = "nested more than 512 deep"
        case textBehindValue = "more text behind the value"
    }

    /// Bytes from the start of the text; the length of the text where it ends too early.
    package var offset: Int
    package var reason: Reason

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    /// For people; holds nothing of the text itself.
    package var description: String { "\(reason.rawValue) at byte \(offset)" }
}

/// Says whether bytes are one JSON text (RFC 8259) in UTF-8, without building anything from it.
///
/// Nesting ends at 512. Numbers may have any size and escapes of lone surrogates are let through: the bytes are passed
/// on, and Lambda's own parser has the last word. One pass, no recursion, no allocation.
package enum JSONScanner {
    /// Arrays and objects inside each other.
    package static let depthMax = 512

    /// The first fault, or nil for a JSON text. Empty bytes are no JSON text.
    package static func fault(in bytes: [UInt8]) -> JSONFault? {
        bytes.withUnsafeBytes { fault(in: $0) }
    }

    /// The first fault, or nil for a JSON text. Empty bytes are no JSON text.
    package static func fault(in bytes: UnsafeRawBufferPointer) -> JSONFault? {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return JSONFault(offset: 0, reason: .endsTooEarly) }
        var cursor = JSONCursor(base: base, count: bytes.count)
        do {
            try cursor.text()
            return nil
        } catch {
            return error
        }
    }
}

/// The scanner's place in the text. Lives only as long as the bytes are borrowed.
private struct JSONCursor {
    private enum Expected { case value, valueOrClose, key, keyOrClose, commaOrClose }

    let base: UnsafeRawPointer
    let count: Int
    var index = 0
    var depth = 0
    /// One bit a level: 1 for an object.
    var kinds = SIMD8<UInt64>()

    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    @inline(__always) private func byte(_ at: Int) -> UInt8 { base.load(fromByteOffset: at, as: UInt8.self) }

    private func fault(_ reason: JSONFault.Reason, at offset: Int) -> JSONFault {
        JSONFault(offset: offset, reason: reason)
    }

    mutating func text() throws(JSONFault) {
        if count >= 3, byte(0) == 0xEF, byte(1) == 0xBB, byte(2) == 0xBF { throw fault(.byteOrderMark, at: 0) }
        var expected = Expected.value
        repeat {
            skipWhitespace()
            guard index < count else { throw fault(.endsTooEarly, at: count) }
            let next = byte(index)
            switch expected {
            case .value, .valueOrClose:
                switch next {
                case UInt8(ascii: "\""):
                    try string()
                    expected = .commaOrClose
                case UInt8(ascii: "{"):
                    try open(object: true)
                    expected = .keyOrClose
                case UInt8(ascii: "["):
                    try open(object: false)
                    expected = .valueOrClose
                case UInt8(ascii: "]") where expected == .valueOrClose:
                    close()
                    expected = .commaOrClose
                default:
                    try scalar(next)
                    expected = .commaOrClose
                }
            case .key, .keyOrClose:
                if next == UInt8(ascii: "\"") {
                    try string()
                    try colon()
                    expected = .value
                } else if next == UInt8(ascii: "}"), expected == .keyOrClose {
                    close()
                    expected = .commaOrClose
                } else {
                    throw fault(next < 0x80 ? .unexpectedByte : utf8Fault(at: index), at: index)
                }
            case .commaOrClose:
                if next == UInt8(ascii: ",") {
                    index += 1
                    expected = innermostIsObject ? .key : .value
                } else if next == (innermostIsObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    close()
                } else {
                    throw fault(next < 0x80 ? .unexpectedByte : utf8Fault(at: index), at: index)
                }
            }
        } while depth > 0
        skipWhitespace()
        if index < count { throw fault(.textBehindValue, at: index) }
    }

    @inline(__always) private mutating func skipWhitespace() {
        while index < count {
            switch byte(index) {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private var innermostIsObject: Bool {
        let level = depth - 1
        return kinds[level >> 6] >> UInt64(level & 63) & 1 == 1
    }

    private mutating func open(object: Bool) throws(JSONFault) {
        guard depth < JSONScanner.depthMax else { throw fault(.nestedTooDeeply, at: index) }
        let bit = UInt64(1) << UInt64(depth & 63)
        if object { kinds[depth >> 6] |= bit } else { kinds[depth >> 6] &= ~bit }
        depth += 1
        index += 1
    }

    private mutating func close() {
        depth -= 1
        index += 1
    }

    private mutating func colon() throws(JSONFault) {
        skipWhitespace()
        guard index < count else { throw fault(.endsTooEarly, at: count) }
        guard byte(index) == UInt8(ascii: ":") else { throw fault(.unexpectedByte, at: index) }
        index += 1
    }

    private mutating func scalar(_ first: UInt8) throws(JSONFault) {
        switch first {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case 0x80...: throw fault(utf8Fault(at: index), at: index)
        default: throw fault(.unexpectedByte, at: index)
        }
    }

    private mutating func literal(_ word: StaticString) throws(JSONFault) {
        let length = word.utf8CodeUnitCount
        for position in 0..<length {
            guard index + position < count else { throw fault(.endsTooEarly, at: count) }
            guard byte(index + position) == word.utf8Start[position] else { throw fault(.badLiteral, at: index) }
        }
        index += length
    }

    /// Passes over digits; at least one.
    private mutating func digits() throws(JSONFault) {
        guard index < count else { throw fault(.endsTooEarly, at: count) }
        guard byte(index) &- UInt8(ascii: "0") <= 9 else { throw fault(.badNumber, at: index) }
        repeat { index += 1 } while index < count && byte(index) &- UInt8(ascii: "0") <= 9
    }

    private mutating func number() throws(JSONFault) {
        if byte(index) == UInt8(ascii: "-") { index += 1 }
        if index < count, byte(index) == UInt8(ascii: "0") {
            index += 1
            if index < count, byte(index) &- UInt8(ascii: "0") <= 9 { throw fault(.badNumber, at: index) }
        } else {
            try digits()
        }
        if index < count, byte(index) == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if index < count, byte(index) | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, byte(index) == UInt8(ascii: "+") || byte(index) == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
    }

    private mutating func string() throws(JSONFault) {
        index += 1
        while true {
            skipPlain()
            guard index < count else { throw fault(.endsTooEarly, at: count) }
            let next = byte(index)
            if next == UInt8(ascii: "\"") {
                index += 1
                return
            } else if next == UInt8(ascii: "\\") {
                try escape()
            } else if next < 0x20 {
                throw fault(.controlCharacter, at: index)
            } else {
                let length = utf8Length(at: index)
                guard length > 0 else { throw fault(utf8Fault(at: index), at: index) }
                index += length
            }
        }
    }

    /// Passes over printable ASCII other than quote and backslash, eight bytes at a time. The lowest flagged byte of a
    /// word is always a true hit: the subtractions borrow upwards only.
    @inline(__always) private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while index + 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            let low = (word &- ones &* 0x20) & ~word
            let hits = (word | low | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & tops
            if hits != 0 {
                index += hits.trailingZeroBitCount >> 3
                return
            }
            index += 8
        }
        while index < count {
            let next = byte(index)
            if next < 0x20 || next >= 0x80 || next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") { return }
            index += 1
        }
    }

    private mutating func escape() throws(JSONFault) {
        guard index + 1 < count else { throw fault(.endsTooEarly, at: count) }
        switch byte(index + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        case UInt8(ascii: "u"):
            for position in index + 2..<index + 6 {
                guard position < count else { throw fault(.endsTooEarly, at: count) }
                let isHex =
                    byte(position) &- UInt8(ascii: "0") <= 9 || (byte(position) | 0x20) &- UInt8(ascii: "a") <= 5
                guard isHex else { throw fault(.badEscape, at: index) }
            }
            index += 6
        default:
            throw fault(.badEscape, at: index)
        }
    }

    /// Length of the well-formed UTF-8 sequence (RFC 3629) of 2 to 4 bytes at `at`; 0 if it isn't one.
    private func utf8Length(at: Int) -> Int {
        let lead = byte(at)
        let length: Int
        // Bounds of the second byte shut out overlong forms, surrogates, and what lies beyond U+10FFFF.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard at + length <= count, second.contains(byte(at + 1)) else { return 0 }
        for position in at + 2..<max(at + 2, at + length) where byte(position) & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// What is wrong with a byte of 0x80 and above where it stands: it may be good UTF-8 in the wrong place.
    private func utf8Fault(at: Int) -> JSONFault.Reason { utf8Length(at: at) > 0 ? .unexpectedByte : .notUTF8 }
}
