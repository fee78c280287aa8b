/// Chooses the answer to each request: the rules, and what of them is used up. Decides only; owned by one thread.
struct AnswerPlanner {
    private(set) var rules: AnswerRules
    /// How often a counted rule has held, for each function.
    private var used: [Use: Int] = [:]
    /// By rule: what it lets pass.
    private var allowances: [Int: RateAllowance] = [:]

    private struct Use: Hashable {
        var rule: Int
        var function: String
    }

    struct Choice: Hashable {
        var kind: AnswerKind
        var latencyMilliseconds: Int64?
    }

    init(_ rules: AnswerRules) {
        self.rules = rules
    }

    /// - Parameter milliseconds: the time of the request, by any clock.
    mutating func choose(
        function: String,
        qualifier: String?,
        at milliseconds: Int64 = 0,
        using generator: inout some RandomNumberGenerator
    ) -> Choice {
        let qualified = qualifier.map { "\(function):\($0)" }
        for (index, rule) in rules.rules.enumerated() {
            guard rule.pattern.matches(function) || qualified.map(rule.pattern.matches) == true else { continue }
            if rule.probability < 1, Double.random(in: 0..<1, using: &generator) >= rule.probability { continue }
            if let rate = rule.abovePerSecond,
                allowances[index, default: RateAllowance(perSecond: rate)].takes(at: milliseconds)
            {
                continue
            }
            if let count = rule.count {
                let use = Use(rule: index, function: qualified ?? function)
                guard used[use, default: 0] < count else { continue }
                used[use, default: 0] += 1
            }
            return Choice(kind: rule.kind, latencyMilliseconds: rule.latencyMilliseconds)
        }
        return Choice(kind: .accepted, latencyMilliseconds: nil)
    }
}

/// Lets so many requests a second through, and a tenth of a second's worth of them at once: a token bucket.
struct RateAllowance {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var at: Int64?

    init(perSecond: Double) {
        self.perSecond = perSecond
        burst = max(1, perSecond / 10)
        tokens = burst
    }

    /// Whether a request then is let through. A clock that was put back counts as one that stands still.
    mutating func takes(at milliseconds: Int64) -> Bool {
        tokens = min(burst, tokens + Double(max(0, milliseconds - (at ?? milliseconds))) * perSecond / 1000)
        at = milliseconds
        guard tokens >= 1 - 1e-6 else { return false }
        tokens -= 1
        return true
    }
}

/// A generator with a seed: runs can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
