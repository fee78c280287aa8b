/// What is started, and how long the loop may wait.
extension Dispatcher {
    /// Chooses what is started now.
    ///
    /// - Parameter clockTrusted: whether the wall clock may decide that an event has expired.
    package mutating func wake(now: Moment, clockTrusted: Bool) -> WakeAction {
        var action = WakeAction()
        noticeClock(now, clockTrusted: clockTrusted)
        guard !isBlockedByDisk, !isDraining else { return action }
        if let record = clockRecord { action.commands.append(.saveClock(record)) }
        clockRecord = nil
        releasePaced(now: now.monotonic)
        endTrials(now: now, into: &action)
        startProbes(now: now, clockTrusted: clockTrusted, into: &action)
        for index in routes.indices { serveWaiting(index, now: now, clockTrusted: clockTrusted, into: &action) }
        var looked = 0
        while inFlight < limits.inFlightMax, looked < turns.count {
            switch offer(FunctionKey(turns.popFirst()!), now: now, clockTrusted: clockTrusted, into: &action) {
            // Nothing of its own will say when there is a slot for it: it keeps its turn.
            case .keepsTurn: looked += 1
            case .saves, .passed: break
            case .started: looked = 0
            }
        }
        return action
    }

    private enum Turn { case started, saves, keepsTurn, passed }

    /// Functions whose turn came while their route had no room.
    private mutating func serveWaiting(_ index: Int, now: Moment, clockTrusted: Bool, into action: inout WakeAction) {
        var left = routes[index].waiting.count
        while left > 0, inFlight < limits.inFlightMax, routes[index].hasRoom(at: now.monotonic),
            let key = routes[index].waiting.popFirst()
        {
            left -= 1
            _ = offer(FunctionKey(key), now: now, clockTrusted: clockTrusted, into: &action)
        }
    }

    /// A function's turn (deficit round robin): it may send one event, a large one only after several turns.
    private mutating func offer(
        _ key: FunctionKey,
        now: Moment,
        clockTrusted: Bool,
        into action: inout WakeAction
    ) -> Turn {
        guard functions.contains(key) else { return .passed }
        functions[known: key].isListed = false
        let route = functions[known: key].route.rawValue
        if functions[known: key].suspension != nil {
            probes.look(at: key)
            offerProbe(key, now: now, clockTrusted: clockTrusted, into: &action)
            return .passed
        }
        guard functions[known: key].waiting > 0, canStart(functions[known: key]) else {
            functions[known: key].credit = 0
            dropIfIdle(key)
            return .passed
        }
        guard routes[route].hasRoom(at: now.monotonic) else {
            waitForRoom(key, route, now: now.monotonic)
            return .passed
        }
        if functions[known: key].inFlight >= 2, isScarce || holdsItsShare(functions[known: key]) {
            list(key)
            return .keepsTurn
        }
        if let time = tokenTime(key, now: now.monotonic) {
            pace(key, until: time)
            return .passed
        }
        switch choose(key, now: now) {
        case nil: return .passed
        case .later(let time)?:
            pace(key, until: time)
            return .passed
        case .event(let sequence, let line, let turns)?:
            functions[known: key].credit += 1
            let event = window[known: sequence].event
            let cost = 1 + event.payload.count / Self.turnBytes
            guard functions[known: key].credit >= cost else {
                list(key)
                return .saves
            }
            functions[known: key].credit -= cost
            functions[known: key].turns = turns
            functions[known: key].take(sequence, from: line)
            begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
            list(key)
            return .started
        }
    }

    private mutating func waitForRoom(_ key: FunctionKey, _ route: Int, now: MonotonicTime) {
        if let control = routes[route].pace.control, !control.hasToken(at: now) {
            routes[route].pace.control!.waited(at: now)
        }
        functions[known: key].isListed = true
        routes[route].waiting.append(key.rawValue)
    }

    /// The last eighth of the slots goes only to functions with fewer than two in flight (P6).
    var isScarce: Bool { inFlight >= unreserved && !Planted.lastEighthTaken }
    private var unreserved: Int { limits.inFlightMax - limits.inFlightMax / 8 }

    /// Where several functions use more than half of the slots, each leaves enough for one more like it: slots that wait
    /// for slow answers don't come back soon, and two at a time are too few for a busy newcomer (P6). Few functions are
    /// bounded by `max_in_flight`.
    func holdsItsShare(_ function: FunctionState) -> Bool {
        guard functionsInFlight >= Self.manyInFlight, inFlight > limits.inFlightMax / 2 else { return false }
        return function.inFlight >= unreserved / (functionsInFlight + 1)
    }

    private static let manyInFlight = 4

    private func canStart(_ function: FunctionState) -> Bool {
        guard !isBlocked(function), function.hold == nil else { return false }
        return function.inFlight < function.limit.current
    }

