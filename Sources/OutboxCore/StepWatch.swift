/// Tells a step of the wall clock from time that goes by, by the clock that never jumps. Small steps add up.
package struct StepWatch: Hashable, Sendable {
    /// Smaller ones are let pass until they add up to it.
    package let stepMin: Span
    /// Wall minus monotonic clock at the first look, and after the step told last.
    package private(set) var offset: Span?

    /// - Parameter offset: of an earlier process in the same boot; nil: the first look tells.
    package init(stepMin: Span, offset: Span? = nil) {
        self.stepMin = stepMin
        self.offset = offset
    }

    /// How far the wall clock has stepped since the first look, or since the step told last; nil: it has not.
    package mutating func step(_ now: Moment) -> Span? {
        let current = now.clockOffset
        guard let offset else {
            offset = current
            return nil
        }
        let difference = Span(milliseconds: current.milliseconds.subtractingSaturated(offset.milliseconds))
        guard difference >= stepMin || difference.milliseconds <= -stepMin.milliseconds else { return nil }
        self.offset = current
        return difference
    }
}

extension Moment {
    /// Wall minus monotonic clock: the same until the wall clock steps, or the machine starts anew.
    package var clockOffset: Span {
        Span(milliseconds: wall.milliseconds.subtractingSaturated(monotonic.nanoseconds / 1_000_000))
    }
}

extension Int64 {
    fileprivate func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (self < 0 ? .min : .max) : difference
    }
}
