/// A point on the wall clock: milliseconds since 1970-01-01T00:00:00Z. May jump; never used to measure a wait.
package struct WallTime: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }

    /// Saturates instead of trapping: deadlines come from configuration and producers.
    package func advanced(by span: Span) -> WallTime {
        let (sum, overflow) = milliseconds.addingReportingOverflow(span.milliseconds)
        return WallTime(milliseconds: overflow ? (span.milliseconds < 0 ? .min : .max) : sum)
    }

    /// Negative where `earlier` is later, as after a jump of the clock. Saturates.
    package func since(_ earlier: WallTime) -> Span {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return Span(milliseconds: overflow ? (milliseconds < earlier.milliseconds ? .min : .max) : difference)
    }
}

/// A point on the clock that never jumps (CLOCK_BOOTTIME): nanoseconds since an arbitrary start.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Saturates instead of trapping: spans come from configuration and producers.
    package func advanced(by span: Span) -> MonotonicTime {
        let (nanos, overflowed) = span.milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow) = nanoseconds.addingReportingOverflow(nanos)
        return MonotonicTime(nanoseconds: overflowed || overflow ? (span.milliseconds < 0 ? .min : .max) : sum)
    }

    /// In whole milliseconds, the rest cut off; negative where `earlier` is later.
    package func since(_ earlier: MonotonicTime) -> Span {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        if overflow { return Span(milliseconds: nanoseconds < earlier.nanoseconds ? .min : .max) }
        return Span(milliseconds: difference / 1_000_000)
    }
}

/// A length of time in whole milliseconds.
package struct Span: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static let zero = Span(milliseconds: 0)
    package static func milliseconds(_ n: Int64) -> Span { Span(milliseconds: n) }
    package static func seconds(_ n: Int64) -> Span { Span(milliseconds: n.multipliedSaturating(by: 1000)) }
    package static func minutes(_ n: Int64) -> Span { .seconds(n.multipliedSaturating(by: 60)) }
    package static func hours(_ n: Int64) -> Span { .minutes(n.multipliedSaturating(by: 60)) }
    package static func days(_ n: Int64) -> Span { .hours(n.multipliedSaturating(by: 24)) }

    package static func < (a: Span, b: Span) -> Bool { a.milliseconds < b.milliseconds }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? (self < 0 ? .min : .max) : product
    }
}

/// One reading of both clocks, taken together.
package struct Moment: Hashable, Sendable {
    package var wall: WallTime
    package var monotonic: MonotonicTime

    package init(wall: WallTime, monotonic: MonotonicTime) {
        self.wall = wall
        self.monotonic = monotonic
    }
}

/// Where a loop reads its clocks. Only the loops hold one; everything below them takes a `Moment`.
package protocol TimeSource: Sendable {
    func now() -> Moment
}
