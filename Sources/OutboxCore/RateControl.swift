/// The pace of a function or route that throttles: a token bucket whose rate follows CUBIC.
///
/// A throttle cuts the rate to 0.7 of what was measured to get through, at most once a second. From there it climbs back
/// to that last good rate within 15 s, ever slower the nearer it comes, and then beyond, at first slowly. The 15 s are
/// the same for all rates: with CUBIC's own constant (0.4/s³) a limit of 50/s would be run into every five seconds.
package struct RateControl: Hashable, Sendable {
    package static let floor = 0.1
    package static let cut = 0.7
    package static let recovery = Span.seconds(15)
    package static let cutInterval = Span.seconds(1)
    /// Without a throttle, and without an event that had to wait for a token, it ends.
    package static let unneededMax = Span.minutes(1)

    /// Attempts a second that are allowed now.
    package private(set) var perSecond: Double
    /// The last rate that is known to have got through.
    private var goal: Double
    /// The rate after the cut.
    private var lowest: Double
    /// No more than a guess so far: grows e-fold each second until the next throttle.
    private var isSearching = true
    private var cutAt: MonotonicTime
    /// Seconds since the cut in which events waited for tokens: idle time says nothing about what would get through.
    private var grownFor = 0.0
    private var grownAt: MonotonicTime
    private var isWaitedFor = false
    private var neededAt: MonotonicTime
    private var bucket = TokenBucket()

    /// Entered by a throttle.
    package init(guess: Double, now: MonotonicTime) {
        goal = max(Self.floor, guess)
        lowest = max(Self.floor, guess * Self.cut)
        perSecond = lowest
        cutAt = now
        grownAt = now
        neededAt = now
    }

    /// When the next attempt may begin; nil: at once.
    package var next: MonotonicTime? { bucket.next }

    /// Whether an attempt may begin now.
    package func hasToken(at now: MonotonicTime) -> Bool { bucket.hasToken(at: now) }

    /// An attempt begins.
    package mutating func take(at now: MonotonicTime) { bucket.take(perSecond: perSecond, at: now) }

    /// An event has to wait for a token.
    package mutating func waited(at now: MonotonicTime) {
        isWaitedFor = true
        neededAt = now
    }

    /// No longer needed.
    package func isOver(at now: MonotonicTime) -> Bool { now.since(neededAt) >= Self.unneededMax }

    /// An attempt was throttled. True: the rate was cut.
    ///
    /// - Parameters:
    ///   - startedAt: those that began before the last cut belong to it.
    ///   - measured: hand-overs a second of late, where known.
    package mutating func throttled(startedAt: MonotonicTime, measured: Double?, now: MonotonicTime) -> Bool {
        neededAt = now
        guard startedAt >= cutAt, now.since(cutAt) >= Self.cutInterval else { return false }
        let got = min(perSecond, measured ?? perSecond)
        // A second in which nothing got through is no measure of what will.
        if got > 0 { goal = max(Self.floor, got) }
        lowest = max(Self.floor, got * Self.cut, perSecond / 10)
        goal = max(goal, lowest)
        perSecond = lowest
        isSearching = false
        cutAt = now
        grownFor = 0
        grownAt = now
        isWaitedFor = false
        return true
    }

    /// An attempt was handed over.
    package mutating func worked(at now: MonotonicTime) {
        let passed = Double(max(0, now.nanoseconds - grownAt.nanoseconds)) / 1e9
        grownAt = now
        guard isWaitedFor else { return }
        isWaitedFor = false
        if isSearching {
            perSecond *= 1 + min(passed, 1)
            return
        }
        grownFor += min(passed, max(1, 2 / perSecond))
        let bound = perSecond * (perSecond < goal ? 2 : 1.1)
        perSecond = max(perSecond, min(bound, Self.curve(grownFor, from: lowest, to: goal)))
    }

    /// The rate so many seconds after a cut.
    static func curve(_ seconds: Double, from lowest: Double, to goal: Double) -> Double {
        let recovery = Double(recovery.milliseconds) / 1000
        let beyond = seconds - recovery
        let relative = beyond / recovery
        if beyond < 0 { return goal + (goal - lowest) * relative * relative * relative }
        return goal + max(0.4 * beyond * beyond * beyond, 0.3 * goal * relative * relative * relative)
    }
}
