/// What the configuration says about one function (`defaults:` with the first match of `functions:` over it).
package struct FunctionPolicy: Hashable, Sendable {
    package enum DedupeBy: String, Sendable { case key, content }

    /// nil: no limit, age decides.
    package var maxAttempts: Int?
    package var maxAge: Span = .hours(72)
    package var expiresIn: Span?
    package var baseDelay: Span = .seconds(1)
    package var maxDelay: Span = .minutes(15)
    package var maxInFlight: Int = 64
    /// Attempts a second, always; nil: no limit.
    package var rate: Double?
    /// Attempts a second of events that have waited for more than `drainAge`; nil: no limit.
    package var drainRate: Double? = 500
    package static let drainAge = Span.seconds(60)
    /// Part of the queue's budgets that one function may hold, 0…1.
    package var share: Double = 0.5
    /// Nothing dies, all waits.
    package var soft: Bool = false
    /// Used where the producer named none.
    package var qualifier: String?
    package var dedupeBy: DedupeBy = .key
    package var dedupeWindow: Span = .hours(24)
    package var sdkWindow: Span = .minutes(15)
    /// What is added to the producer's bytes and headers.
    package var wire = WireForm()

    package init() {}
}

/// Finds a function's policy: the first pattern that matches, else the defaults.
package struct PolicyTable: Sendable {
    package struct Entry: Sendable {
        package var match: GlobPattern
        package var policy: FunctionPolicy
        package init(match: GlobPattern, policy: FunctionPolicy) {
            self.match = match
            self.policy = policy
        }
    }
    package var defaults: FunctionPolicy
    package var entries: [Entry]

    package init(defaults: FunctionPolicy = FunctionPolicy(), entries: [Entry] = []) {
        self.defaults = defaults
        self.entries = entries
    }

    package func policy(for function: FunctionIdentity) -> FunctionPolicy {
        for entry in entries where entry.match.matches(function) { return entry.policy }
        return defaults
    }
}
