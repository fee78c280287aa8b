/// Chooses the answer to each request: the rules, and what of them is used up. Decides only; owned by one thread.
struct AnswerPlanner {
    private(set) var rules: AnswerRules
    /// How often a counted rule has held, for each function.
    private var used: [Use: Int] = [:]

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

    mutating func choose(
        function: String,
        qualifier: String?,
        using generator: inout some RandomNumberGenerator
    ) -> Choice {
        let qualified = qualifier.map { "\(function):\($0)" }
        for (index, rule) in rules.rules.enumerated() {
            guard rule.pattern.matches(function) || qualified.map(rule.pattern.matches) == true else { continue }
            if rule.probability < 1, Double.random(in: 0..<1, using: &generator) >= rule.probability { continue }
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
