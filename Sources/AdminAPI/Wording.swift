/// Numbers as people read them.
package enum Wording {
    /// `45s`, `4m 12s`, `3h 5m`, `12d 4h`; negative ones as 0.
    package static func duration(seconds: Int64) -> String {
        let seconds = max(0, seconds)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86_400: return "\(seconds / 3600)h \(seconds / 60 % 60)m"
        default: return "\(seconds / 86_400)d \(seconds / 3600 % 24)h"
        }
    }

    /// `512 B`, `3.4 KiB`, `10.0 GiB`.
    package static func size(_ bytes: Int64) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = ""
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            value /= 1024
            unit = next
            if value < 1023.95 { break }
        }
        return "\(tenths(value)) \(unit)"
    }

    /// `0`, `0.2`, `14.0`, `1200`: one decimal place below 100.
    package static func rate(_ perSecond: Double) -> String {
        if perSecond <= 0 { return "0" }
        return perSecond < 99.95 ? tenths(max(0.1, perSecond)) : count(Int(perSecond.rounded()))
    }

    /// `1,234,567`.
    package static func count(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `1 event`, `3 events`.
    package static func count(_ number: Int, _ one: String) -> String {
        "\(count(number)) \(one)\(number == 1 ? "" : "s")"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
