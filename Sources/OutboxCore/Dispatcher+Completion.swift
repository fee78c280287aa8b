/// What an attempt's outcome means.
extension Dispatcher {
    /// Failures after sending between which others got through that make an event suspect, and those that it then has alone.
    static let routeFailuresToSuspect = 3
    static let suspectFailuresMax = 5
    /// Attempts with an unknown 4xx before it counts as a rejection.
    static let unknownAttemptsMax = 5

    /// An attempt has ended. The event stays in flight until `committed` is told that the resolution is on disk.
    ///
    /// - Parameter credentialsRefreshed: the credentials that the attempt was signed with are no longer the current ones:
    ///   an expired token then means another try, not a suspended route.
    package mutating func completed(
        _ completion: AttemptCompletion,
        now: Moment,
        clockTrusted: Bool,
        credentialsRefreshed: Bool = false,
        using random: inout some RandomNumberGenerator
    ) -> CompletionAction {
        guard var entry = window[completion.sequence], entry.place == .inFlight else {
            preconditionFailure("an attempt ended that is not in flight")
        }
        let verdict = ResponseClassifier.verdict(for: completion.outcome)
        let key = entry.event.functionKey
        let route = functions[key]!.route
        let wasProbe = functions[key]!.probe == completion.sequence
        let wasRouteProbe = routes[route.rawValue].probe == completion.sequence
        if wasProbe { functions[key]!.probe = nil }
        if wasRouteProbe { routes[route.rawValue].probe = nil }

        var changes: [StateChange] = []
        if verdict.uncertain {
            entry.event.uncertain = true
            counters.uncertain += 1
        }
        entry.event.attempts += 1
        if let blame = verdict.blame { counters.failures[blame, default: 0] += 1 }
        tally.add(AttemptKind(verdict.blame).rawValue, for: key, functions[key]!.identity)
        if case .answered = completion.outcome, verdict.blame != .route {
            routeWorks(route, handedOver: verdict.blame == nil, wasProbe: wasRouteProbe, &changes)
        }

        let policy = functions[key]!.policy
        let fate: Resolution.Fate
        var charged = false
        switch verdict.blame {
        case nil:
            counters.handedOver += 1
            routes[route.rawValue].handedOver += 1
            functionWorks(key, wasProbe: wasProbe || wasRouteProbe, &changes)
            fate = .handedOver
        case .event:
            if wasProbe { probeAgain(key, now: now, using: &random) }
            if policy.soft {
                fate = .waits(dueAt: backoff(&entry.event, policy, retryAfter: nil, now: now, using: &random))
            } else {
                fate = .dead(isCorrupt(completion.outcome) ? .corrupt : .rejected, reason: verdict.reason)
            }
        case .function, .unknown:
            charged = true
            entry.event.chargedAttempts += 1
            if verdict.blame == .unknown { entry.event.unknownAttempts += 1 }
            functionFailed(key, verdict, wasProbe: wasProbe, now: now, &changes, using: &random)
            fate = afterCharge(&entry.event, verdict, policy, now: now, clockTrusted: clockTrusted, using: &random)
        case .throttle:
            if wasProbe { probeAgain(key, now: now, using: &random) }
            hold(key, route, verdict, now: now, using: &random)
            fate = .waits(dueAt: nil)
        case .route:
            if wasProbe { probeAgain(key, now: now, using: &random) }
            if verdict.refreshesCredentials, credentialsRefreshed {
                if wasRouteProbe { routes[route.rawValue].suspension?.nextProbe = now.monotonic }
                fate = .waits(dueAt: nil)
            } else {
                fate = routeFailed(&entry, route, verdict, wasProbe: wasRouteProbe, now: now, &changes, using: &random)
            }
        }
        switch fate {
        case .dead:
            counters.dead += 1
            suspects[completion.sequence] = nil
        case .handedOver:
            suspects[completion.sequence] = nil
        case .waits: break
        }

        entry.place = .committing
        entry.fate = fate
        window[completion.sequence] = entry
        let record = Self.record(completion, verdict, startedAt: entry.startedAt, charged: charged)
        return CompletionAction(
            resolution: Resolution(
                sequence: completion.sequence,
                attempt: record,
                fate: fate,
                chargedAttempts: entry.event.chargedAttempts,
                unknownAttempts: entry.event.unknownAttempts,
                routeFailures: entry.event.routeFailures,
                uncertain: entry.event.uncertain
            ),
            changes: changes
        )
    }

    private func isCorrupt(_ outcome: AttemptOutcome) -> Bool {
        if case .failed(let failure) = outcome { return failure.kind == .corrupt }
        return false
    }

