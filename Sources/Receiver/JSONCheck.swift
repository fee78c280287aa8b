/// Whether bytes are one JSON text (RFC 8259) in UTF-8: what Lambda asks of a body. Nothing is built, nothing recurses.
struct JSONCheck {
    private let bytes: [UInt8]
    private var position = 0
    /// The closing bracket of each open array and object.
    private var open: [UInt8] = []

    /// No bytes at all are accepted too, as by Lambda: the function then gets `{}`.
    static func accepts(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return true }
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var check = JSONCheck(bytes: bytes)
        return check.run()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func run() -> Bool {
        repeat {
            skipWhiteSpace()
            guard takeValue() else { return false }
            guard closeAndSeparate() else { return false }
        } while !open.isEmpty
        skipWhiteSpace()
        return position == bytes.count
    }

    /// A scalar, an empty array or object, or the start of one up to its first value.
    private mutating func takeValue() -> Bool {
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "{"):
                position += 1
                skipWhiteSpace()
                if take(UInt8(ascii: "}")) { return true }
                open.append(UInt8(ascii: "}"))
                guard takeKey() else { return false }
            case UInt8(ascii: "["):
                position += 1
                skipWhiteSpace()
                if take(UInt8(ascii: "]")) { return true }
                open.append(UInt8(ascii: "]"))
            case UInt8(ascii: "\""): return takeString()
            case UInt8(ascii: "t"): return take("true")
            case UInt8(ascii: "f"): return take("false")
            case UInt8(ascii: "n"): return take("null")
            default: return takeNumber()
            }
        }
        return false
    }

    /// After a value: closes what ends here, or goes over the comma (and the key) to the next value.
    private mutating func closeAndSeparate() -> Bool {
        while let bracket = open.last {
            skipWhiteSpace()
            if take(bracket) {
                open.removeLast()
            } else {
                guard take(UInt8(ascii: ",")) else { return false }
                skipWhiteSpace()
                return bracket == UInt8(ascii: "]") || takeKey()
            }
        }
        return true
    }

    private mutating func takeKey() -> Bool {
        guard takeString() else { return false }
        skipWhiteSpace()
        guard take(UInt8(ascii: ":")) else { return false }
        skipWhiteSpace()
        return true
    }

    private mutating func takeString() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while let byte = next() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard takeEscape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func takeEscape() -> Bool {
        guard let byte = next() else { return false }
        position += 1
        if byte == UInt8(ascii: "u") {
            for _ in 0..<4 {
                guard let digit = next(), isHexadecimal(digit) else { return false }
                position += 1
            }
            return true
        }
        return "\"\\/bfnrt".utf8.contains(byte)
    }

    private mutating func takeNumber() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !takeDigits() { return false }
        if take(UInt8(ascii: ".")), !takeDigits() { return false }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return takeDigits()
        }
        return true
    }

    private mutating func takeDigits() -> Bool {
        let start = position
        while let byte = next(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private mutating func skipWhiteSpace() {
        while let byte = next(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[position...].starts(with: word) else { return false }
        position += word.count
        return true
    }

    @inline(__always)
    private func next() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        true
    default: false
    }
}
