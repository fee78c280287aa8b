import OutboxCore
import Testing

/// The values that decide how fast: limits in flight, rates, turns.
struct PaceTests {
    private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    // MARK: Attempts in flight

    @Test func `a new function begins with four in flight and doubles each window up to its ceiling`() {
        var limit = AdaptiveLimit(ceiling: 64)
        var reached = [limit.current]
        for _ in 0..<4 {
            for _ in 0..<limit.current { limit.worked() }
            reached.append(limit.current)
        }
        #expect(reached == [4, 8, 16, 32, 64])
        limit.worked()
        #expect(limit.current == 64)
    }

    @Test func `a timeout halves the limit once a window, and from there it grows by one a window`() {
        var limit = AdaptiveLimit(ceiling: 64, start: 64)
        limit.timedOut(startedAt: at(0), now: at(100))
        limit.timedOut(startedAt: at(50), now: at(101))
        #expect(limit.current == 32)
        for _ in 0..<32 { limit.worked() }
        #expect(limit.current == 33)
        limit.timedOut(startedAt: at(102), now: at(200))
        #expect(limit.current == 16)
    }

    @Test func `the limit never falls below one`() {
        var limit = AdaptiveLimit(ceiling: 4)
        for step in 0..<9 { limit.timedOut(startedAt: at(Int64(step) * 10 + 5), now: at(Int64(step) * 10 + 9)) }
        #expect(limit.current == 1)
    }

    @Test func `after a suspension it begins with one, doubles up to the limit before, then grows by one`() {
        var limit = AdaptiveLimit(ceiling: 64, start: 64)
        limit.timedOut(startedAt: at(0), now: at(1))
        limit.timedOut(startedAt: at(2), now: at(3))
        limit.restart()
        var reached = [limit.current]
        for _ in 0..<5 {
            for _ in 0..<limit.current { limit.worked() }
            reached.append(limit.current)
        }
        #expect(reached == [1, 2, 4, 8, 16, 17])
    }

    @Test func `a function that answers far later than others doesn't grow`() {
        var limit = AdaptiveLimit(ceiling: 64)
        for _ in 0..<100 { limit.worked(isSlow: true) }
        #expect(limit.current == 4)
    }

    @Test(arguments: [(64, 8, 8), (8, 64, 64)])
    func `a new ceiling holds at once, and what met only the old one may grow`(old: Int, new: Int, then: Int) {
        var limit = AdaptiveLimit(ceiling: old, start: old)
        limit.adopt(ceiling: new)
        #expect(limit.current <= new)
        for _ in 0..<64 { limit.worked() }
        #expect(limit.current == then)
    }

    // MARK: Tokens

    @Test(arguments: [1.0, 50, 1000, 20_000])
    func `a bucket gives its rate over ten seconds, however late it is asked`(rate: Double) {
        var bucket = TokenBucket()
        var taken = 0
        for milliseconds in stride(from: Int64(0), to: 10_000, by: 7) {
            while bucket.hasToken(at: at(milliseconds)) {
                bucket.take(perSecond: rate, at: at(milliseconds))
                taken += 1
            }
        }
        #expect(abs(Double(taken) - 10 * rate) <= 1 + rate / 15)
    }

    @Test func `a rest is made up for by 50 ms' worth of tokens and no more`() {
        var bucket = TokenBucket()
        bucket.take(perSecond: 100, at: at(0))
        var taken = 0
        while bucket.hasToken(at: at(60_000)) {
            bucket.take(perSecond: 100, at: at(60_000))
            taken += 1
        }
        #expect(taken == 6)
        #expect(bucket.next! > at(60_000))
    }

    @Test(arguments: [10.0, 50, 100, 1000])
    func `after a rest an even bucket gives one token, and the others evenly`(rate: Double) {
        var bucket = TokenBucket(.even)
        var taken = 0
        for start in [Int64(0), 60_000] {
            taken = 0
            bucket.rest(until: at(start))
            while bucket.hasToken(at: at(start)) {
                bucket.take(perSecond: rate, at: at(start))
                taken += 1
            }
        }
        #expect(taken == 1)
        var last = bucket.next!
        for _ in 0..<20 {
            bucket.take(perSecond: rate, at: last)
            #expect(abs(bucket.next!.since(last).milliseconds - Int64(1000 / rate)) <= 1)
            last = bucket.next!
        }
    }

