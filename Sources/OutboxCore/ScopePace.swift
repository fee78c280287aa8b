/// What a scope's answers (a function's or a route's) say about how fast it may be used.
package struct ScopePace: Hashable, Sendable {
    /// After throttles; nil: none needed.
    package internal(set) var control: RateControl?
    package private(set) var answers = AnswerRate()
    /// Milliseconds that hand-overs take.
    package private(set) var latency = MedianEstimate()

    package init() {}

    /// An attempt was handed over.
    mutating func worked(after duration: Span, now: MonotonicTime) {
        answers.count(good: true, at: now)
        latency.add(Double(duration.milliseconds))
        control?.worked(at: now)
        if control?.isOver(at: now) ?? false { control = nil }
    }

    /// An attempt was throttled on account of this scope: it goes on at a rate.
    mutating func throttled(startedAt: MonotonicTime, now: MonotonicTime) {
        answers.count(good: false, at: now)
        if control?.isOver(at: now) ?? true {
            control = RateControl(guess: answers.guess(at: now), now: now)
        } else if !control!.throttled(startedAt: startedAt, measured: answers.measured(at: now), now: now) {
            return
        }
        answers.restart(at: nil)
    }
}
