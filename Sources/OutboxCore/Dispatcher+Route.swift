/// What an attempt means for its route.
extension Dispatcher {
    /// An answer came from AWS itself, whatever it says. While suspended only the probe's counts.
    mutating func routeWorks(
        _ key: RouteKey,
        handedOver: Bool,
        wasProbe: Bool,
        _ changes: inout [StateChange]
    ) {
        let index = key.rawValue
        guard routes[index].suspension != nil else {
            routes[index].sentFailures = 0
            guard handedOver else { return }
            routes[index].limit.worked()
            return
        }
        guard wasProbe else { return }
        routes[index].sentFailures = 0
        routes[index].suspension = nil
        routes[index].limit.restart()
        changes.append(StateChange(subject: .route(routes[index].name), suspension: nil))
        resumeReading(on: key)
    }

    /// What was parked because of the route is read again by one scan for all its functions.
    mutating func resumeReading(on route: RouteKey) {
        for key in functions.keys.sorted() where functions[key]!.route == route {
            if functions[key]!.suspension == nil, functions[key]!.pause == nil, let range = functions[key]!.parked {
                functions[key]!.parked = nil
                rewind(to: range.first)
            }
            list(key)
        }
    }

    mutating func routeFailed(
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
    mutating func probeRouteAgain(
        _ key: RouteKey,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        guard let reason = routes[key.rawValue].suspension?.reason else { return }
        routes[key.rawValue].suspend(reason: reason, unsent: false, probeFailed: false, now: now, using: &random)
    }

    mutating func suspendRoute(
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
