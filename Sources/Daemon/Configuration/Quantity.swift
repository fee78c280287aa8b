import OutboxCore

/// Lengths of time and numbers of bytes as they are written: digits, then a unit.
enum Quantity {
    /// From small to large.
    static let durationUnits: [(name: String, factor: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    static let sizeUnits: [(name: String, factor: Int64)] = [
        ("B", 1), ("kB", 1000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20), ("GB", 1_000_000_000),
        ("GiB", 1 << 30), ("TB", 1_000_000_000_000), ("TiB", 1 << 40),
    ]

    enum Fault: Error {
        case noUnit, unknownUnit, notANumber, tooLarge
    }

    static func parse(_ text: String, units: [(name: String, factor: Int64)]) throws(Fault) -> Int64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...]
        if digits.isEmpty { throw .notANumber }
        if unit.isEmpty { throw .noUnit }
        guard let factor = units.first(where: { $0.name == unit })?.factor else { throw .unknownUnit }
        guard let number = Int64(digits) else { throw .tooLarge }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        if overflow { throw .tooLarge }
        return product
    }

    /// The nearest right way to write a length of time or a number of bytes, where one can be guessed.
    static func guess(_ text: String, units: [(name: String, factor: Int64)]) -> String? {
        let text = text.replacing(" ", with: "")
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.utf8.count <= 6, let whole = Int64(digits) else { return nil }
        var rest = text[digits.endIndex...]
        var (fraction, scale): (Int64, Int64) = (0, 1)
        if let point = rest.first, point == "." || point == "," {
            let decimals = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard (1...3).contains(decimals.utf8.count), let number = Int64(decimals) else { return nil }
            for _ in decimals { scale *= 10 }
            fraction = number
            rest = rest[decimals.endIndex...]
        }
        let unit =
            units.first { $0.name.lowercased() == rest.lowercased() }
            ?? otherUnits[rest.lowercased()].flatMap { name in units.first { $0.name == name } }
        guard let unit, unit.factor * fraction % scale == 0 else { return nil }
        if fraction == 0 { return "\(whole)\(unit.name)" }
        let value = whole * unit.factor + unit.factor * fraction / scale
        return Self.text(
            value,
            units: units.filter { $0.factor == 1 || $0.name.contains("i") == unit.name.contains("i") }
        )
    }

    private static var otherUnits: [String: String] {
        [
            "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m",
            "minutes": "m", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms",
            "millis": "ms", "milliseconds": "ms", "byte": "B", "bytes": "B", "k": "KiB", "ki": "KiB", "m": "MiB",
            "mi": "MiB", "g": "GiB", "gi": "GiB", "t": "TiB", "ti": "TiB",
        ]
    }

    /// With the largest unit that leaves a whole number.
    static func text(_ value: Int64, units: [(name: String, factor: Int64)]) -> String {
        let unit = units.last { value != 0 && value % $0.factor == 0 } ?? units[0]
        return "\(value / unit.factor)\(unit.name)"
    }

    /// In days from a week on; `72h` stays as people write it.
    static func text(_ span: Span) -> String {
        if span == .zero { return "0s" }
        return text(span.milliseconds, units: span < .days(7) ? durationUnits.dropLast() : durationUnits)
    }

    /// In binary units.
    static func text(bytes: Int64) -> String {
        text(bytes, units: sizeUnits.filter { $0.name == "B" || $0.name.contains("i") })
    }
}
