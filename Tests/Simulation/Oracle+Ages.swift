import OutboxCore

/// How old events are by a clock that nobody sets: a wrong wall clock must give up none for its age.
extension Oracle {
    /// The wall clock was set.
    func clockStepped(_ span: Span) {
        if abs(span.milliseconds) >= EventAges.stepMin.milliseconds {
            steppedAt = record.nanoseconds
        } else {
            creptAt = record.nanoseconds
        }
        // What a step forward makes due has waited for nothing but its time.
        if span > .zero { for index in idleSince.indices { idleSince[index] = record.nanoseconds } }
    }

    /// Whether the policy gives it up now, as one of a function that fails.
    func isTooOld(_ entry: Entry, _ policy: FunctionPolicy) -> Bool {
        !policy.soft
            && isOlder(
                entry,
                than: policy.maxAge,
                at: record.nanoseconds,
                ahead: .zero,
                wall: maxWall,
                steppedAt: steppedAt
            )
    }

    /// - Parameters:
    ///   - at: nanoseconds of the world's clock.
    ///   - ahead: until its next attempt at the latest.
    ///   - wall: the latest that the wall clock can have said for `at` and `ahead`.
    ///   - steppedAt: the latest step that can have been seen by then.
    func isOlder(
        _ entry: Entry,
        than maxAge: Span,
        at: Int64,
        ahead: Span,
        wall: WallTime,
        steppedAt: Int64?
    ) -> Bool {
        func wasSince(_ time: Int64?) -> Bool { time.map { $0 >= entry.storedAt } ?? false }
        // Nobody knows what happened to the clock while the machine was off.
        if wasSince(bootedAt), wall.since(entry.ageFrom) > maxAge { return true }
        let from = wasSince(steppedAt) ? steppedAt! : entry.agesFrom
        var age = (at - from) / 1_000_000 + ahead.milliseconds
        // Smaller steps are let pass until they add up to a large one.
        if wasSince(creptAt) { age += EventAges.stepMin.milliseconds }
        // Both ends of it are wall times in whole milliseconds.
        return age + 1 > maxAge.milliseconds
    }
}
