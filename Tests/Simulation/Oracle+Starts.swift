import OutboxCore

/// What is checked as an attempt begins, and as it ends.
extension Oracle {
    /// - Returns: whether the attempt is the route's or the function's probe, as far as is known.
    func startsToBeChecked(_ attempt: AttemptRequest, function: Int) {
        let event = attempt.event
        let route = record.plan.functions[function].route
        guard let entry = entries[event.sequence], entry.id == event.id else {
            return violated("I1", "an attempt of an event that was accepted", "\(event.id) of \(event.function)")
        }
        if entry.state != .queued {
            violated("I2", "an attempt of a queued event", "\(event.id), which is \(entry.state)")
        }
        if flights[event.sequence] != nil {
            violated("I2", "one attempt at a time", "\(event.id) is in flight already")
        }
        if event.payload != entry.payload { violated("P10", "the bytes accepted", "\(event.id) with other bytes") }
        if let due = entry.dueAt, due > maxWall {
            violated("due", "no attempt before \(due.milliseconds)", "\(event.id) at \(maxWall.milliseconds)")
        }
        if entry.takes > 0, !event.uncertain, !entry.mayBeUnmarked {
            violated("P3", "the mark uncertain on an event that Lambda may have", "\(event.id) without it")
        }
        if isDiskBlocked { violated("disk", "no attempt while outcomes wait for the disk", "\(event.id) was begun") }
        if suspects.contains(event.id), let other = flights.keys.first(where: { suspects.contains(entries[$0]!.id) }) {
            violated("alone", "suspects of a crash one at a time", "\(event.id) beside \(entries[other]!.id)")
        }
        let identity = record.plan.functions[function].identity
        if let pause = pauses.first(where: { $0.matches(identity) }) {
            violated("pause", "nothing of what '\(pause)' means is started", "\(event.id) of \(identity)")
        }
        checkProbe(function, route, event)
        if scopes.routes[route].reason == nil { checkRetryAfter(scopes.routes[route], "its route", event) }
        if scopes.functions[function].reason == nil, scopes.routes[route].reason == nil {
            checkPace(function, event)
            watchStart(function, event)
            turnsStart(function, event)
        } else {
            turns[function].left(event.sequence)
        }
    }

    private func checkProbe(_ function: Int, _ route: Int, _ event: QueuedEvent) {
        func check(_ scope: Scopes.Scope, _ what: String, cap: Double) {
            guard let reason = scope.reason else { return }
            if let probe = scope.probe {
                violated(
                    "probe",
                    "one probe at a time of \(what) (\(reason))",
                    "\(event.id) beside \(entries[probe]!.id)"
                )
            }
            let earliest = scope.nextProbe(cap: cap)
            if record.nanoseconds < earliest {
                violated(
                    "probe",
                    "the next probe of \(what) after \(scope.failedProbes) failed ones at \(Double(earliest) / 1e9) s",
                    "one at \(Double(record.nanoseconds) / 1e9) s"
                )
            }
        }
        if scopes.routes[route].reason != nil {
            check(scopes.routes[route], record.plan.routes[route], cap: scopes.routes[route].lastWasUnsent ? 2 : 30)
        } else {
            check(scopes.functions[function], name(function), cap: 300)
        }
    }

    private func checkPace(_ function: Int, _ event: QueuedEvent) {
        let now = record.nanoseconds
        let policy = policy(function)
        let total = flights.count
        let limit = record.plan.limits.inFlightMax
        if total >= limit { violated("limit", "at most \(limit) in flight", "\(total + 1)") }
        if inFlight[function] >= policy.maxInFlight {
            violated(
                "limit",
                "at most \(policy.maxInFlight) of \(name(function)) in flight",
                "\(inFlight[function] + 1)"
            )
        }
        if total >= limit - limit / 8, inFlight[function] >= 2 {
            violated("P6", "the last eighth of \(limit) slots for functions with fewer than two", name(function))
        }
        checkRetryAfter(scopes.functions[function], name(function), event)
        if let rate = policy.rate, let found = starts[function].add(now, rate: rate) {
            violated("rate", "\(rate)/s of \(name(function))", "\(found.count) in \(found.seconds) s")
        }
        let isOld = record.world.now.wall.since(event.ageFrom) > .seconds(60)
        if let rate = policy.drainRate, isOld || event.redriven > 0, !forced.contains(event.sequence),
            let found = drains[function].add(now, rate: rate)
        {
            violated("drain_rate", "\(rate)/s of \(name(function))", "\(found.count) in \(found.seconds) s")
        }
    }

    private func checkRetryAfter(_ scope: Scopes.Scope, _ what: String, _ event: QueuedEvent) {
        guard record.nanoseconds < scope.heldUntil else { return }
        violated("Retry-After", "no attempt before \(Double(scope.heldUntil) / 1e9) s, says \(what)", "\(event.id)")
    }

    func started(_ event: QueuedEvent, function: Int, cause: Cause, retryAfter: Span?) {
        let route = record.plan.functions[function].route
        let isRouteProbe = scopes.routes[route].reason != nil
        let isProbe = !isRouteProbe && scopes.functions[function].reason != nil
        flights[event.sequence] = Flight(
            function: function,
            route: route,
            cause: cause,
            retryAfter: retryAfter,
            startedAt: record.nanoseconds,
            isProbe: isProbe,
            isRouteProbe: isRouteProbe
        )
        inFlight[function] += 1
        sharesStart(function, event, tookTurn: !isProbe && !isRouteProbe)
        watch.functions[function].left(event.sequence)
        slots.insert(event.id)
        forced.remove(event.sequence)
        if isRouteProbe {
            scopes.routes[route].probe = event.sequence
            scopes.routes[route].isForward = false
        } else if isProbe {
            scopes.functions[function].probe = event.sequence
            scopes.functions[function].isForward = false
        }
        idleSince[function] = record.nanoseconds
        if cause.isTaken, entries[event.sequence] != nil {
            entries[event.sequence]!.takes += 1
            if entries[event.sequence]!.takes > 1 { record.happened(.secondDelivery) }
        }
        record.occurrences.add("attempt: \(cause.rawValue)")
        record.note(1, UInt64(event.sequence), text: "start \(event.sequence) of \(name(function)): \(cause.rawValue)")
    }

