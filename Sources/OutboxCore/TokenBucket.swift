/// Lets something happen so often a second, evenly: what could not be done in the last 50 ms may be made up for at once,
/// so that a late wake-up costs nothing, and no more, so that nothing comes in bursts.
package struct TokenBucket: Hashable, Sendable {
    private static let burst: Int64 = 50_000_000

    /// When all that was taken is paid for, in nanoseconds; nil: nothing was taken yet.
    private var paidAt: Int64?

    package init() {}

    /// The earliest time of the next token; nil: at once.
    package var next: MonotonicTime? { paidAt.map { MonotonicTime(nanoseconds: $0 - Self.burst) } }

    /// Whether one is there.
    package func hasToken(at now: MonotonicTime) -> Bool {
        next.map { $0 <= now } ?? true
    }

    /// Takes one, whether it is there or not. `perSecond` is above 0 and may differ each time.
    package mutating func take(perSecond: Double, at now: MonotonicTime) {
        let interval = Int64((1e9 / max(perSecond, 1e-3)).rounded())
        paidAt = max(paidAt ?? .min, now.nanoseconds) + interval
    }
}
