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
