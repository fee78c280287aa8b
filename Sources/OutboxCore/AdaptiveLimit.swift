/// How many attempts of a function (or route) may be in flight: grows with good answers, shrinks on timeouts.
///
/// A window is as many good answers as the limit. Until the first sign of trouble the limit doubles each window, so that
/// a function that has none reaches its ceiling within a few round trips; after trouble it doubles up to where it stood,
/// then grows by one.
package struct AdaptiveLimit: Hashable, Sendable {
    package static let start = 4
    /// A function whose latency passes this many times its route's median doesn't grow.
    package static let slowFactor = 4.0

    package private(set) var current: Int
    package private(set) var ceiling: Int
    /// Doubles up to here.
    private var goal: Int
    /// Good answers of this window.
    private var good = 0
    private var halvedAt: MonotonicTime?

    package init(ceiling: Int, start: Int = Self.start) {
        self.ceiling = ceiling
        goal = ceiling
        current = min(start, ceiling)
    }

    /// A good answer. `isSlow`: it came from a function that answers far later than others do.
    package mutating func worked(isSlow: Bool = false) {
        guard !isSlow, current < ceiling else { return }
        if current < goal {
            current += 1
            return
        }
        good += 1
        guard good >= current else { return }
        good = 0
        current += 1
    }

    /// An attempt timed out. Those that began before the last halving belong to it.
    package mutating func timedOut(startedAt: MonotonicTime, now: MonotonicTime) {
        if let halvedAt, startedAt < halvedAt { return }
        halvedAt = now
        current = max(1, current / 2)
        goal = current
        good = 0
    }

    /// Active again after a suspension: one at first, and up to the limit before by doubling.
    package mutating func restart() {
        goal = max(goal, current)
        current = 1
        good = 0
    }

    /// A new configuration's ceiling. What never met a limit but the old ceiling may grow to the new one at once.
    package mutating func adopt(ceiling: Int) {
        if goal == self.ceiling { goal = ceiling }
        if current == self.ceiling, ceiling > self.ceiling { goal = ceiling }
        self.ceiling = ceiling
        goal = min(goal, ceiling)
        current = min(current, ceiling)
    }
}
