import OutboxCore

/// A kind of value: how it is read, and how it is written.
struct ValueKind<Value> {
    var read: (YAMLNode) throws(Misfit) -> Value
    var write: (Value) -> EffectiveValue

    init(read: @escaping (YAMLNode) throws(Misfit) -> Value, write: @escaping (Value) -> EffectiveValue) {
        self.read = read
        self.write = write
    }

    /// A single value.
    ///
    /// - Parameter read: takes the text, and whether it stood without quotes.
    init(
        read: @escaping (String, Bool) throws(Misfit) -> Value,
        write: @escaping (Value) -> EffectiveValue,
        meant: String
    ) {
        self.write = write
        self.read = { (node) throws(Misfit) in
            guard case .scalar(let text, let isPlain) = node.content else {
                throw Misfit(what: "\(node.kind) instead of a single value", meant: meant)
            }
            return try read(text, isPlain)
        }
    }

    /// The same, or null.
    var orNull: ValueKind<Value?> {
        let (read, write) = (read, write)
        return ValueKind<Value?>(
            read: { (node) throws(Misfit) in
                if case .null = node.content { return nil }
                return try read(node)
            },
            write: { $0.map(write) ?? .none }
        )
    }

    /// A list of such values.
    var list: ValueKind<[Value]> {
        let (read, write) = (read, write)
        return ValueKind<[Value]>(
            read: { (node) throws(Misfit) in
                guard case .list(let nodes) = node.content else {
                    throw Misfit(what: "\(node.kind) instead of a list", meant: "write [A, B], or [] for none")
                }
                var values: [Value] = []
                for node in nodes { values.append(try read(node)) }
                return values
            },
            write: { .list($0.map(write)) }
        )
    }
}

/// What is wrong with a value, and what was meant.
struct Misfit: Error {
    var what: String
    var meant: String

    static func unknownWord(_ text: String, _ words: [String]) -> Misfit {
        let near = Spelling.nearest(to: text, in: words).map { "did you mean \($0)?" }
        return Misfit(what: "\(quoted(text)) is not known", meant: near ?? "write \(words.joined(separator: " or "))")
    }
}

extension ValueKind<Span> {
    /// A length of time.
    static func duration(_ range: ClosedRange<Span>) -> ValueKind {
        let example = "write it with its unit, such as 500ms, 30s, 15m, 72h or 7d"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                let milliseconds = try quantity(text, units: Quantity.durationUnits, example: example)
                let span = Span(milliseconds: milliseconds)
                guard range.contains(span) else {
                    throw outOfRange(text, Quantity.text(range.lowerBound), Quantity.text(range.upperBound))
                }
                return span
            },
            write: { .text(Quantity.text($0)) },
            meant: example
        )
    }
}

extension ValueKind<Int64> {
    /// A number of bytes.
    static func size(_ range: ClosedRange<Int64>) -> ValueKind {
        let example = "write it with its unit, such as 64KiB, 1MiB or 10GiB"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                let bytes = try quantity(text, units: Quantity.sizeUnits, example: example)
                guard range.contains(bytes) else {
                    throw outOfRange(
                        text,
                        Quantity.text(bytes: range.lowerBound),
                        Quantity.text(bytes: range.upperBound)
                    )
                }
                return bytes
            },
            write: { .text(Quantity.text(bytes: $0)) },
            meant: example
        )
    }
}

extension ValueKind where Value: FixedWidthInteger {
    /// A whole number in plain digits.
    static func number(_ range: ClosedRange<Value>) -> ValueKind {
        let meant = "write a whole number from \(range.lowerBound) to \(range.upperBound)"
        return ValueKind(
            read: { (text, isPlain) throws(Misfit) in
                guard isPlain else {
                    throw Misfit(what: "\(quoted(text)) is a text, not a number", meant: "remove the quotes")
                }
                let digits = text.filter { $0 != "_" }
                guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
                else { throw Misfit(what: "\(quoted(text)) is no whole number", meant: numberGuess(text) ?? meant) }
                guard let number = Value(digits), range.contains(number) else {
                    throw outOfRange(text, "\(range.lowerBound)", "\(range.upperBound)")
                }
                return number
            },
            write: { .number(Int64($0)) },
            meant: meant
        )
    }
}