    @Test(arguments: [(1000.0, 7, 1000), (1000, 12, 833), (50, 27, 37)])
    func `an even bucket makes up for late wake-ups by 10 ms' worth`(
        rate: Double,
        everyMilliseconds interval: Int,
        expected: Int
    ) {
        var bucket = TokenBucket(.even)
        var taken = 0
        for milliseconds in stride(from: 0, to: 1000, by: interval) {
            while bucket.hasToken(at: at(Int64(milliseconds))) {
                bucket.take(perSecond: rate, at: at(Int64(milliseconds)))
                taken += 1
            }
        }
        #expect(abs(taken - expected) <= 7)
    }

    // MARK: The rate after throttles

    @Test func `the first throttles cut the rate to 0.7, at most once a second, and not for attempts from before`() {
        var control = RateControl(guess: 100, now: at(0))
        #expect(abs(control.perSecond - 70) < 0.001)
        let early = control.throttled(startedAt: at(10), measured: nil, now: at(500))
        let older = control.throttled(startedAt: at(-10), measured: nil, now: at(5000))
        let cut = control.throttled(startedAt: at(4000), measured: nil, now: at(5000))
        #expect(!early && !older && cut)
        #expect(abs(control.perSecond - 49) < 0.001)
    }

    @Test func `it falls to what was measured, a tenth at most at once, never below 0.1 a second`() {
        var control = RateControl(guess: 1000, now: at(0))
        var now: Int64 = 0
        var rates: [Double] = []
        for _ in 0..<8 {
            now += 2000
            _ = control.throttled(startedAt: at(now - 5), measured: 0, refused: 1, now: at(now))
            rates.append(control.perSecond)
        }
        #expect(abs(rates[0] - 70) < 0.001)
        #expect(rates.last == RateControl.floor)
    }

    @Test func `from the floor it is back at 10 a second within five minutes, though each throttle cost a rest`() {
        var control = RateControl(guess: 1000, now: at(0))
        var now: Int64 = 0
        for _ in 0..<20 {
            now += 7000
            _ = control.throttled(startedAt: at(now - 5), measured: 0, refused: 0.9, rests: true, now: at(now))
            control.rests(until: at(now + 5000), now: at(now))
        }
        #expect(control.perSecond == RateControl.floor)
        let stormEnd = now
        while control.perSecond < 10, now < stormEnd + 3_600_000 {
            now += 10
            guard control.hasToken(at: at(now)) else {
                control.waited(at: at(now))
                continue
            }
            control.take(at: at(now))
            control.worked(at: at(now))
        }
        #expect(now - stormEnd < 300_000)
    }

    @Test func `what was refused says what gets through where tokens are taken as they come, else what was measured`() {
        for (isPaced, left) in [(true, 0.5 * 700), (false, 100)] {
            var control = RateControl(guess: 1000, now: at(0))
            for milliseconds in stride(from: 0, to: 500, by: isPaced ? 1 : 20) {
                control.take(at: at(Int64(milliseconds)))
            }
            _ = control.throttled(startedAt: at(1990), measured: 100, refused: 0.5, now: at(2000))
            #expect(abs(control.perSecond - 0.7 * left) < 0.001)
        }
    }

    @Test func `it doesn't grow where it isn't what holds events up`() {
        var control = RateControl(guess: 1000, now: at(0))
        _ = control.throttled(startedAt: at(1990), measured: nil, refused: 0, now: at(2000))
        func use(from start: Int64, to end: Int64, every interval: Int) {
            for milliseconds in stride(from: start, to: end, by: interval) {
                control.take(at: at(milliseconds))
                control.waited(at: at(milliseconds))
                control.worked(at: at(milliseconds))
            }
        }
        use(from: 2000, to: 2100, every: 20)
        let before = control.perSecond
        use(from: 2100, to: 4000, every: 20)
        #expect(control.perSecond == before)
        use(from: 4000, to: 6000, every: 1)
        #expect(control.perSecond > 1.1 * before)
    }

    @Test(arguments: [(0.0, 0.93), (0.05, 0.9), (0.1, 0.8), (0.15, 0.7), (0.5, 0.35), (nil, 0.7)])
    func `the more was refused, the deeper the cut`(refused: Double?, left: Double) {
        var control = RateControl(guess: 1000, now: at(0))
        _ = control.throttled(startedAt: at(1990), measured: nil, now: at(2000))
        let before = control.perSecond
        _ = control.throttled(startedAt: at(3990), measured: nil, refused: refused, now: at(4000))
        #expect(abs(control.perSecond - left * before) < 0.001)
    }

