/// An instant in whole seconds, as SigV4 writes it: `YYYYMMDDTHHMMSSZ`, always UTC.
package struct SigningTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z.
    package var seconds: Int64

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Cuts off the part of a second.
    package init(milliseconds: Int64) {
        seconds = Self.floorDivide(milliseconds, by: 1000)
    }

    /// Reads `YYYYMMDDTHHMMSSZ`; nil for anything else, also for a day that no calendar has.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let hour = Self.number(bytes[9..<11]),
            let minute = Self.number(bytes[11..<13]), let second = Self.number(bytes[13..<15]),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(days: days) == (year, month, day) else { return nil }
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Days since 1970-01-01: the signing key's lifetime.
    package var day: Int64 { Self.floorDivide(seconds, by: 86_400) }

    package var description: String {
        let ofDay = (seconds % 86_400 + 86_400) % 86_400
        return dateText + "T" + Self.digits(ofDay / 3600, 2) + Self.digits(ofDay / 60 % 60, 2)
            + Self.digits(ofDay % 60, 2) + "Z"
    }

    /// `YYYYMMDD`, as in the credential scope.
    package var dateText: String {
        let (year, month, day) = Self.civil(days: day)
        return Self.digits(year, 4) + Self.digits(month, 2) + Self.digits(day, 2)
    }

    package static func < (a: SigningTime, b: SigningTime) -> Bool { a.seconds < b.seconds }

    /// Saturates.
    package func advanced(bySeconds difference: Int64) -> SigningTime {
        let (sum, overflow) = seconds.addingReportingOverflow(difference)
        return SigningTime(seconds: overflow ? (difference < 0 ? .min : .max) : sum)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var result: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            result = result * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return result
    }

    private static func digits(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Days since 1970-01-01 of a day in the Gregorian calendar; years begin in March, so that February is last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = floorDivide(y, by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The reverse of `days`.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
    }
}