extension ValueKind<Bool> {
    static var flag: ValueKind {
        ValueKind(
            read: { (text, isPlain) throws(Misfit) in
                guard isPlain, text == "true" || text == "false" else {
                    let word = text.lowercased()
                    let near =
                        ["yes", "on", "y", "1", "true"].contains(word)
                        ? "true" : ["no", "off", "n", "0", "false"].contains(word) ? "false" : "true or false"
                    throw Misfit(
                        what: "\(quoted(text)) is neither true nor false",
                        meant: "write \(near), unquoted and in small letters"
                    )
                }
                return text == "true"
            },
            write: { .flag($0) },
            meant: "write true or false"
        )
    }
}

extension ValueKind<Double> {
    /// A part of a whole, 1 % to 100 %, kept as 0…1.
    static var share: ValueKind {
        let example = "write it in percent, such as 50%"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                guard text.hasSuffix("%") else {
                    let near = percent(text).map { "did you mean \($0)%?" }
                    throw Misfit(what: "\(quoted(text)) has no % sign", meant: near ?? example)
                }
                let digits = text.dropLast()
                guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
                else { throw Misfit(what: "\(quoted(text)) is no whole number of percent", meant: example) }
                guard let percent = Int(digits), (1...100).contains(percent) else {
                    throw outOfRange(text, "1%", "100%")
                }
                return Double(percent) / 100
            },
            write: { .text("\(Int(($0 * 100).rounded()))%") },
            meant: example
        )
    }

    /// `50` and `0.5` as percents.
    private static func percent(_ text: String) -> Int? {
        if let whole = Int(text), (2...100).contains(whole) { return whole }
        guard text.hasPrefix("0."), (3...4).contains(text.utf8.count), let hundredths = Int(text.dropFirst(2)) else {
            return nil
        }
        let percent = text.utf8.count == 3 ? hundredths * 10 : hundredths
        return percent > 0 ? percent : nil
    }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of some words; words of `later` are known, but this version can't do them.
    static func word(later: [String] = []) -> ValueKind {
        let words = Value.allCases.map(\.rawValue)
        let meant = "write \(words.joined(separator: " or "))"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                if later.contains(text) { throw Misfit(what: "\(quoted(text)) is not in this version", meant: meant) }
                guard let value = Value(rawValue: text) else { throw .unknownWord(text, words) }
                return value
            },
            write: { .text($0.rawValue) },
            meant: meant
        )
    }
}

/// A number that was written for people, or as a program writes it: `1,000,000`, `10k`, `1e6`.
private func numberGuess(_ text: String) -> String? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let plain = text.lowercased().filter { !",' ".contains($0) }
    let number = plain.prefix { $0.isASCII && $0.isNumber }
    let zeros: Int?
    switch plain[number.endIndex...] {
    case "": zeros = 0
    case "k": zeros = 3
    case "m": zeros = 6
    case let rest where rest.first == "e" && rest.dropFirst().utf8.allSatisfy { digits.contains($0) }:
        zeros = Int(rest.dropFirst())
    default: zeros = nil
    }
    guard let zeros, (1...12).contains(number.utf8.count), zeros <= 12 else { return nil }
    return "did you mean \(number)\(String(repeating: "0", count: zeros))?"
}

/// A text as errors show it.
func quoted(_ text: String) -> String { "\"\(forPeople(text))\"" }

extension ValueKind {
    fileprivate static func quantity(
        _ text: String,
        units: [(name: String, factor: Int64)],
        example: String
    ) throws(Misfit) -> Int64 {
        do throws(Quantity.Fault) {
            return try Quantity.parse(text, units: units)
        } catch .noUnit {
            throw Misfit(what: "\(quoted(text)) has no unit", meant: example)
        } catch .unknownUnit {
            let known = "units: \(units.map(\.name).joined(separator: " "))"
            let meant =
                Quantity.guess(text, units: units).map { "did you mean \($0)? (\(known))" } ?? "\(example) (\(known))"
            throw Misfit(what: "\(quoted(text)) has a unit that is not known", meant: meant)
        } catch .tooLarge {
            throw Misfit(what: "\(quoted(text)) is too large", meant: example)
        } catch {
            throw Misfit(what: "\(quoted(text)) does not begin with a number", meant: example)
        }
    }

    static func outOfRange(_ text: String, _ lower: String, _ upper: String) -> Misfit {
        Misfit(what: "\(quoted(text)) is out of range", meant: "write \(lower) to \(upper)")
    }
}