    @Test(arguments: [(49, false, 1), (51, false, 0), (500, false, 0), (500, true, 1)])
    func `one throttle for 50 hand-overs cuts nothing, unless it costs a rest`(goods: Int, rests: Bool, cuts: Int) {
        var control = RateControl(guess: 1000, now: at(0))
        _ = control.throttled(startedAt: at(1990), measured: nil, now: at(2000))
        for _ in 0..<goods { control.worked(at: at(2500)) }
        let first = control.throttled(startedAt: at(3980), measured: nil, rests: rests, now: at(4000))
        #expect((first ? 1 : 0) == cuts)
        let second = control.throttled(startedAt: at(5980), measured: nil, rests: rests, now: at(6000))
        #expect(second)
    }

    @Test(arguments: [(20, 0.87, 0.8), (2500, 0.92, 0.865), (6000, 0.97, 0.93)])
    func `the earlier the next rest comes, the more the last good rate is doubted`(
        after milliseconds: Int64,
        caution: Double,
        cut: Double
    ) {
        var control = RateControl(guess: 100 / 0.7, now: at(0))
        _ = control.throttled(startedAt: at(1500), measured: nil, rests: true, now: at(2000))
        grow(&control, from: 2000, to: 2000 + milliseconds + 10)
        let rate = control.perSecond
        _ = control.throttled(startedAt: at(9000), measured: nil, refused: 0, rests: true, now: at(9000))
        #expect(abs(control.perSecond - cut * rate) < 0.01 * rate)
        grow(&control, from: 9000, to: 14_000)
        #expect(abs(control.perSecond - caution * rate) < 0.01 * rate)
    }

    /// Growth where an event waits for a token all the time. Milliseconds.
    private func grow(_ control: inout RateControl, from start: Int64, to end: Int64) {
        for milliseconds in stride(from: start, to: end, by: 20) {
            control.waited(at: at(milliseconds))
            control.worked(at: at(milliseconds))
        }
    }

    @Test(arguments: [5.0, 50, 1000])
    func `within 5 s it is back at a little less than the last good rate, and then beyond it`(rate: Double) {
        var control = RateControl(guess: rate / 0.7, now: at(0))
        _ = control.throttled(startedAt: at(1500), measured: rate, now: at(2000))
        #expect(abs(control.perSecond - 0.7 * rate) < 0.001)
        grow(&control, from: 2000, to: 6980)
        #expect(control.perSecond <= 0.971 * rate)
        #expect(control.perSecond > 0.96 * rate)
        grow(&control, from: 6980, to: 9000)
        #expect(control.perSecond < 1.05 * rate)
        grow(&control, from: 9000, to: 20_000)
        #expect(control.perSecond > 1.3 * rate)
    }

    @Test func `where a throttle costs a rest it tries more later, and the rest doesn't count as growth`() {
        var hasty = RateControl(guess: 100 / 0.7, now: at(0))
        _ = hasty.throttled(startedAt: at(1500), measured: 100, now: at(2000))
        var resting = hasty
        resting.rests(until: at(3000), now: at(2000))
        resting.waited(at: at(2500))
        resting.worked(at: at(2500))
        #expect(resting.perSecond == hasty.perSecond)
        grow(&hasty, from: 2000, to: 17_000)
        grow(&resting, from: 3000, to: 24_000)
        #expect(hasty.perSecond > 1.25 * 97)
        #expect(resting.perSecond < 1.03 * 97)
        #expect(resting.perSecond > 97)
    }

    @Test func `after a rest it goes on evenly, without a burst for what was missed`() {
        var control = RateControl(guess: 1000, now: at(0))
        control.take(at: at(1000))
        control.rests(until: at(2000), now: at(1000))
        #expect(!control.hasToken(at: at(1999)))
        control.take(at: at(2000))
        #expect(!control.hasToken(at: at(2000)))
        #expect(control.hasToken(at: at(2002)))
    }

    @Test func `answers to attempts from before the cut neither measure nor raise it`() {
        var pace = ScopePace()
        for step in 0..<400 { pace.worked(after: .milliseconds(5), now: at(Int64(step) * 5)) }
        pace.throttled(startedAt: at(1995), now: at(2000))
        let before = pace
        for step in 1..<50 { pace.worked(after: .milliseconds(500), now: at(2000 + Int64(step))) }
        pace.throttled(startedAt: at(1990), now: at(2100))
        #expect(pace.control == before.control)
        #expect(pace.answers == before.answers)
    }

