/// What an attempt's outcome means.
extension Dispatcher {
    /// Attempts with an unknown 4xx before it counts as a rejection.
    static let unknownAttemptsMax = 5

    /// An attempt has ended. The event stays in flight until `committed` is told that the resolution is on disk.
    ///
    /// - Parameter signsAnew: the next try would be signed with other credentials, or another time: an expired token, or
    ///   a refusal for the clock, then means another try, not a suspended route.
    package mutating func completed(
        _ completion: AttemptCompletion,
        now: Moment,
        clockTrusted: Bool,
        signsAnew: Bool = false,
        using random: inout some RandomNumberGenerator
    ) -> CompletionAction {
        guard var entry = window[completion.sequence], entry.place == .inFlight else {
            preconditionFailure("an attempt ended that is not in flight")
        }
        noticeClock(now, clockTrusted: clockTrusted)
        var verdict = ResponseClassifier.verdict(for: completion.outcome)
        if Planted.sentIsHandedOver, verdict.uncertain { verdict.blame = nil }
        let startedAt = now.monotonic.advanced(by: .milliseconds(-completion.duration.milliseconds))
        let key = entry.event.functionKey
        let route = functions[known: key].route
        blameRouteIfShared(&verdict, key, route)
        let wasProbe = functions[known: key].probe == completion.sequence
        let wasRouteProbe = routes[route.rawValue].probe == completion.sequence
        if wasProbe, !(Planted.probeNeverAgain && verdict.blame == .throttle) { functions[known: key].probe = nil }
        if wasRouteProbe { routes[route.rawValue].probe = nil }

        var changes: [StateChange] = []
        if verdict.uncertain, !Planted.uncertainNotMarked {
            entry.event.uncertain = true
            counters.uncertain += 1
        }
        if case .answered = completion.outcome { crashed.answered(entry.event.id) }
        entry.event.attempts += 1
        if let blame = verdict.blame { counters.failures[blame, default: 0] += 1 }
        tally.add(AttemptKind(verdict.blame).rawValue, for: key, functions[known: key].identity)
        if case .answered(let answer) = completion.outcome, verdict.blame != .route {
            let isRefusal = verdict.blame == .event || verdict.blame == .function
            let isGood = verdict.blame == nil || (isRefusal && answer.status < 500)
            routeWorks(route, isGood: isGood, wasProbe: wasRouteProbe, now: now, &changes)
        }

        keepPace(completion, verdict, key, route, now: now.monotonic)

        let policy = functions[known: key].policy
        var fate: Resolution.Fate
        var charged = false
        switch verdict.blame {
        case nil:
            counters.handedOver += 1
            routes[route.rawValue].handedOver += 1
            functionWorks(key, wasProbe: wasProbe || wasRouteProbe, &changes)
            fate = .handedOver
        case .event:
            (fate, charged) = eventFailed(
                &entry.event,
                verdict,
                isCorrupt: isCorrupt(completion.outcome),
                wasProbe: wasProbe,
                startedAt: startedAt,
                now: now,
                clockTrusted: clockTrusted,
                &changes,
                using: &random
            )
        case .function, .unknown:
            charged = true
            entry.event.chargedAttempts += 1
            if verdict.blame == .unknown { entry.event.unknownAttempts += 1 }
            functionFailed(key, verdict, wasProbe: wasProbe, now: now, &changes, using: &random)
            fate = afterCharge(
                &entry.event,
                verdict,
                policy,
                startedAt: startedAt,
                now: now,
                clockTrusted: clockTrusted,
                using: &random
            )
        case .throttle:
            if Planted.chargesThrottles { entry.event.chargedAttempts += 1 }
            if wasProbe { probeAgain(key, now: now, using: &random) }
            fate = .waits(dueAt: nil)
        case .route:
            if Planted.chargesOutages { entry.event.chargedAttempts += 1 }
            if wasProbe { probeAgain(key, now: now, using: &random) }
            if signsAnew, verdict.refreshesCredentials || verdict.clock {
                if wasRouteProbe { routes[route.rawValue].suspension?.nextProbe = now.monotonic }
                fate = .waits(dueAt: nil)
            } else {
                fate = routeFailed(&entry, route, verdict, wasProbe: wasRouteProbe, now: now, &changes, using: &random)
            }
            if Planted.expiresInOutage, now.wall.since(entry.event.ageFrom) > policy.maxAge {
                fate = .dead(.expired, reason: "older than max_age; the last failure: \(verdict.reason)")
            }
        }
        switch fate {
        case .dead, .handedOver: hasLeft(completion.sequence, of: key)
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
}
