/// The pace of a function or route that throttles: a token bucket whose rate follows CUBIC.
///
/// A throttle cuts the rate to 0.7 of what was measured to get through, at most once a second. From there it climbs back
/// to a little less than that last good rate within 5 s, ever slower the nearer it comes, and then beyond, at first
/// slowly: by 30 % within 10 s, or later where each throttle costs a rest (`Retry-After`). Both times are the same for all
/// rates: with CUBIC's own constant (0.4/s³) a limit of 50/s would be run into every few seconds.
package struct RateControl: Hashable, Sendable {
    package static let floor = 0.1
    package static let cut = 0.7
    /// From a cut back to the last good rate.
    package static let recovery = Span.seconds(5)
    /// From there to 1.3 times as much, where a throttle costs no rest.
    package static let probing = Span.seconds(10)
    /// Of a rate that met a throttle, what is gone back to: it was a little too much.
    static let caution = 0.97
    /// Seconds: a longer rest doesn't slow the probing further.
    static let restMax = 5.0
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
    /// Seconds that the latest throttle asked to rest for.
    private var rest = 0.0
    private var bucket = TokenBucket(.even)

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

    /// An attempt of before the last cut: its answer says nothing about the pace since.
    package func isBygone(startedAt: MonotonicTime) -> Bool { startedAt < cutAt }

    /// An attempt was throttled. True: the rate was cut.
    ///
    /// - Parameters:
    ///   - startedAt: those that began before the last cut belong to it.
    ///   - measured: hand-overs a second of late, where known.
    package mutating func throttled(startedAt: MonotonicTime, measured: Double?, now: MonotonicTime) -> Bool {
        neededAt = now
        guard !isBygone(startedAt: startedAt), now.since(cutAt) >= Self.cutInterval else { return false }
        // Measuring is rough. Where nearly all of the rate got through, the rate itself is known better.
        let measured = measured ?? perSecond
        let got = measured > 0.8 * perSecond ? perSecond : measured
        // A second in which nothing got through is no measure of what will.
        if got > 0 { goal = max(Self.floor, got * Self.caution) }
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

    /// Nothing is sent until then: `Retry-After`.
    package mutating func rests(until: MonotonicTime, now: MonotonicTime) {
        grownAt = max(grownAt, until)
        rest = min(Self.restMax, max(0, Double(until.since(now).milliseconds) / 1000))
    }

    /// An attempt was handed over.
    package mutating func worked(at now: MonotonicTime) {
        let passed = Double(max(0, now.nanoseconds - grownAt.nanoseconds)) / 1e9
        grownAt = max(grownAt, now)
        guard isWaitedFor, passed > 0 else { return }
        isWaitedFor = false
        if isSearching {
            perSecond *= 1 + min(passed, 1)
            return
        }
        grownFor += min(passed, max(1, 2 / perSecond))
        let bound = perSecond * (perSecond < goal ? 2 : 1.1)
        perSecond = max(perSecond, min(bound, Self.curve(grownFor, from: lowest, to: goal, rest: rest)))
    }

    /// The rate so many seconds after a cut.
    ///
    /// - Parameter rest: seconds that each throttle costs: the more, the less often it is asked for one.
    static func curve(_ seconds: Double, from lowest: Double, to goal: Double, rest: Double = 0) -> Double {
        let recovery = Double(recovery.milliseconds) / 1000
        let beyond = seconds - recovery
        if beyond < 0 {
            let relative = beyond / recovery
            return goal + (goal - lowest) * relative * relative * relative
        }
        let relative = beyond / (Double(probing.milliseconds) / 1000 * (1 + 2 * rest))
        return goal + max(0.3 * goal, 1) * relative * relative * relative
    }
}