    private mutating func begin(_ sequence: Int64, clockTrusted: Bool, now: Moment, into action: inout WakeAction) {
        let event = window[known: sequence].event
        if clockTrusted, !Planted.hardExpiryIgnored, let expiry = event.expiresAt, expiry <= now.wall,
            functions[known: event.functionKey].policy.soft == false
        {
            forget(sequence)
            burying.insert(sequence)
            action.commands.append(
                .bury(sequence: sequence, .expired, reason: "not handed over before its hard expiry")
            )
            return
        }
        let key = event.functionKey
        if crashed.isPoison(event.id), !functions[known: key].policy.soft {
            forget(sequence)
            burying.insert(sequence)
            let reason = "it was the only suspect in flight at \(CrashSuspects.crashesMax) crashes of the daemon"
            action.commands.append(.bury(sequence: sequence, .suspectedPoison, reason: reason))
            return
        }
        if isHeldBack(sequence) { return }
        let route = functions[known: key].route
        if functions[known: key].forced == sequence { functions[known: key].forced = nil }
        window[known: sequence].place = .inFlight
        underWay.insert(sequence)
        window[known: sequence].startedAt = now.wall
        inFlight += 1
        functions[known: key].inFlight += 1
        if functions[known: key].inFlight == 1 { functionsInFlight += 1 }
        routes[route.rawValue].inFlight += 1
        counters.attempts += 1
        takeTokens(key, line: window[known: sequence].line, now: now, ageFrom: event.ageFrom)
        action.starts.append(Start(event: event, route: route))
    }

    // MARK: Probes

    private mutating func startProbes(now: Moment, clockTrusted: Bool, into action: inout WakeAction) {
        for index in routes.indices {
            guard let suspension = routes[index].suspension, suspension.nextProbe <= now.monotonic else { continue }
            if Planted.probesByWallClock, now.wall < suspension.since { continue }
            guard inFlight < limits.inFlightMax, routes[index].probe == nil, !routes[index].lacksCandidate else {
                continue
            }
            guard let sequence = routeCandidate(RouteKey(index)) else {
                routes[index].lacksCandidate = true
                readCandidate(for: RouteKey(index))
                continue
            }
            let key = window[known: sequence].event.functionKey
            takeOut(sequence, of: key)
            begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
            guard window[sequence]?.place == .inFlight else { continue }
            routes[index].probe = sequence
            routes[index].lastProbedFunction = key
            routes[index].lastProbedSequence = sequence
            if !holdsUntriedCandidate(RouteKey(index)) { readCandidate(for: RouteKey(index)) }
        }
        probes.collect(now: now.monotonic) { key, at in functions[key]?.suspension?.nextProbe == at }
        guard inFlight < limits.inFlightMax, !probes.due.isEmpty else { return }
        for key in probes.due.sorted() {
            guard inFlight < limits.inFlightMax else { return }
            offerProbe(key, now: now, clockTrusted: clockTrusted, into: &action)
        }
    }

    /// A suspended function's turn to be probed. It stays due where the event can't be begun now.
    private mutating func offerProbe(
        _ key: FunctionKey,
        now: Moment,
        clockTrusted: Bool,
        into action: inout WakeAction
    ) {
        guard let sequence = dueProbe(of: key, now: now) else {
            // A later probe is scheduled; an event that comes, or the route's return, brings it back.
            probes.leave(key)
            if isReadForProbe(key, now: now) { toProbe.append(key.rawValue) }
            return
        }
        let route = functions[known: key].route.rawValue
        guard routes[route].hasRoom(at: now.monotonic) || Planted.probesTakeOthersTokens else {
            // A throttled route's rate is for all of its functions: this one gets its turn with them (P6).
            probes.leave(key)
            if !functions[known: key].isListed { waitForRoom(key, route, now: now.monotonic) }
            return
        }
        takeOut(sequence, of: key)
        begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
        guard window[sequence]?.place == .inFlight else { return }
        functions[known: key].probe = sequence
        functions[known: key].lastProbed = sequence
        if wantsCandidates(functions[known: key]) { toProbe.append(key.rawValue) }
    }

    /// The event that a suspended function is probed with now; nil: it isn't.
    private func dueProbe(of key: FunctionKey, now: Moment) -> Int64? {
        guard let function = functions[key], let suspension = function.suspension,
            suspension.nextProbe <= now.monotonic, function.probe == nil, function.pause == nil,
            routes[function.route.rawValue].suspension == nil
        else { return nil }
        return candidate(of: function, not: function.lastProbed)
    }

    /// Its probe is due, and nothing of it is in memory.
    private func isReadForProbe(_ key: FunctionKey, now: Moment) -> Bool {
        guard let function = functions[key], let suspension = function.suspension else { return false }
        return suspension.nextProbe <= now.monotonic && function.probe == nil && wantsCandidates(function)
            && routes[function.route.rawValue].suspension == nil
    }

