import AdminAPI

/// Durations and sizes as people read and write them.
enum Amounts {
    /// `45s`, `4m 12s`, `3h 5m`, `12d 4h`.
    static func duration(seconds: Int64) -> String { Wording.duration(seconds: seconds) }

    /// `512 B`, `3.4 KiB`, `10.0 GiB`.
    static func size(_ bytes: Int64) -> String { Wording.size(bytes) }

    /// Reads digits and one of `ms s m h d`; nil for anything else, or more than 30 days.
    static func parseDuration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let number = Int64(digits) else { return nil }
        let factor: Int64
        switch text.dropFirst(digits.count) {
        case "ms": factor = 1
        case "s": factor = 1000
        case "m": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        default: return nil
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, milliseconds <= 30 * 86_400_000 else { return nil }
        return .milliseconds(milliseconds)
    }
}