    func ended(_ sequence: Int64, _ outcome: AttemptOutcome) {
        guard var flight = flights[sequence], !flight.hasEnded else {
            return violated("attempts", "the end of an attempt that was begun", "event \(sequence)")
        }
        let now = record.nanoseconds
        let (function, route) = (flight.function, flight.route)
        flight.hasEnded = true
        flight.endWall = record.world.now.wall
        flight.endedAt = now
        flight.policy = policy(function)
        // A probe that AWS answers ends the suspension before its own outcome is judged, and that of others beside it.
        flight.isCutOff =
            scopes.routes[route].reason != nil && scopes.routes[route].probe != nil && !flight.isRouteProbe
        if case .answered(let answer) = outcome {
            suspects.remove(entries[sequence]!.id)
            if let date = answer.date, answer.requestID != nil { serverSeen = (date, now) }
        }
        // The answer's own date counts already.
        lookAtClock()
        flight.isTrusted = isTrusted
        flight.steppedAt = steppedAt
        learn(&flight, now: now)
        if flight.cause.isMidway { countMidway(sequence, route) }
        if flight.cause == .eventCode { entries[sequence]!.wasRefused = true }
        watchEnd(sequence, flight, outcome)
        sharesEnd(flight)
        if flight.isRouteProbe || scopes.routes[route].probe == sequence {
            scopes.routes[route].probe = nil
            scopes.routes[route].probedAt = now
            scopes.routes[route].lastWasUnsent = flight.cause.isUnsent
            let isSuspect = entries[sequence]!.midway >= 3
            switch flight.cause {
            // Signed anew at once; or it says nothing of the route.
            case .badSignature, .wrongClock, .expiredToken, .corrupt: scopes.routes[route].bringForward(at: now)
            default: if flight.cause.blame == .route, !isSuspect { scopes.routes[route].failedProbes += 1 }
            }
        }
        if flight.isProbe || scopes.functions[function].probe == sequence {
            scopes.functions[function].probe = nil
            scopes.functions[function].probedAt = now
        }
        entries[sequence]!.lastCause = flight.cause
        flights[sequence] = flight
        idleSince[function] = now
        record.note(2, UInt64(sequence), text: "end \(sequence)")
    }

    private func countMidway(_ sequence: Int64, _ route: Int) {
        if entries[sequence]!.midway == 0 { entries[sequence]!.othersAtFirst = scopes.routes[route].handedOver }
        entries[sequence]!.midway += 1
    }

    /// What an end says about function and route.
    private func learn(_ flight: inout Flight, now: Int64) {
        let (function, route) = (flight.function, flight.route)
        switch flight.cause {
        case .handedOver:
            scopes.routes[route].failing = [:]
            scopes.routes[route].handedOver += 1
        case .functionThrottle, .routeThrottle:
            let rest = min(flight.retryAfter ?? .zero, .minutes(15))
            guard rest > .zero else { break }
            let until = now + rest.milliseconds * 1_000_000
            if flight.cause == .routeThrottle {
                scopes.routes[route].heldUntil = max(scopes.routes[route].heldUntil, until)
            } else {
                scopes.functions[function].heldUntil = max(scopes.functions[function].heldUntil, until)
            }
        case _ where flight.cause.canBeShared:
            var failing = scopes.routes[route].failing[flight.cause] ?? []
            let isKnown = scopes.routes[route].reason?.hasPrefix("several functions") ?? false
            flight.mayBeShared = isKnown || !failing.subtracting([function]).isEmpty
            failing.insert(function)
            scopes.routes[route].failing[flight.cause] = failing
        default: break
        }
    }

    /// The journal's word on functions and routes.
    func changed(_ change: StateChange) {
        let now = record.nanoseconds
        switch change.subject {
        case .function(_, let identity):
            let function = index(of: identity)
            let wasSuspended = scopes.functions[function].reason != nil
            watchChange(function, isSuspended: change.suspension != nil, wasSuspended: wasSuspended)
            turnsForget(function: function)
            sharesForget(function: function)
            guard let suspension = change.suspension else {
                scopes.functions[function].reason = nil
                return
            }
            if scopes.functions[function].reason == nil { record.happened(.functionSuspended) }
            if suspension.reason.hasPrefix("5 different events") { record.happened(.refusalsInARow) }
            scopes.functions[function].suspend(suspension.reason, at: now)
        case .route(let name):
            guard let route = record.plan.routes.firstIndex(of: name) else { return }
            let wasSuspended = scopes.routes[route].reason != nil
            sharesChanged(route: route, isSuspended: change.suspension != nil, wasSuspended: wasSuspended)
            turnsForget(route: route)
            guard let suspension = change.suspension else {
                scopes.routes[route].reason = nil
                // Functions' own probes were held meanwhile.
                return
            }
            if scopes.routes[route].reason == nil { record.happened(.routeSuspended) }
            if suspension.reason.hasPrefix("several functions") { record.happened(.sharedFailure) }
            scopes.routes[route].suspend(suspension.reason, at: now)
        }
    }
}
