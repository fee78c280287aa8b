/// How fast: limits in flight, rates after throttles, `rate` and `drain_rate` (delivery: "How fast").
extension Dispatcher {
    /// Payload bytes that count as one event where functions take turns.
    static let turnBytes = 32 << 10

    /// What an attempt's end says about the pace of its function and route.
    mutating func keepPace(
        _ completion: AttemptCompletion,
        _ verdict: Verdict,
        _ key: FunctionKey,
        _ route: RouteKey,
        now: MonotonicTime
    ) {
        let startedAt = now.advanced(by: .milliseconds(-completion.duration.milliseconds))
        switch verdict.blame {
        case nil:
            handedOver(key, route, after: completion.duration, now: now)
        case .throttle:
            throttled(key, route, verdict, startedAt: startedAt, now: now)
        default:
            guard case .failed(let failure) = completion.outcome, failure.kind == .timeout, verdict.sent else { return }
            functions[known: key].limit.timedOut(startedAt: startedAt, now: now)
        }
    }

    private mutating func handedOver(_ key: FunctionKey, _ route: RouteKey, after latency: Span, now: MonotonicTime) {
        functions[known: key].pace.worked(after: latency, now: now)
        routes[route.rawValue].pace.worked(after: latency, now: now)
        guard functions[known: key].suspension == nil else { return }
        let usual = routes[route.rawValue].pace.latency.value!
        functions[known: key].limit.worked(
            isSlow: functions[known: key].pace.latency.value! > AdaptiveLimit.slowFactor * usual
        )
    }

    /// A throttle: its scope goes on at a rate, after `Retry-After`.
    private mutating func throttled(
        _ key: FunctionKey,
        _ route: RouteKey,
        _ verdict: Verdict,
        startedAt: MonotonicTime,
        now: MonotonicTime
    ) {
        let retryAfter = Planted.retryAfterIgnored ? nil : verdict.retryAfter
        let hold = retryAfter.flatMap { $0 > .zero ? Hold($0, now: now) : nil }
        switch verdict.throttleScope {
        case .function:
            functions[known: key].pace.throttled(startedAt: startedAt, rest: hold?.until, now: now)
            if let hold, hold.until > functions[known: key].heldUntil ?? now {
                functions[known: key].hold = hold
                pace(key, until: hold.until)
            }
            trim(key)
        case .route:
            let index = route.rawValue
            routes[index].pace.throttled(startedAt: startedAt, rest: hold?.until, now: now)
            let wasHeld = routes[index].hold?.isLong ?? false
            if let hold, hold.until > routes[index].heldUntil ?? now { routes[index].hold = hold }
            guard let hold, hold.isLong, !wasHeld else { return }
            for function in functions.keys.sorted() where functions[known: function].route == route { trim(function) }
        }
    }

    /// Gives back what is too much in memory for a function that has become slow.
    private mutating func trim(_ key: FunctionKey) {
        let share = share(of: functions[known: key])
        if functions[known: key].waiting > 2 * share || (isHeld(functions[known: key]) && !hasRoomForCandidates) {
            evict(key, keep: share)
        }
    }

    // MARK: Tokens

    /// When the function may start an attempt as far as rates go; nil: now.
    mutating func tokenTime(_ key: FunctionKey, now: MonotonicTime) -> MonotonicTime? {
        var latest: MonotonicTime?
        if let control = functions[known: key].pace.control, let next = control.next, next > now {
            functions[known: key].pace.control!.waited(at: now)
            latest = next
        }
        if functions[known: key].policy.rate != nil, let next = functions[known: key].rateBucket.next, next > now {
            latest = max(latest ?? next, next)
        }
        return latest
    }

    /// An attempt of the function begins.
    mutating func takeTokens(_ key: FunctionKey, line: WaitingLine, now: Moment, ageFrom: WallTime) {
        functions[known: key].pace.control?.take(at: now.monotonic)
        routes[functions[known: key].route.rawValue].pace.control?.take(at: now.monotonic)
        let policy = functions[known: key].policy
        if let rate = policy.rate { functions[known: key].rateBucket.take(perSecond: rate, at: now.monotonic) }
        if let rate = policy.drainRate, line == .redriven || Self.isOld(ageFrom, now) {
            functions[known: key].drainBucket.take(perSecond: rate, at: now.monotonic)
        }
    }

    /// To be looked at again at that time.
    mutating func pace(_ key: FunctionKey, until time: MonotonicTime) {
        guard functions[known: key].pacedUntil != time else { return }
        functions[known: key].pacedUntil = time
        paced.schedule(key, at: time)
    }

