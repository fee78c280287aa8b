/// Events that die without an attempt: those whose hard expiry has passed, and those of a failing function that are
/// older than its `max_age`. A slice at a time, so that each is a small part of one commit.
extension Dispatcher {
    /// How far the looks for them have come.
    struct ExpiryLooks: Sendable {
        static let passedInterval = Span.seconds(5)
        static let agedInterval = Span.seconds(30)
        /// Of a look that takes long, the part of all time.
        static let rest: Int64 = 10

        var next: ExpiringQuery?
        var isOut = false
        var beganAt = MonotonicTime(nanoseconds: 0)
        var passedAt = MonotonicTime(nanoseconds: .min)
        /// After a start the probes come first.
        var agedAt: MonotonicTime?
    }

    /// What to ask the store next; nil: nothing is due, or an answer is on its way.
    package mutating func nextExpiring(now: Moment, clockTrusted: Bool) -> ExpiringQuery? {
        guard clockTrusted, !expiry.isOut, !isBlockedByDisk, !isDraining else { return nil }
        if let next = expiry.next {
            expiry.isOut = true
            return next
        }
        let agedAt = expiry.agedAt ?? now.monotonic.advanced(by: ExpiryLooks.agedInterval)
        expiry.agedAt = agedAt
        if now.monotonic >= expiry.passedAt {
            expiry.passedAt = .init(nanoseconds: .max)
            return begin(.passed(behind: nil, until: now.wall), now: now)
        }
        guard now.monotonic >= agedAt else { return nil }
        let limits = ageLimits(now: now.wall)
        guard !limits.isEmpty else {
            expiry.agedAt = now.monotonic.advanced(by: ExpiryLooks.agedInterval)
            return nil
        }
        expiry.agedAt = .init(nanoseconds: .max)
        return begin(.aged(behind: 0, limits, ahead: now.wall.advanced(by: EventAges.aheadMax)), now: now)
    }

    private mutating func begin(_ query: ExpiringQuery, now: Moment) -> ExpiringQuery {
        expiry.isOut = true
        expiry.beganAt = now.monotonic
        return query
    }

    /// A slice that `nextExpiring` asked for: those of it that are to be buried. One in flight is left to its outcome.
    package mutating func expiring(_ page: ExpiringPage, now: Moment, clockTrusted: Bool) -> [StoreCommand] {
        expiry.isOut = false
        expiry.next = page.next
        if page.next == nil { endLook(page.query, now: now.monotonic) }
        // The clock may have stepped since the question.
        noticeClock(now, clockTrusted: clockTrusted)
        guard clockTrusted else { return [] }
        var aged: [FunctionKey: AgeLimit]?
        if case .aged(_, let asked, _) = page.query {
            aged = ageLimits(now: now.wall).filter { key, limit in asked[key].map(limit.confirms) ?? false }
        }
        if Planted.hardExpiryIgnored, aged == nil { return [] }
        var commands: [StoreCommand] = []
        for row in page.rows where !burying.contains(row.sequence) && withdrawn[row.sequence] == nil {
            if let aged, aged[row.functionKey] == nil { continue }
            let policy = functions[row.functionKey]?.policy ?? directory.policy(for: row.function)
            if policy.soft { continue }
            if let entry = window[row.sequence] {
                // Set aside: it waits for another attempt's outcome.
                guard entry.place == .waiting, !setAside.contains(row.sequence) else { continue }
                takeOut(row.sequence, of: row.functionKey)
                forget(row.sequence)
                list(row.functionKey)
            }
            burying.insert(row.sequence)
            let reason =
                aged == nil
                ? "not handed over before its hard expiry" : "older than max_age, and its function fails"
            commands.append(.bury(sequence: row.sequence, .expired, reason: reason))
        }
        return commands
    }

    private mutating func endLook(_ query: ExpiringQuery, now: MonotonicTime) {
        let took = now.since(expiry.beganAt).milliseconds
        func after(_ interval: Span) -> MonotonicTime {
            now.advanced(by: max(interval, .milliseconds(took * ExpiryLooks.rest)))
        }
        switch query {
        case .passed: expiry.passedAt = after(ExpiryLooks.passedInterval)
        case .aged: expiry.agedAt = after(ExpiryLooks.agedInterval)
        }
    }

    /// The functions whose events die of their age without an attempt of their own: those that are suspended for their
    /// own failures, and neither paused nor cut off by their route.
    private func ageLimits(now: WallTime) -> [FunctionKey: AgeLimit] {
        var limits: [FunctionKey: AgeLimit] = [:]
        for key in suspendedFunctions {
            guard let function = functions[key], function.suspension != nil, !function.policy.soft else { continue }
            let route = routes[function.route.rawValue]
            guard function.pause == nil, route.suspension == nil else { continue }
            let agedFrom = now.advanced(by: Span(milliseconds: -function.policy.maxAge.milliseconds))
            guard ages.believedFrom <= agedFrom else { continue }
            limits[key] = AgeLimit(
                agedFrom: agedFrom,
                attemptedSince: [function.pauseEnded, route.outageEnded, ages.absentUntil].compactMap(\.self).max()
            )
        }
        return limits
    }

    // MARK: Cut-offs and the clock

    mutating func noticeClock(_ now: Moment, clockTrusted: Bool) {
        if let record = ages.look(now, isTrusted: clockTrusted) { clockRecord = record }
    }

    /// Takes up what an earlier process has left: since when the clock can be believed, and ends of pauses and outages.
    package mutating func restore(clock record: ClockRecord?, isSameBoot: Bool, cutOffs: [CutOff], now: Moment) {
        ages = EventAges(record: record, isSameBoot: isSameBoot, now: now)
        self.cutOffs = cutOffs
        for key in functions.keys {
            functions[known: key].pauseEnded = cutOffs.pauseEnded(of: functions[known: key].identity)
        }
        for case .route(let name) in cutOffs.map(\.scope) {
            guard let index = routes.firstIndex(where: { $0.name == name }) else { continue }
            routes[index].outageEnded = cutOffs.first { $0.scope == .route(name) }?.endedAt
        }
    }

    /// Pauses with these patterns ended.
    mutating func noteEnd(of patterns: [GlobPattern], now: WallTime) {
        for pattern in patterns {
            cutOffs.removeAll { $0.scope == .functions(pattern) }
            cutOffs.append(CutOff(scope: .functions(pattern), endedAt: now))
        }
        let pausesMax = CutOff.pausesMax
        if cutOffs.count > 2 * pausesMax {
            let all = CutOff(scope: .functions(GlobPattern("*")), endedAt: now)
            cutOffs = [all] + cutOffs.suffix(pausesMax).filter { $0.scope != all.scope }
        }
    }
}
