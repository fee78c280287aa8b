extension Span {
    /// Reads a duration: digits and one of `ms s m h d`. Nil for anything else; saturates where it is too long.
    package init?(durationText text: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for digit in digits {
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            number = overflow || more ? .max : sum
            if number == .max { break }
        }
        switch String(text.utf8.dropFirst(digits.count)) {
        case "ms": self = .milliseconds(number)
        case "s": self = .seconds(number)
        case "m": self = .minutes(number)
        case "h": self = .hours(number)
        case "d": self = .days(number)
        default: return nil
        }
    }
}

extension WallTime {
    /// Reads a point in time: RFC 3339 with a zone, or whole Unix seconds. Nil for anything else.
    ///
    /// Parts of a second below a millisecond are cut off. Second 60 is taken as the first of the next minute.
    package init?(timestampText text: String) {
        var reader = DigitReader(bytes: Array(text.utf8))
        if reader.bytes.allSatisfy({ DigitReader.isDigit($0) }) {
            guard (1...12).contains(reader.bytes.count), let seconds = reader.number(of: reader.bytes.count) else {
                return nil
            }
            self.init(milliseconds: Int64(seconds) * 1000)
            return
        }
        guard let year = reader.number(of: 4), reader.take("-"), let month = reader.number(of: 2), reader.take("-"),
            let day = reader.number(of: 2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(of: 2), hour <= 23, reader.take(":"), let minute = reader.number(of: 2),
            minute <= 59, reader.take(":"), let second = reader.number(of: 2), second <= 60,
            let fraction = reader.fractionMilliseconds(), let offset = reader.zoneMinutes(), reader.isAtEnd,
            let days = CivilTime.days(year: year, month: month, day: day)
        else { return nil }
        let minutes = (days * 24 + Int64(hour)) * 60 + Int64(minute - offset)
        self.init(milliseconds: (minutes * 60 + Int64(second)) * 1000 + Int64(fraction))
    }
}

/// Takes fixed-width numbers and signs off the front of a text.
private struct DigitReader {
    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: sign) else { return false }
        index += 1
        return true
    }

    mutating func number(of width: Int) -> Int? {
        guard index + width <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[index..<index + width] {
            guard Self.isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        index += width
        return value
    }

    /// 0 where there is none; nil for a point without digits.
    mutating func fractionMilliseconds() -> Int? {
        guard take(".") else { return 0 }
        let digits = bytes[index...].prefix(while: Self.isDigit)
        guard !digits.isEmpty else { return nil }
        index += digits.count
        var value = 0
        for position in 0..<3 {
            let digit = position < digits.count ? Int(digits[digits.startIndex + position] - UInt8(ascii: "0")) : 0
            value = value * 10 + digit
        }
        return value
    }

    /// Minutes east of UTC; nil where no zone is given.
    mutating func zoneMinutes() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isEast = take("+")
        guard isEast || take("-"), let hours = number(of: 2), hours <= 23, take(":"), let minutes = number(of: 2),
            minutes <= 59
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 60 + minutes)
    }
}
