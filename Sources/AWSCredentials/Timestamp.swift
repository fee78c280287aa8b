package import OutboxCore

/// Reads an RFC 3339 time with zone, with or without fractions of a second; nil for anything else.
package func parseTimestamp(_ text: String) -> WallTime? {
    var rest = text.utf8[...]
    func number(_ digits: Int, in range: ClosedRange<Int64>) -> Int64? {
        let part = rest.prefix(digits)
        guard part.count == digits, part.allSatisfy(isDigit), let value = Int64(String(Substring(part))) else {
            return nil
        }
        rest = rest.dropFirst(digits)
        return range.contains(value) ? value : nil
    }
    func mark(_ bytes: String) -> UInt8? {
        guard let first = rest.first, bytes.utf8.contains(first) else { return nil }
        rest = rest.dropFirst()
        return first
    }

    guard let year = number(4, in: 1970...9999), mark("-") != nil, let month = number(2, in: 1...12), mark("-") != nil,
        let day = number(2, in: 1...31), day <= daysIn(month, of: year), mark("Tt ") != nil,
        let hour = number(2, in: 0...23), mark(":") != nil, let minute = number(2, in: 0...59), mark(":") != nil,
        let second = number(2, in: 0...60)
    else { return nil }
    var milliseconds: Int64 = 0
    if mark(".") != nil {
        let fraction = rest.prefix(while: isDigit)
        guard !fraction.isEmpty else { return nil }
        let digits = Substring(fraction.prefix(3))
        milliseconds = Int64(digits + String(repeating: "0", count: 3 - digits.utf8.count)) ?? 0
        rest = rest.dropFirst(fraction.count)
    }
    var offset: Int64 = 0
    guard let zone = mark("Zz+-") else { return nil }
    if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
        guard let hours = number(2, in: 0...23), mark(":") != nil, let minutes = number(2, in: 0...59) else {
            return nil
        }
        offset = (hours * 60 + minutes) * (zone == UInt8(ascii: "+") ? 60 : -60)
    }
    guard rest.isEmpty else { return nil }
    let seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
    return WallTime(milliseconds: seconds * 1000 + milliseconds)
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
}

/// Days of the Gregorian calendar, counted from March so that the leap day comes last.
private func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
}