    private static func record(
        _ completion: AttemptCompletion,
        _ verdict: Verdict,
        startedAt: WallTime,
        charged: Bool
    ) -> AttemptRecord {
        var record = AttemptRecord(
            at: startedAt,
            duration: completion.duration,
            outcome: "answered",
            blame: verdict.blame,
            charged: charged,
            uncertain: verdict.uncertain
        )
        switch completion.outcome {
        case .answered(let answer):
            if verdict.blame == nil { record.outcome = EventState.handedOver.rawValue }
            record.status = answer.status
            record.code = answer.code
            record.message = answer.message
            record.requestID = answer.requestID
        case .failed(let failure):
            record.outcome = failure.kind.rawValue
            record.message = failure.message
        }
        return record
    }

    // MARK: The event

    private func backoff(
        _ event: inout QueuedEvent,
        _ policy: FunctionPolicy,
        retryAfter: Span?,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> WallTime {
        let delay = RetryPolicy.delay(
            afterAttempt: max(1, event.chargedAttempts + event.routeFailures),
            base: policy.baseDelay,
            cap: policy.maxDelay,
            using: &random
        )
        return now.wall.advanced(by: max(delay, min(retryAfter ?? .zero, Self.retryAfterMax)))
    }

    static let retryAfterMax = Span.minutes(15)

    private func afterCharge(
        _ event: inout QueuedEvent,
        _ verdict: Verdict,
        _ policy: FunctionPolicy,
        now: Moment,
        clockTrusted: Bool,
        using random: inout some RandomNumberGenerator
    ) -> Resolution.Fate {
        let due = backoff(&event, policy, retryAfter: verdict.retryAfter, now: now, using: &random)
        if policy.soft { return .waits(dueAt: due) }
        if let max = policy.maxAttempts, event.chargedAttempts >= max {
            return .dead(.exhausted, reason: "\(event.chargedAttempts) attempts failed; the last: \(verdict.reason)")
        }
        if event.unknownAttempts >= Self.unknownAttemptsMax {
            return .dead(.rejected, reason: "refused \(event.unknownAttempts) times; the last: \(verdict.reason)")
        }
        if clockTrusted, due.since(event.ageFrom) > policy.maxAge {
            return .dead(
                .expired,
                reason: "older than max_age at its next attempt; the last failure: \(verdict.reason)"
            )
        }
        if clockTrusted, let expiry = event.expiresAt, expiry <= due {
            return .dead(
                .expired,
                reason: "its hard expiry comes before its next attempt; the last failure: \(verdict.reason)"
            )
        }
        return .waits(dueAt: due)
    }

    // MARK: The function

    /// A hand-over. While suspended only a probe's counts: an attempt that began before says nothing about now.
    private mutating func functionWorks(_ key: FunctionKey, wasProbe: Bool, _ changes: inout [StateChange]) {
        guard functions[key]!.suspension == nil || wasProbe else { return }
        functions[key]!.consecutiveFailures = 0
        functions[key]!.throttles = 0
        if functions[key]!.suspension != nil {
            functions[key]!.suspension = nil
            functions[key]!.allowance = 1
            suspendedFunctions.remove(key)
            changes.append(StateChange(subject: .function(key, functions[key]!.identity), suspension: nil))
        } else if functions[key]!.allowance < functions[key]!.policy.maxInFlight {
            functions[key]!.allowance += 1
        }
        list(key)
    }

    private mutating func functionFailed(
        _ key: FunctionKey,
        _ verdict: Verdict,
        wasProbe: Bool,
        now: Moment,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) {
        functions[key]!.consecutiveFailures += 1
        let function = functions[key]!
        let suspended = function.suspension != nil
        let begins = verdict.suspendsAtOnce || function.consecutiveFailures >= FunctionState.failuresToSuspend
        guard suspended ? wasProbe : begins else { return }
        functions[key]!.suspend(reason: verdict.reason, probeFailed: wasProbe, now: now, using: &random)
        suspendedFunctions.insert(key)
        scheduleProbe(of: key)
        evict(key)
        changes.append(
            StateChange(subject: .function(key, function.identity), suspension: functions[key]!.suspension)
        )
    }

    /// A probe that said nothing about the function: the next one soon, the interval as it was.
    private mutating func probeAgain(_ key: FunctionKey, now: Moment, using random: inout some RandomNumberGenerator) {
        guard let reason = functions[key]!.suspension?.reason else { return }
        functions[key]!.suspend(reason: reason, probeFailed: false, now: now, using: &random)
        scheduleProbe(of: key)
    }

    /// A throttle: the scope rests for `Retry-After`, or for a growing while.
    private mutating func hold(
        _ key: FunctionKey,
        _ route: RouteKey,
        _ verdict: Verdict,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        func rest(_ throttles: Int) -> MonotonicTime {
            let bound = RetryPolicy.exponential(throttles, base: .milliseconds(100), cap: .seconds(30)).milliseconds
            let own = Span.milliseconds(Int64.random(in: (bound / 2)...bound, using: &random))
            return now.monotonic.advanced(by: max(own, min(verdict.retryAfter ?? .zero, Self.retryAfterMax)))
        }
        switch verdict.throttleScope {
        case .function:
            // Attempts that were in flight together are one throttle.
            guard functions[key]!.heldUntil == nil else { return }
            functions[key]!.heldUntil = rest(functions[key]!.throttles)
            functions[key]!.throttles += 1
            functions[key]!.allowance = max(1, functions[key]!.inFlight / 2)
            held.insert(key)
            evict(key)
        case .route:
            guard routes[route.rawValue].heldUntil == nil else { return }
            routes[route.rawValue].heldUntil = rest(routes[route.rawValue].throttles)
            routes[route.rawValue].throttles += 1
            routes[route.rawValue].allowance = max(1, routes[route.rawValue].inFlight / 2)
            for function in functions.keys.sorted() where functions[function]!.route == route { evict(function) }
        }
    }

    // MARK: The route

    /// An answer came from AWS itself, whatever it says. While suspended only the probe's counts.
    private mutating func routeWorks(
        _ key: RouteKey,
        handedOver: Bool,
        wasProbe: Bool,
        _ changes: inout [StateChange]
    ) {
        let index = key.rawValue
        guard routes[index].suspension != nil else {
            routes[index].sentFailures = 0
            guard handedOver else { return }
            routes[index].throttles = 0
            if routes[index].allowance < limits.inFlightMax { routes[index].allowance += 1 }
            return
        }
        guard wasProbe else { return }
        routes[index].sentFailures = 0
        routes[index].suspension = nil
        routes[index].allowance = 1
        changes.append(StateChange(subject: .route(routes[index].name), suspension: nil))
        resumeReading(on: key)
    }

    /// What was parked because of the route is read again by one scan for all its functions.
    private mutating func resumeReading(on route: RouteKey) {
        for key in functions.keys.sorted() where functions[key]!.route == route {
            if functions[key]!.suspension == nil, let range = functions[key]!.parked {
                functions[key]!.parked = nil
                rewind(to: range.first)
            }
            list(key)
        }
    }

    private mutating func routeFailed(
        _ entry: inout Entry,
        _ key: RouteKey,
        _ verdict: Verdict,
        wasProbe: Bool,
        now: Moment,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) -> Resolution.Fate {
        let index = key.rawValue
        let policy = functions[entry.event.functionKey]!.policy
        if verdict.uncertain {
            let others = routes[index].handedOver
            if let before = suspects[entry.event.sequence], others > before { entry.event.routeFailures += 1 }
            if suspects.count >= limits.suspectsMax { suspects = [:] }
            suspects[entry.event.sequence] = others
            if entry.event.routeFailures >= Self.routeFailuresToSuspect {
                if wasProbe { probeRouteAgain(key, now: now, using: &random) }
                if !policy.soft,
                    entry.event.routeFailures >= Self.routeFailuresToSuspect + Self.suspectFailuresMax
                {
                    return .dead(
                        .suspectedPoison,
                        reason: "its attempts were cut \(entry.event.routeFailures) times while others got through"
                    )
                }
                return .waits(dueAt: backoff(&entry.event, policy, retryAfter: nil, now: now, using: &random))
            }
            routes[index].sentFailures += 1
            if routes[index].suspension == nil, routes[index].sentFailures < RouteState.sentFailuresToSuspend {
                return .waits(dueAt: backoff(&entry.event, policy, retryAfter: nil, now: now, using: &random))
            }
        }
        suspendRoute(key, verdict, wasProbe: wasProbe, now: now, &changes, using: &random)
        return .waits(dueAt: nil)
    }

    /// The probe's event is itself suspect: it said nothing about the route.
    private mutating func probeRouteAgain(
        _ key: RouteKey,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        guard let reason = routes[key.rawValue].suspension?.reason else { return }
        routes[key.rawValue].suspend(reason: reason, unsent: false, probeFailed: false, now: now, using: &random)
    }

    private mutating func suspendRoute(
        _ key: RouteKey,
        _ verdict: Verdict,
        wasProbe: Bool,
        now: Moment,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) {
        let before = routes[key.rawValue].suspension
        // Attempts that were in flight together are one failure.
        if before != nil, !wasProbe, before?.reason == verdict.reason { return }
        routes[key.rawValue].suspend(
            reason: verdict.reason,
            unsent: !verdict.sent,
            probeFailed: wasProbe,
            now: now,
            using: &random
        )
        if before == nil {
            for function in functions.keys.sorted() where functions[function]!.route == key { evict(function) }
        }
        if before?.reason != verdict.reason {
            changes.append(
                StateChange(subject: .route(routes[key.rawValue].name), suspension: routes[key.rawValue].suspension)
            )
        }
    }
}