    /// Lets those have their turn whose time has come.
    mutating func releasePaced(now: MonotonicTime) {
        for index in routes.indices where routes[index].heldUntil.map({ $0 <= now }) ?? false {
            routes[index].hold = nil
            for key in passedOver where functions[key]?.route == RouteKey(index) { wantRows(of: key) }
        }
        paced.collect(now: now) { key, at in functions[key]?.pacedUntil == at }
        for key in paced.due.sorted() {
            paced.leave(key)
            functions[key]?.pacedUntil = nil
            if let until = functions[key]?.heldUntil, until <= now { functions[known: key].hold = nil }
            functions[key]?.settle(at: now)
            list(key)
            dropIfIdle(key)
        }
    }

    // MARK: Which event

    /// What a function has to send.
    enum Choice {
        case event(Int64, WaitingLine, EventTurns)
        /// Only its backlog waits, for the drain rate.
        case later(MonotonicTime)
    }

    /// The event that is next. Those in line that have become old go to the backlog.
    mutating func choose(_ key: FunctionKey, now: Moment) -> Choice? {
        let drains = functions[known: key].policy.drainRate != nil
        if drains {
            moveOld(of: key, from: \.fresh, now: now)
            moveOld(of: key, from: \.retried, now: now)
        }
        if functions[known: key].isBehind, functions[known: key].backlog.isEmpty, functions[known: key].redriven.isEmpty
        {
            functions[known: key].isBehind = functions[known: key].hasPassedOver
        }
        let function = functions[known: key]
        if let forced = forcedNext(function) { return .event(forced, window[known: forced].line, function.turns) }
        let hasDrainToken = !drains || Planted.drainRateIgnored || function.drainBucket.hasToken(at: now.monotonic)
        func isReady(_ line: WaitingLine) -> Bool {
            guard let first = function[keyPath: FunctionState.path(line)].first else { return false }
            switch line {
            case .fresh, .retried: return true
            case .backlog: return hasDrainToken || !Self.isOld(window[known: first].event.ageFrom, now)
            case .redriven: return hasDrainToken
            }
        }
        if !hasDrainToken, !(function.backlog.isEmpty && function.redriven.isEmpty) {
            functions[known: key].isBehind = true
        }
        var turns = function.turns
        if let line = turns.next(where: isReady) {
            return .event(function[keyPath: FunctionState.path(line)].first!, line, turns)
        }
        return function.waiting > 0 ? function.drainBucket.next.map { .later($0) } : nil
    }

    private mutating func moveOld(
        of key: FunctionKey,
        from line: WritableKeyPath<FunctionState, Line>,
        now: Moment
    ) {
        while let first = functions[known: key][keyPath: line].first, first != functions[known: key].forced,
            Self.isOld(window[known: first].event.ageFrom, now)
        {
            _ = functions[known: key][keyPath: line].popFirst()
            functions[known: key].backlog.append(first)
            window[known: first].line = .backlog
        }
    }

    private static func isOld(_ ageFrom: WallTime, _ now: Moment) -> Bool {
        let age = now.wall.since(ageFrom)
        // From before a step back of the clock: it has waited for who knows how long.
        return age > FunctionPolicy.drainAge || age.milliseconds < -EventAges.aheadMax.milliseconds
    }

    // MARK: In memory

    /// Events of a function that may come into memory now: where its backlog waits for the drain rate, that has a part
    /// of its own, so that it keeps no fresh event out.
    func room(of function: FunctionState, forBacklog: Bool) -> Int {
        let share = share(of: function)
        guard function.isBehind, let rate = function.policy.drainRate else {
            return share - function.waiting - (isBlocked(function) ? 0 : function.inFlight)
        }
        if forBacklog {
            let backlog = min(share, max(8, Int(min(2 * rate, 1e6))))
            return min(backlog - function.backlog.count, 2 * share - function.waiting - function.inFlight)
        }
        return share - (function.waiting - function.backlog.count) - function.inFlight
    }

    /// For people.
    func pace(of function: FunctionState, now: MonotonicTime) -> FunctionPace {
        FunctionPace(
            handedOverPerSecond: function.pace.answers.shown(at: now),
            inFlightLimit: function.limit.current,
            brake: brake(on: function, now: now),
            rate: function.policy.rate,
            drainRate: function.policy.drainRate,
            inFlightMax: function.policy.maxInFlight
        )
    }
}

extension FunctionState {
    /// Where events of a kind wait.
    static func path(_ line: WaitingLine) -> WritableKeyPath<FunctionState, Line> {
        switch line {
        case .fresh: \.fresh
        case .retried: \.retried
        case .backlog: \.backlog
        case .redriven: \.redriven
        }
    }

    /// All that wait in memory, line by line.
    var waitingSequences: [Int64] {
        WaitingLine.allCases.flatMap { Array(self[keyPath: Self.path($0)].elements) }
    }
}