    @Test func `idle time doesn't raise it, and a minute in which nothing waits for a token ends it`() {
        var control = RateControl(guess: 50, now: at(0))
        _ = control.throttled(startedAt: at(1500), measured: 50, now: at(2000))
        for second in 3..<60 { control.worked(at: at(Int64(second) * 1000)) }
        #expect(abs(control.perSecond - 24.5) < 0.001)
        #expect(!control.isOver(at: at(61_000)))
        #expect(control.isOver(at: at(62_000)))
        control.waited(at: at(62_000))
        #expect(!control.isOver(at: at(63_000)))
    }

    @Test func `good answers are counted by the second, and a handful of them only where nothing better is known`() {
        var rate = AnswerRate()
        for step in 0..<200 { rate.count(good: step % 2 == 0, at: at(Int64(step) * 10)) }
        #expect(abs(rate.measured(at: at(1990))! - 50) < 3)
        rate.restart(at: nil)
        #expect(abs(rate.measured(at: at(5000))! - 50) < 3)
        var fresh = AnswerRate()
        #expect(fresh.measured(at: at(0)) == nil)
        for _ in 0..<40 { fresh.count(good: true, at: at(20)) }
        #expect(fresh.guess(at: at(30)) == 40)
    }

    @Test
    func `a few answers measure a slow rate after 3 s, and what part of the latest was refused is known from ten on`() {
        var rate = AnswerRate()
        for second in [Int64(0), 2, 4] { rate.count(good: second != 2, at: at(second * 1000)) }
        #expect(rate.measured(at: at(2000)) == nil)
        #expect(rate.measured(at: at(4000)) == 0.5)
        #expect(rate.refused == nil)
        for step in 0..<9 { rate.count(good: step % 3 == 0, at: at(4000 + Int64(step))) }
        #expect(abs((rate.refused ?? 0) - 0.5) < 0.001)
    }

    @Test func `after a rest nothing is measured before the first answers can be there`() {
        var pace = ScopePace()
        for step in 0..<200 { pace.worked(after: .milliseconds(200), now: at(Int64(step) * 5)) }
        pace.throttled(startedAt: at(990), rest: at(2000), now: at(1000))
        for step in 0..<100 { pace.worked(after: .milliseconds(200), now: at(2200 + Int64(step) * 10)) }
        #expect(abs(pace.answers.measured(at: at(3190))! - 100) < 3)
    }

    @Test func `the running median stays with the many, whatever the few take`() {
        var median = MedianEstimate()
        for step in 0..<500 { median.add(step % 5 == 0 ? 20_000 : 10) }
        #expect(median.value! < 40)
        for _ in 0..<500 { median.add(300) }
        #expect(abs(median.value! - 300) < 1)
    }

    // MARK: Turns

    @Test func `fresh, retried and old events take turns, and redriven ones have one turn in ten beside them`() {
        var turns = EventTurns()
        var taken: [WaitingLine: Int] = [:]
        for _ in 0..<100 { taken[turns.next { _ in true }!, default: 0] += 1 }
        #expect(taken == [.fresh: 30, .retried: 30, .backlog: 30, .redriven: 10])
    }

    @Test func `redriven events go out without a break where nothing else waits`() {
        var turns = EventTurns()
        let taken = (0..<5).map { _ in turns.next { $0 == .redriven } }
        #expect(taken.allSatisfy { $0 == .redriven })
        let none = turns.next { _ in false }
        #expect(none == nil)
    }

    @Test(arguments: [
        (1000, nil as Brake?, 20, 50 as Int64?), (1000, .drainRate(500), 20, 2),
        (1000, .throttle(perSecond: 10, isRoute: true), 20, 100), (1000, .inFlight(limit: 4, ceiling: 64), 20, 50),
        (5, nil, 0, nil), (0, nil, 0, 0),
    ])
    func `the time to empty follows from the rate that holds it back, else from the pace of late`(
        queued: Int,
        brake: Brake?,
        handedOver: Double,
        seconds: Int64?
    ) {
        let pace = FunctionPace(handedOverPerSecond: handedOver, brake: brake)
        #expect(pace.secondsToEmpty(queued) == seconds)
    }
}
