import OutboxCore

/// How often something may happen.
enum Rate: Hashable {
    case perSecond(Int64)
    case unlimited
}

extension ValueKind<Rate> {
    static func rate(mayBeUnlimited: Bool = false) -> ValueKind {
        let meant = "write it per second, such as 50/s" + (mayBeUnlimited ? ", or unlimited" : "")
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                if mayBeUnlimited, text == "unlimited" { return .unlimited }
                let digits = text.prefix { $0.isASCII && $0.isNumber }
                guard !digits.isEmpty, text[digits.endIndex...] == "/s" else {
                    throw Misfit(what: "\(quoted(text)) is no rate", meant: meant)
                }
                guard let number = Int64(digits), (1...1_000_000).contains(number) else {
                    throw outOfRange(text, "1/s", "1000000/s")
                }
                return .perSecond(number)
            },
            write: {
                switch $0 {
                case .perSecond(let number): .text("\(number)/s")
                case .unlimited: .text("unlimited")
                }
            },
            meant: meant
        )
    }
}

extension FunctionPolicy {
    /// `rate` as the configuration has it; nil: no limit.
    var rateSetting: Rate? {
        get { rate.map { .perSecond(Int64($0)) } }
        set {
            guard case .perSecond(let number)? = newValue else {
                rate = nil
                return
            }
            rate = Double(number)
        }
    }

    /// `drain_rate` as the configuration has it.
    var drainRateSetting: Rate {
        get { drainRate.map { .perSecond(Int64($0)) } ?? .unlimited }
        set {
            guard case .perSecond(let number) = newValue else {
                drainRate = nil
                return
            }
            drainRate = Double(number)
        }
    }
}
