import Glibc
package import OutboxCore

extension WallTime {
    /// Reads an HTTP date (RFC 9110 §5.6.7) in any of its three forms; nil for anything else. Two-digit years are
    /// 1970…2069.
    package init?(httpDate text: String) {
        if let time = Self.fixed(text) {
            self = time
        } else {
            self.init(anyForm: text)
        }
    }

    /// The form that servers write today, `Sun, 06 Nov 1994 08:49:37 GMT`: each answer has one, so without a copy.
    private static func fixed(_ text: String) -> WallTime? {
        text.utf8.withContiguousStorageIfAvailable { bytes -> WallTime? in
            guard bytes.count == 29 else { return nil }
            func number(_ places: Range<Int>) -> Int64? {
                var value: Int64 = 0
                for byte in bytes[places] {
                    let digit = byte &- UInt8(ascii: "0")
                    guard digit < 10 else { return nil }
                    value = value * 10 + Int64(digit)
                }
                return value
            }
            func has(_ words: StaticString, at place: Int) -> Bool {
                memcmp(bytes.baseAddress! + place, words.utf8Start, words.utf8CodeUnitCount) == 0
            }
            let isDay = bytes[0..<3].allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
            guard isDay, has(", ", at: 3), has(" ", at: 7), has(" ", at: 11), has(" ", at: 16), has(":", at: 19),
                has(":", at: 22), has(" GMT", at: 25),
                let month = months.firstIndex(where: { has($0, at: 8) }),
                let day = number(5..<7), (1...31).contains(day), let year = number(12..<16), year >= 1000,
                let hour = number(17..<19), hour < 24, let minute = number(20..<22), minute < 60,
                let second = number(23..<25), second <= 60  // a leap second
            else { return nil }
            let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
            return WallTime(milliseconds: (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
        } ?? nil
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private init?(anyForm text: String) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
        switch words.count {
        case 6 where words[5] == "GMT":  // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT
            self.init(day: words[1], month: words[2], year: words[3], clock: words[4])
        case 5:  // Sun Nov  6 08:49:37 1994
            self.init(day: words[2], month: words[1], year: words[4], clock: words[3])
        default:
            return nil
        }
    }

    private init?(day: Substring, month: Substring, year: Substring, clock: Substring) {
        let clock = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard let month = Self.months.firstIndex(where: { $0.description == month }), clock.count == 3,
            let day = number(day, 1...2), (1...31).contains(day),
            var year = number(year, 2...4), year < 100 || year >= 1000,
            let hour = number(clock[0], 2...2), hour < 24,
            let minute = number(clock[1], 2...2), minute < 60,
            let second = number(clock[2], 2...2), second <= 60  // a leap second
        else { return nil }
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
        self.init(milliseconds: (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
    }
}

/// A number of `digits` decimal digits and nothing else.
func number(_ text: some StringProtocol, _ digits: ClosedRange<Int>) -> Int64? {
    guard digits.contains(text.utf8.count),
        text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int64(text)
}

/// Days from 1970-01-01 in the Gregorian calendar: years are counted from March, so that leap days come last.
private func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month > 2 ? year : year - 1
    let monthsSinceMarch = (month + 9) % 12
    let dayOfYear = (153 * monthsSinceMarch + 2) / 5 + day - 1
    return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
}