    /// Whether a waiting event in memory has not been attempted yet.
    func holdsUntried(_ function: FunctionState) -> Bool {
        function.waitingSequences.contains { window[known: $0].event.attempts == 0 }
    }

    private func holdsUntriedCandidate(_ route: RouteKey) -> Bool {
        routeCandidate(route).map { window[known: $0].event.attempts == 0 } ?? false
    }

    /// Nothing of it is in memory to probe with, or only events that were tried in vain: they don't keep out one that
    /// was not.
    func wantsCandidates(_ function: FunctionState) -> Bool {
        function.waiting == 0 || (function.parked != nil && !holdsUntried(function))
    }

    /// A function is suspended until a time, or that time has changed.
    mutating func scheduleProbe(of key: FunctionKey) {
        // Out of date ones are dropped when their time comes; more of them than others are dropped at once.
        if probes.count > 2 * suspendedFunctions.count + 1024 {
            probes.removeAll()
            for other in suspendedFunctions where other != key {
                if let at = functions[other]?.suspension?.nextProbe { probes.schedule(other, at: at) }
            }
        }
        if let at = functions[key]?.suspension?.nextProbe { probes.schedule(key, at: at) }
    }

    mutating func takeOut(_ sequence: Int64, of key: FunctionKey) {
        functions[known: key].take(sequence, from: window[known: sequence].line)
    }

    /// The waiting event with the fewest failed attempts, then the oldest; never the same twice running while another waits.
    func candidate(of function: FunctionState, not last: Int64?) -> Int64? {
        var best: (attempts: Int, sequence: Int64)?
        if let forced = forcedNext(function) { return forced }
        for sequence in function.waitingSequences {
            if sequence == last, function.waiting > 1 { continue }
            let attempts = window[known: sequence].event.attempts
            if best == nil || (attempts, sequence) < best! { best = (attempts, sequence) }
        }
        return best?.sequence
    }

    /// The event that an operator wants to be next. One that is set aside is in no line: it is next once it is back.
    func forcedNext(_ function: FunctionState) -> Int64? {
        guard let forced = function.forced, window[forced]?.place == .waiting, !setAside.contains(forced) else {
            return nil
        }
        return forced
    }

    /// As `candidate`, of another function than the last probe's where there is one; one that is not suspended itself if possible.
    func routeCandidate(_ key: RouteKey) -> Int64? {
        let route = routes[key.rawValue]
        var best: (rank: Int, attempts: Int, sequence: Int64)?
        for function in functions.values
        where function.route == key && function.waiting > 0 && function.pause == nil {
            guard let sequence = candidate(of: function, not: route.lastProbedSequence) else { continue }
            let rank =
                (sequence == route.lastProbedSequence ? 4 : 0) + (function.suspension == nil ? 0 : 2)
                + (function.key == route.lastProbedFunction ? 1 : 0) - (sequence == function.forced ? 8 : 0)
            // All of them: what fails on the way is not charged, and must not be the probe again and again.
            let attempts = window[known: sequence].event.attempts
            if best == nil || (rank, attempts, sequence) < best! { best = (rank, attempts, sequence) }
        }
        return best?.sequence
    }

    /// A probe of this route is about to go out: time to look at its credentials again.
    package func isProbing(route key: RouteKey, now: Moment) -> Bool {
        let route = routes[key.rawValue]
        guard let suspension = route.suspension, route.probe == nil else { return false }
        return suspension.nextProbe <= now.monotonic
    }

    // MARK: Waiting

    /// How long the loop may wait before it calls `wake` and `nextClaim` again, if nothing happens meanwhile.
    package func wait(now: Moment) -> Span {
        var wait = limits.wakeMax
        func until(_ time: MonotonicTime) {
            // A partial millisecond is rounded up: waking too early would spin.
            wait = min(wait, max(.zero, .milliseconds(time.since(now.monotonic).milliseconds + 1)))
        }
        if let nextDue, outstanding == nil, hasRoomForPage, !isDraining {
            wait = min(wait, max(.milliseconds(1), nextDue.since(now.wall)))
        }
        for route in routes {
            if let suspension = route.suspension, route.probe == nil, suspension.nextProbe > now.monotonic {
                until(suspension.nextProbe)
            }
            if !route.waiting.isEmpty {
                for time in [route.heldUntil, route.pace.control?.next].compactMap(\.self) where time > now.monotonic {
                    until(time)
                }
            }
        }
        for key in trials {
            if let lapse = functions[key]?.rejections.lapsesAt, lapse > now.monotonic { until(lapse) }
        }
        if let probe = probes.earliest, probe > now.monotonic { until(probe) }
        if let next = paced.earliest, next > now.monotonic { until(next) }
        return wait
    }
}
