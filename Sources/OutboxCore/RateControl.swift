/// The pace of a function or route that throttles: a token bucket whose rate follows CUBIC.
///
/// A throttle cuts the rate, at most once a second: the deeper the more of the latest attempts were refused, to between
/// 0.93 and 0.7 of what was measured to get through. A receiver's bucket is no queue that would have to run empty, so a
/// light touch is enough where few were refused. From there it climbs back to a little less than that last good rate within
/// 5 s, ever slower the nearer it comes, and then beyond, at first slowly: by 30 % within 10 s, or later where each throttle
/// costs a rest (`Retry-After`). Both times are the same for all rates: with CUBIC's own constant (0.4/s³) a limit of 50/s
/// would be run into every few seconds.
///
/// Where it wasn't even back at the last good rate, and each try costs a rest, that rate is doubted.
///
/// Where a throttle costs no rest, one for 50 hand-overs is borne without a cut: close to a limit a request that the way
/// made early is refused now and then, and says little.
package struct RateControl: Hashable, Sendable {
    package static let floor = 0.1
    /// What a cut leaves, at the least and at the most.
    package static let cut = 0.7
    package static let lightestCut = 0.93
    /// Throttles without a rest that are borne, as a part of the hand-overs.
    static let tolerated = 0.02
    /// From a cut back to the last good rate.
    package static let recovery = Span.seconds(5)
    /// From there to 1.3 times as much, where a throttle costs no rest.
    package static let probing = Span.seconds(10)
    /// Of a rate that met a throttle, what is gone back to: it was a little too much.
    static let caution = 0.97
    /// What is taken off both where a throttle costs a rest and came at once after the last one; less on the way back.
    static let doubt = (caution: 0.1, cut: 0.13)
    /// Seconds: a longer rest doesn't slow the probing further.
    static let restMax = 2.0
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
    /// Throttles that may come now without a cut.
    private var credit = 0.0
    /// Seconds that the latest throttle asked to rest for.
    private var rest = 0.0
    /// Tokens of the last second or two since the cut, and those of them that had been there for long.
    private var taken = 0
    private var takenLate = 0
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
    package mutating func take(at now: MonotonicTime) {
        if Double(taken) >= max(20, perSecond) {
            taken /= 2
            takenLate /= 2
        }
        taken += 1
        if bucket.unused(at: now) > max(5_000_000, Int64(5e8 / perSecond)) { takenLate += 1 }
        bucket.take(perSecond: perSecond, at: now)
    }

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
    ///   - refused: the part of the latest attempts that was throttled, where there were enough to tell.
    ///   - rests: it costs a rest.
    package mutating func throttled(
        startedAt: MonotonicTime,
        measured: Double?,
        refused: Double? = nil,
        rests: Bool = false,
        now: MonotonicTime
    ) -> Bool {
        neededAt = now
        guard !isBygone(startedAt: startedAt), now.since(cutAt) >= Self.cutInterval else { return false }
        if !isSearching, !rests, credit >= 1 {
            credit -= 1
            return false
        }
        let got = gotThrough(measured: measured, refused: refused)
        let doubt = rests && !isSearching ? max(0, 1 - grownFor / Self.seconds(Self.recovery)) : 0
        // A second in which nothing got through is no measure of what will.
        if got > 0 { goal = max(Self.floor, got * (Self.caution - Self.doubt.caution * doubt)) }
        lowest = max(Self.floor, got * kept(refused: refused, doubt: doubt), perSecond / 10)
        goal = max(goal, lowest)
        perSecond = lowest
        isSearching = false
        cutAt = now
        credit = 0
        grownFor = 0
        grownAt = now
        isWaitedFor = false
        taken = 0
        takenLate = 0
        return true
    }

    /// It is the rate that holds events up, not attempts in flight: tokens are taken as they come.
    private var isPaced: Bool { takenLate * 2 <= taken }

    /// The best measure of what gets through.
    private func gotThrough(measured: Double?, refused: Double?) -> Double {
        guard isPaced else { return min(measured ?? perSecond, perSecond) }
        // The rate and what was refused say it, whatever came between, more exactly than hand-overs over some time.
        let got = perSecond * (1 - (refused ?? 0))
        // Where nearly all of the rate got through, that is known better.
        return got > 0.8 * perSecond ? perSecond : got
    }

    /// What a cut leaves of it.
    private func kept(refused: Double?, doubt: Double) -> Double {
        guard let refused, !isSearching else { return Self.cut }
        return min(Self.lightestCut - Self.doubt.cut * doubt, max(Self.cut, 1 - 2 * refused))
    }

    /// Nothing is sent until then: `Retry-After`.
    package mutating func rests(until: MonotonicTime, now: MonotonicTime) {
        bucket.rest(until: until)
        grownAt = max(grownAt, until)
        rest = min(Self.restMax, max(0, Double(until.since(now).milliseconds) / 1000))
    }

    /// An attempt was handed over.
    package mutating func worked(at now: MonotonicTime) {
        let passed = Double(max(0, now.nanoseconds - grownAt.nanoseconds)) / 1e9
        grownAt = max(grownAt, now)
        credit = min(1, credit + Self.tolerated)
        guard isWaitedFor, passed > 0, isPaced else { return }
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
        let recovery = Self.seconds(recovery)
        let beyond = seconds - recovery
        if beyond < 0 {
            let relative = beyond / recovery
            return goal + (goal - lowest) * relative * relative * relative
        }
        let relative = beyond / (Self.seconds(probing) * (1 + 4 * rest))
        return goal + max(0.3 * goal, 1) * relative * relative * relative
    }

    private static func seconds(_ span: Span) -> Double { Double(span.milliseconds) / 1000 }
}
