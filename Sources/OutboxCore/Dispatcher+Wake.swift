/// What is started, read and waited for.
extension Dispatcher {
    /// Chooses what is started now.
    ///
    /// - Parameter clockTrusted: whether the wall clock may decide that an event has expired.
    package mutating func wake(now: Moment, clockTrusted: Bool) -> WakeAction {
        var action = WakeAction()
        guard !isBlockedByDisk, !isDraining else { return action }
        releaseHolds(now: now)
        startProbes(now: now, clockTrusted: clockTrusted, into: &action)
        var looked = 0
        while inFlight < limits.inFlightMax, looked < turns.count {
            let key = FunctionKey(turns.popFirst()!)
            guard var function = functions[key] else { continue }
            function.isListed = false
            functions[key] = function
            guard function.waiting > 0, canStart(function, now: now) else {
                dropIfIdle(key)
                continue
            }
            let route = routes[function.route.rawValue]
            if route.inFlight >= route.allowance || (isScarce && function.inFlight >= 2) {
                // No slot for it now, and nothing of its own will say when there is one: it keeps its turn.
                list(key)
                looked += 1
                continue
            }
            looked = 0
            let sequence = functions[key]!.takeNext()!
            begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
            list(key)
        }
        return action
    }

    /// The last eighth of the slots goes only to functions with fewer than two in flight (P6).
    private var isScarce: Bool { inFlight >= limits.inFlightMax - limits.inFlightMax / 8 }

    private func canStart(_ function: FunctionState, now: Moment) -> Bool {
        let route = routes[function.route.rawValue]
        guard function.pause == nil, function.suspension == nil, route.suspension == nil else { return false }
        guard function.heldUntil == nil, route.heldUntil == nil else { return false }
        return function.inFlight < min(function.policy.maxInFlight, function.allowance)
    }

    private mutating func begin(_ sequence: Int64, clockTrusted: Bool, now: Moment, into action: inout WakeAction) {
        let event = window[sequence]!.event
        if clockTrusted, let expiry = event.expiresAt, expiry <= now.wall,
            functions[event.functionKey]!.policy.soft == false
        {
            forget(sequence)
            burying.insert(sequence)
            action.commands.append(
                .bury(sequence: sequence, .expired, reason: "not handed over before its hard expiry")
            )
            return
        }
        let key = event.functionKey
        let route = functions[key]!.route
        if functions[key]!.forced == sequence { functions[key]!.forced = nil }
        window[sequence]!.place = .inFlight
        window[sequence]!.startedAt = now.wall
        inFlight += 1
        functions[key]!.inFlight += 1
        routes[route.rawValue].inFlight += 1
        counters.attempts += 1
        action.starts.append(Start(event: event, route: route))
    }

    // MARK: Probes

    private mutating func startProbes(now: Moment, clockTrusted: Bool, into action: inout WakeAction) {
        for index in routes.indices {
            guard let suspension = routes[index].suspension, suspension.nextProbe <= now.monotonic else { continue }
            guard inFlight < limits.inFlightMax, routes[index].probe == nil,
                let sequence = routeCandidate(RouteKey(index))
            else { continue }
            let key = window[sequence]!.event.functionKey
            takeOut(sequence, of: key)
            begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
            guard window[sequence] != nil else { continue }
            routes[index].probe = sequence
            routes[index].lastProbedFunction = key
            routes[index].lastProbedSequence = sequence
        }
        probes.collect(now: now.monotonic) { key, at in functions[key]?.suspension?.nextProbe == at }
        guard inFlight < limits.inFlightMax, !probes.due.isEmpty else { return }
        for key in probes.due.sorted() {
            guard inFlight < limits.inFlightMax else { return }
            guard let function = functions[key], let suspension = function.suspension,
                suspension.nextProbe <= now.monotonic, function.probe == nil, function.pause == nil,
                routes[function.route.rawValue].suspension == nil,
                let sequence = candidate(of: function, not: function.lastProbed)
            else {
                // A later probe is scheduled; an event that comes, or the route's return, brings it back.
                probes.leave(key)
                continue
            }
            takeOut(sequence, of: key)
            begin(sequence, clockTrusted: clockTrusted, now: now, into: &action)
            guard window[sequence] != nil else { continue }
            functions[key]!.probe = sequence
            functions[key]!.lastProbed = sequence
        }
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
        functions[key]!.fresh.remove(sequence)
        functions[key]!.retried.remove(sequence)
    }

    /// The waiting event with the fewest failed attempts, then the oldest; never the same twice running while another waits.
    private func candidate(of function: FunctionState, not last: Int64?) -> Int64? {
        var best: (attempts: Int, sequence: Int64)?
        if let forced = function.forced, window[forced]?.place == .waiting { return forced }
        for sequence in Array(function.fresh.elements) + Array(function.retried.elements) {
            if sequence == last, function.waiting > 1 { continue }
            let attempts = window[sequence]!.event.chargedAttempts
            if best == nil || (attempts, sequence) < best! { best = (attempts, sequence) }
        }
        return best?.sequence
    }

