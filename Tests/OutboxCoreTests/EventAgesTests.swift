import OutboxCore
import Testing

/// Since when times are believed, and from when ages count.
struct EventAgesTests {
    private let start = Moment(
        wall: WallTime(milliseconds: 1_800_000_000_000),
        monotonic: MonotonicTime(nanoseconds: 5_000_000_000)
    )

    /// So much later, with the wall clock that much off.
    private func later(_ span: Span, step: Span = .zero) -> Moment {
        Moment(
            wall: start.wall.advanced(by: span).advanced(by: step),
            monotonic: start.monotonic.advanced(by: span)
        )
    }

    private func began(_ record: ClockRecord?, isSameBoot: Bool = false, now: Moment) -> EventAges {
        EventAges(record: record, isSameBoot: isSameBoot, now: now)
    }

    private func record(trusted: Bool = true) -> ClockRecord {
        var ages = began(nil, now: start)
        return ages.look(start, isTrusted: trusted)!
    }

    @Test func `ages count from the event's own time where no step is known`() {
        var ages = began(nil, now: start)
        _ = ages.look(later(.hours(5)), isTrusted: true)
        let own = start.wall.advanced(by: .hours(1))
        #expect(ages.begin(own, now: later(.hours(5)).wall) == own)
    }

    @Test(arguments: [Span.seconds(-60), .seconds(60), .days(-400), .days(20_000)])
    func `a step lets the ages of what was there begin anew`(step: Span) {
        var ages = began(record(), isSameBoot: true, now: start)
        let now = later(.hours(5), step: step)
        _ = ages.look(now, isTrusted: false)
        #expect(ages.believedFrom == now.wall)
        let from = ages.begin(start.wall, now: now.wall)
        #expect(from == now.wall || step < .zero && step > .hours(-5))
        #expect(ages.begin(start.wall.advanced(by: .days(-3)), now: now.wall) == now.wall)
    }

    @Test func `small steps are let pass until they add up`() {
        var ages = began(record(), isSameBoot: true, now: start)
        _ = ages.look(later(.hours(1), step: .seconds(40)), isTrusted: true)
        #expect(ages.believedFrom == start.wall)
        _ = ages.look(later(.hours(2), step: .seconds(-40)), isTrusted: true)
        #expect(ages.believedFrom == start.wall)
        _ = ages.look(later(.hours(3), step: .seconds(70)), isTrusted: true)
        #expect(ages.believedFrom == later(.hours(3), step: .seconds(70)).wall)
    }

    @Test func `a time from far ahead counts from the step, one from just ahead as it is`() {
        var ages = began(record(), isSameBoot: true, now: start)
        let now = later(.hours(5), step: .days(-365))
        _ = ages.look(now, isTrusted: true)
        let muchLater = now.wall.advanced(by: .hours(50))
        #expect(ages.begin(start.wall, now: muchLater) == now.wall)
        let justAhead = muchLater.advanced(by: .seconds(90))
        #expect(ages.begin(justAhead, now: muchLater) == justAhead)
    }

    @Test func `in the same boot the offset of the clocks tells whether it stepped meanwhile`() {
        #expect(began(record(), isSameBoot: true, now: later(.hours(1))).believedFrom == start.wall)
        let stepped = later(.hours(1), step: .hours(-3))
        #expect(began(record(), isSameBoot: true, now: stepped).believedFrom == stepped.wall)
    }

    @Test func `after another boot a clock that was right is believed, another isn't, nor one behind or years ahead`() {
        let now = Moment(wall: later(.hours(1)).wall, monotonic: MonotonicTime(nanoseconds: 1))
        #expect(began(record(), now: now).believedFrom == start.wall)
        #expect(began(record(trusted: false), now: now).believedFrom == now.wall)
        let behind = Moment(wall: start.wall.advanced(by: .hours(-1)), monotonic: MonotonicTime(nanoseconds: 1))
        #expect(began(record(), now: behind).believedFrom == behind.wall)
        let yearsAhead = Moment(wall: later(.days(400)).wall, monotonic: MonotonicTime(nanoseconds: 1))
        #expect(began(record(), now: yearsAhead).believedFrom == yearsAhead.wall)
    }

    @Test func `is recorded at first, on each change and each hour, and not between`() {
        var ages = began(nil, now: start)
        #expect(ages.look(start, isTrusted: false)?.isTrusted == false)
        #expect(ages.look(later(.seconds(1)), isTrusted: false) == nil)
        #expect(ages.look(later(.seconds(2)), isTrusted: true)?.isTrusted == true)
        #expect(ages.look(later(.seconds(3)), isTrusted: false) == nil)
        #expect(ages.look(later(.minutes(63)), isTrusted: false)?.seenAt == later(.minutes(63)).wall)
        #expect(ages.look(later(.minutes(64), step: .hours(1)), isTrusted: false)?.isTrusted == false)
    }

    @Test func `a daemon that was away for long could attempt nothing until it came back`() {
        #expect(began(record(), isSameBoot: true, now: later(.hours(1))).absentUntil == nil)
        var ages = began(record(), isSameBoot: true, now: later(.hours(30)))
        #expect(ages.absentUntil == later(.hours(30)).wall)
        let left = ages.look(later(.hours(30)), isTrusted: true)
        #expect(began(left, isSameBoot: true, now: later(.hours(31))).absentUntil == later(.hours(30)).wall)
    }
}
