/// What a scope's answers (a function's or a route's) say about how fast it may be used.
package struct ScopePace: Hashable, Sendable {
    /// After throttles; nil: none needed.
    package internal(set) var control: RateControl?
    package private(set) var answers = AnswerRate()
    /// Milliseconds that hand-overs take.
    package private(set) var latency = MedianEstimate()

    package init() {}

    /// An attempt was handed over.
    package mutating func worked(after duration: Span, now: MonotonicTime) {
        latency.add(Double(duration.milliseconds))
        // Durations are cut to whole milliseconds.
        let startedAt = now.advanced(by: .milliseconds(-duration.milliseconds - 1))
        if control?.isBygone(startedAt: startedAt) ?? false { return }
        answers.count(good: true, at: now)
        control?.worked(at: now)
        if control?.isOver(at: now) ?? false { control = nil }
    }

    /// An attempt was throttled on account of this scope: it goes on at a rate.
    ///
    /// - Parameter rest: nothing is sent until then.
    package mutating func throttled(startedAt: MonotonicTime, rest: MonotonicTime? = nil, now: MonotonicTime) {
        defer { if let rest { control?.rests(until: rest, now: now) } }
        if control?.isBygone(startedAt: startedAt) ?? false { return }
        answers.count(good: false, at: now)
        guard control?.isOver(at: now) ?? true else {
            let isCut = control!.throttled(
                startedAt: startedAt,
                measured: answers.measured(at: now),
                refused: answers.refused,
                rests: rest != nil,
                now: now
            )
            if isCut { restart(after: rest) }
            return
        }
        control = RateControl(guess: answers.guess(at: now), now: now)
        restart(after: rest)
    }

    /// Measures anew: after a rest from when the first answers can be there.
    private mutating func restart(after rest: MonotonicTime?) {
        answers.restart(at: rest?.advanced(by: .milliseconds(Int64(latency.value ?? 0))))
    }
}