    /// As `candidate`, of another function than the last probe's where there is one; one that is not suspended itself if possible.
    private func routeCandidate(_ key: RouteKey) -> Int64? {
        let route = routes[key.rawValue]
        var best: (rank: Int, attempts: Int, sequence: Int64)?
        for function in functions.values
        where function.route == key && function.waiting > 0 && function.pause == nil {
            guard let sequence = candidate(of: function, not: route.lastProbedSequence) else { continue }
            let rank =
                (sequence == route.lastProbedSequence ? 4 : 0) + (function.suspension == nil ? 0 : 2)
                + (function.key == route.lastProbedFunction ? 1 : 0) - (sequence == function.forced ? 8 : 0)
            let attempts = window[sequence]!.event.chargedAttempts
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

    // MARK: Holds

    private mutating func releaseHolds(now: Moment) {
        for index in routes.indices where routes[index].heldUntil.map({ $0 <= now.monotonic }) ?? false {
            routes[index].heldUntil = nil
            listAll(on: RouteKey(index))
        }
        for key in held where functions[key]?.heldUntil.map({ $0 <= now.monotonic }) ?? true {
            held.remove(key)
            functions[key]?.heldUntil = nil
            list(key)
        }
    }

    mutating func listAll(on route: RouteKey) {
        for key in functions.keys.sorted() where functions[key]!.route == route { list(key) }
    }

    // MARK: Reading

    /// What to read from the store next; nil if nothing, or while a page is on its way.
    package mutating func nextClaim(now: Moment) -> ClaimRequest? {
        guard outstanding == nil, !isDraining else { return nil }
        for _ in 0..<3 {
            lanesTurn = (lanesTurn + 1) % 3
            let request: ClaimRequest? =
                switch lanesTurn {
                case 0: dueClaim(now: now)
                case 1: passedOverClaim(now: now)
                default: freshClaim()
                }
            if let request {
                outstanding = request
                return request
            }
        }
        return nil
    }

    private var hasRoomForPage: Bool {
        window.count + limits.claimEventsMax <= limits.windowEventsMax && windowBytes <= limits.windowBytesMax * 3 / 4
    }

    private func dueClaim(now: Moment) -> ClaimRequest? {
        guard hasRoomForPage else { return nil }
        var place = duePlace
        if place == nil {
            guard let nextDue, nextDue <= now.wall else { return nil }
            // Whatever is due before that is in the window, or recorded as passed over.
            place = DuePlace(dueAt: nextDue.advanced(by: .milliseconds(-1)), sequence: .max)
        }
        return claim(.due(after: place, until: now.wall, only: nil), held: Set(window.keys))
    }

    private func freshClaim() -> ClaimRequest? {
        guard hasRoomForPage, freshCursor < announced else { return nil }
        let held = freshCursor < freshHigh ? Set(window.keys.filter { $0 > freshCursor }) : []
        return claim(.fresh(after: freshCursor, through: .max, only: nil), held: held)
    }

    /// Rows of one function that were passed over, as soon as it can use them.
    private mutating func passedOverClaim(now: Moment) -> ClaimRequest? {
        var probesWanted: [RouteKey: Bool] = [:]
        let inTurn = passedOver.sorted()
        let start = inTurn.firstIndex { $0 > lastPassedOver } ?? 0
        for key in inTurn[start...] + inTurn[..<start] {
            guard let function = functions[key], function.parked != nil || function.duePassedOver else {
                passedOver.remove(key)
                dropIfIdle(key)
                continue
            }
            if function.pause != nil { continue }
            let blocked = isBlocked(function)
            let share = share(of: function)
            if blocked {
                guard function.waiting == 0, probeIsNear(function, now: now) else { continue }
                // One candidate is enough for a route's probe.
                if routes[function.route.rawValue].suspension != nil {
                    let wanted = probesWanted[function.route] ?? (routeCandidate(function.route) == nil)
                    probesWanted[function.route] = wanted
                    guard wanted, routes[function.route.rawValue].probe == nil else { continue }
                }
            } else {
                guard !isHeld(function), hasRoomForPage else { continue }
                guard function.waiting + function.inFlight <= share / 2 else { continue }
                guard function.windowBytes <= limits.functionBytesMax / 2 else { continue }
            }
            lastPassedOver = key
            let held = Set(function.fresh.elements).union(function.retried.elements).union(
                window.filter { $0.value.event.functionKey == key && $0.value.place != .waiting }.keys
            )
            var request: ClaimRequest
            if let range = function.parked, !(function.duePassedOver && function.retriedNext) || blocked {
                request = claim(.fresh(after: range.first - 1, through: range.last, only: key), held: held)
            } else {
                functions[key]!.isDueScanUnderWay = true
                request = claim(.due(after: function.duePlace, until: now.wall, only: key), held: held)
            }
            request.skip = []
            request.eventsMax =
                blocked
                ? FunctionState.candidatesMax
                : min(limits.claimEventsMax, share - function.waiting - function.inFlight)
            request.perFunctionMax = .max
            return request
        }
        return nil
    }

    private func probeIsNear(_ function: FunctionState, now: Moment) -> Bool {
        let own = function.suspension?.nextProbe
        let route = routes[function.route.rawValue].suspension?.nextProbe
        return max(own ?? now.monotonic, route ?? now.monotonic) <= now.monotonic
    }

    private func claim(_ lane: ClaimRequest.Lane, held: Set<Int64>) -> ClaimRequest {
        var skip: Set<FunctionKey> = []
        for (key, function) in functions {
            let full = function.waiting + (isBlocked(function) ? 0 : function.inFlight) >= share(of: function)
            let fresh = if case .fresh = lane { function.parked != nil } else { false }
            if fresh || full { skip.insert(key) }
        }
        return ClaimRequest(
            lane: lane,
            skip: skip,
            held: held,
            eventsMax: limits.claimEventsMax,
            bytesMax: min(limits.claimBytesMax, max(1, limits.windowBytesMax - windowBytes)),
            scannedMax: limits.claimScannedMax,
            perFunctionMax: max(1, limits.functionEventsMax / 2)
        )
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
            if let held = route.heldUntil { until(held) }
        }
        if let probe = probes.earliest, probe > now.monotonic { until(probe) }
        for key in held { if let time = functions[key]?.heldUntil { until(time) } }
        return wait
    }
}
