/// Lets something happen so often a second, evenly.
package struct TokenBucket: Hashable, Sendable {
    /// What may be made up for at once after a late wake-up or a rest.
    package enum Slack: Hashable, Sendable {
        /// What could not be done in the last 50 ms, so that a late wake-up costs nothing of the rate.
        case late
        /// What could not be done in the last 10 ms, and nothing at longer intervals than that: for a receiver that counts
        /// strictly.
        case even
    }

    private let slack: Slack
    /// When all that was taken is paid for, in nanoseconds; nil: nothing was taken yet.
    private var paidAt: Int64?
    /// The latest rate's, in nanoseconds.
    private var slackNanoseconds: Int64 = 0

    package init(_ slack: Slack = .late) {
        self.slack = slack
    }

    /// The earliest time of the next token; nil: at once.
    package var next: MonotonicTime? { paidAt.map { MonotonicTime(nanoseconds: $0 - slackNanoseconds) } }

    /// When it is as good as new, and may be forgotten; nil: it is.
    package var full: MonotonicTime? { paidAt.map { MonotonicTime(nanoseconds: $0) } }

    /// Whether one is there.
    package func hasToken(at now: MonotonicTime) -> Bool {
        next.map { $0 <= now } ?? true
    }

    /// Nanoseconds for which one has been there.
    package func unused(at now: MonotonicTime) -> Int64 { paidAt.map { max(0, now.nanoseconds - $0) } ?? 0 }

    /// Takes one, whether it is there or not. `perSecond` is above 0 and may differ each time.
    ///
    /// Where none was there, the next is an interval away: probes don't wait for tokens, and would add up to hours of debt
    /// in an outage.
    package mutating func take(perSecond: Double, at now: MonotonicTime) {
        let interval = Int64((1e9 / max(perSecond, 1e-3)).rounded())
        let paid = paidAt ?? .min
        switch slack {
        case .late:
            paidAt =
                hasToken(at: now) ? max(paid, now.nanoseconds) + interval : max(paid, now.nanoseconds + interval)
            slackNanoseconds = Planted.rateBursts ? 1_000_000_000 : 50_000_000
        case .even:
            let earliest = now.nanoseconds - max(0, Self.evenMax - interval)
            paidAt =
                hasToken(at: now)
                ? max(paidAt ?? now.nanoseconds, earliest) + interval : max(paid, now.nanoseconds + interval)
        }
    }

    /// Nothing may happen until then, and what could not is not made up for.
    package mutating func rest(until time: MonotonicTime) {
        paidAt = max(paidAt ?? .min, time.nanoseconds)
    }

    /// Nanoseconds.
    private static let evenMax: Int64 = 10_000_000
}
