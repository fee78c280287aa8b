/// Since when the times that rows carry can be believed, and how old an event is at most that is to be given up for it.
///
/// Rows carry times of the wall clock. Those from before a step of it, or from under a clock that nobody vouched for, may
/// be wrong by any length, in either direction: such an event's age counts from the moment at which the clock became what
/// it is. So a wrong clock kills nothing, and what was accepted under one lives for `max_age` more, not for ever.
package struct EventAges: Hashable, Sendable {
    /// Steps of the wall clock that are let pass until they add up to it.
    package static let stepMin = Span.seconds(60)
    /// A time that is further ahead than this was taken before a step: accept and now may each be off by `stepMin`.
    package static let aheadMax = Span.seconds(120)
    /// How often the record is brought up to date.
    package static let recordInterval = Span.hours(1)
    /// A daemon that was away for longer than this could attempt nothing: as after an outage.
    package static let absenceMin = Span.hours(2)

    /// Nobody believes a clock that is further ahead than this after another boot: it was wrong before, or is now.
    package static let downtimeMax = Span.days(60)

    /// The wall clock has run on without a step since, and was right as far as is known.
    package private(set) var believedFrom: WallTime
    /// Until then the daemon was away; nil: never for long.
    package private(set) var absentUntil: WallTime?
    /// Somebody has vouched for the clock since `believedFrom`.
    private var isTrusted: Bool
    private var steps = StepWatch(stepMin: Self.stepMin)
    private var recordedAt: MonotonicTime?

    /// Every time is believed until the first step.
    package init() {
        believedFrom = WallTime(milliseconds: .min)
        isTrusted = true
    }

    /// Goes on from what an earlier process has left.
    ///
    /// - Parameters:
    ///   - record: nil: none has left anything.
    ///   - isSameBoot: the machine has not started anew since: its monotonic clock tells whether the wall clock stepped.
    package init(record: ClockRecord?, isSameBoot: Bool, now: Moment) {
        _ = steps.step(now)
        guard let record else {
            believedFrom = now.wall
            isTrusted = false
            return
        }
        let away = now.wall.since(record.seenAt)
        absentUntil = away > Self.absenceMin ? now.wall : record.absentUntil
        let isContinued: Bool
        if isSameBoot {
            var steps = StepWatch(stepMin: Self.stepMin, offset: record.offset)
            isContinued = steps.step(now) == nil
            if isContinued { self.steps = steps }
        } else {
            // Only a clock that was right then, and is not behind that now, nor years ahead, can be the same one.
            isContinued =
                record.isTrusted && away.milliseconds >= -Self.stepMin.milliseconds && away <= Self.downtimeMax
        }
        believedFrom = isContinued ? record.believedFrom : now.wall
        isTrusted = isContinued && isSameBoot && record.isTrusted
    }

    /// Looks at the clock; what is to be kept for the next start, where that has changed.
    package mutating func look(_ now: Moment, isTrusted trusted: Bool) -> ClockRecord? {
        var isNews = recordedAt.map { now.monotonic.since($0) >= Self.recordInterval } ?? true
        if steps.step(now) != nil {
            believedFrom = now.wall
            isTrusted = false
            isNews = true
        }
        if trusted, !isTrusted {
            isTrusted = true
            isNews = true
        }
        guard isNews else { return nil }
        recordedAt = now.monotonic
        return ClockRecord(
            believedFrom: believedFrom,
            isTrusted: isTrusted,
            offset: steps.offset ?? now.clockOffset,
            seenAt: now.wall,
            absentUntil: absentUntil
        )
    }

    /// From when an age that a row counts from `time` is counted now.
    package func begin(_ time: WallTime, now: WallTime) -> WallTime {
        if time > now.advanced(by: Self.aheadMax) { return believedFrom }
        return max(time, believedFrom)
    }
}

/// What the store keeps of the wall clock from one process to the next.
package struct ClockRecord: Hashable, Sendable {
    package var believedFrom: WallTime
    /// Somebody had vouched for the clock since then.
    package var isTrusted: Bool
    /// Wall minus monotonic clock; holds within one boot.
    package var offset: Span
    package var seenAt: WallTime
    package var absentUntil: WallTime?

    package init(believedFrom: WallTime, isTrusted: Bool, offset: Span, seenAt: WallTime, absentUntil: WallTime?) {
        self.believedFrom = believedFrom
        self.isTrusted = isTrusted
        self.offset = offset
        self.seenAt = seenAt
        self.absentUntil = absentUntil
    }
}
