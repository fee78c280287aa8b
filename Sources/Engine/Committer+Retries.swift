import OutboxCore

/// A look through the rows that are due later, for retries that a wall clock which has stepped back would hold up.
struct RetrySweep {
    /// Rows looked at in one slice, and what is left for others between two.
    static let rowsMax = 1000
    static let pause = Span.milliseconds(20)
    /// How long after a step outcomes may come that were dated before it.
    static let settling = Span.milliseconds(100)

    /// Where the next slice begins; nil: none is under way.
    var place: DuePlace?
    /// No step was seen: retries may have been put off for as long as a service may ask for.
    var isStart = true
    var next = MonotonicTime(nanoseconds: .min)
    private var steps = StepWatch(stepMin: .seconds(2))

    var isUnderWay: Bool { place != nil }

    /// Begins at the first call, and where the clock has stepped back.
    mutating func look(_ now: Moment, _ policies: PolicyTable) {
        if next == MonotonicTime(nanoseconds: .min) {
            _ = steps.step(now)
            next = now.monotonic
        } else {
            guard let step = steps.step(now), step < .zero else { return }
            isStart = false
            next = now.monotonic.advanced(by: Self.settling)
        }
        let shortest = ([policies.defaults] + policies.entries.map(\.policy)).map(\.maxDelay).min()!
        place = DuePlace(dueAt: now.wall.advanced(by: shortest), sequence: .max)
    }

    /// Whether a retry that is due at this time waits for the clock, not for its backoff.
    func isStranded(_ dueAt: WallTime, _ policy: FunctionPolicy, now: WallTime) -> Bool {
        let longest = isStart ? max(policy.maxDelay, RetryPolicy.retryAfterMax) : policy.maxDelay
        return dueAt > now.advanced(by: longest)
    }
}

/// Retries are due by the wall clock, but don't wait for it: at the start, and when it has stepped back, those that are
/// due later than any backoff could say are due now. Promised times (deliver-at, delay) stay.
extension Committer where Store: ~Copyable {
    mutating func bringRetriesForward(now: Moment) throws(StoreError) {
        if Planted.stepStallsRetries { return }
        guard let place = retrySweep.place, now.monotonic >= retrySweep.next else { return }
        retrySweep.next = now.monotonic.advanced(by: RetrySweep.pause)
        var page: RetryPage?
        try tolerant(now: now) { (store: inout Store) throws(StoreError) in
            page = try store.retries(behind: place, limit: RetrySweep.rowsMax)
        }
        guard let page else { return }
        let stranded = page.rows.filter { row in
            retrySweep.isStranded(row.place.dueAt, settings.policies.policy(for: row.function), now: now.wall)
        }
        if !stranded.isEmpty {
            var isDone = false
            try tolerant(now: now) { (store: inout Store) throws(StoreError) in
                _ = try store.commit([.bringForward(stranded.map(\.place.sequence))], now: now.wall)
                isDone = true
            }
            // A full disk or a locked database: the same slice again.
            guard isDone else { return }
            tellDelivery(.dueChanged(now.wall))
        }
        retrySweep.place = page.next
    }
}
