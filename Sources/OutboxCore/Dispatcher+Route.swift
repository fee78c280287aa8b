/// What an attempt means for its route.
extension Dispatcher {
    /// An answer came from AWS itself, whatever it says. While suspended only the probe's counts.
    ///
    /// - Parameter isGood: it shows that the route can take more, be it that an event or a function is refused: others
    ///   must not wait behind those for a limit that grows by hand-overs alone (P6).
    mutating func routeWorks(
        _ key: RouteKey,
        isGood: Bool,
        wasProbe: Bool,
        now: Moment,
        _ changes: inout [StateChange]
    ) {
        let index = key.rawValue
        guard routes[index].suspension != nil else {
            routes[index].sentFailures = 0
            if isGood { routes[index].limit.worked() }
            return
        }
        guard wasProbe else { return }
        routes[index].sentFailures = 0
        routes[index].suspension = nil
        routes[index].outageEnded = now.wall
        routes[index].outageEndedAt = now.monotonic
        if !Planted.outageEndsAtOnce { routes[index].limit.restart() }
        changes.append(StateChange(subject: .route(routes[index].name), suspension: nil))
        resumeReading(on: key)
    }

    /// What was parked because of the route is read again.
    mutating func resumeReading(on route: RouteKey) {
        for key in functions.keys.sorted() where functions[known: key].route == route {
            // Its own probe may have come due meanwhile, with nothing of it in memory.
            if functions[known: key].suspension != nil { probes.look(at: key) }
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
        let policy = functions[known: entry.event.functionKey].policy
        let isSuspended = routes[index].suspension != nil
        if verdict.sent, !verdict.isShared {
            entry.event.routeFailures = poison.failed(
                entry.event.sequence,
                failures: entry.event.routeFailures,
                others: routes[index].handedOver,
                isRouteSuspended: isSuspended
            )
        }
        let again = now.wall.advanced(by: afterRouteFailure(entry.event, policy, using: &random))
        if verdict.sent, !verdict.isShared, PoisonWatch.isSuspect(entry.event.routeFailures) {
            if wasProbe { probeRouteAgain(key, now: now, using: &random) }
            if !policy.soft, PoisonWatch.isPoison(entry.event.routeFailures) {
                return .dead(
                    .suspectedPoison,
                    reason: "its attempts failed on the way \(entry.event.routeFailures) times while others got "
                        + "through; the last: \(verdict.reason)"
                )
            }
            return .waits(dueAt: again)
        }
        if verdict.isMidway {
            routes[index].sentFailures += 1
            if !isSuspended, routes[index].sentFailures < RouteState.sentFailuresToSuspend {
                return .waits(dueAt: again)
            }
        }
        suspendRoute(key, verdict, wasProbe: wasProbe, now: now, &changes, using: &random)
        // A probe that failed on the way makes room for another: it may have been the one that is killed there.
        return .waits(dueAt: wasProbe && verdict.isMidway ? again : nil)
    }

    /// Not charged, so not by charged attempts. The first tries come quickly: whether others get through meanwhile
    /// tells whom to blame. A suspect's own backoff then begins at the policy's base.
    private func afterRouteFailure(
        _ event: QueuedEvent,
        _ policy: FunctionPolicy,
        using random: inout some RandomNumberGenerator
    ) -> Span {
        let failures = event.routeFailures
        let isSuspect = PoisonWatch.isSuspect(failures)
        return RetryPolicy.delay(
            afterAttempt: isSuspect ? failures - PoisonWatch.failuresToSuspect + 1 : failures + 1,
            base: isSuspect ? policy.baseDelay : .milliseconds(policy.baseDelay.milliseconds / 4),
            cap: policy.maxDelay,
            using: &random
        )
    }

    /// A failure of the function's that all others on the route have too is the route's, where it can be. So is one
    /// that the route is suspended for already.
    mutating func blameRouteIfShared(_ verdict: inout Verdict, _ function: FunctionKey, _ key: RouteKey) {
        switch verdict.blame {
        case nil: routes[key.rawValue].shared.handedOver(function)
        case .function, .unknown:
            guard verdict.canBeRoutes else { return }
            let reason = SharedFailure.routeReason(verdict.reason)
            let isKnown = routes[key.rawValue].suspension?.reason == reason
            let isShared = routes[key.rawValue].shared.failed(function, reason: verdict.reason)
            let isRoutes = (isKnown || isShared) && !hasUntried(key)
            guard isRoutes || Planted.oneFunctionSuspendsRoute else { return }
            verdict.blame = .route
            verdict.functionReason = verdict.reason
            verdict.reason = reason
        case .event, .throttle, .route: return
        }
    }

    /// Whether a function is left that could show that the route works. Looked at only where they are few: where they
    /// are many each stands for itself, so that names without end can't hold those that work.
    private func hasUntried(_ key: RouteKey) -> Bool {
        guard functions.count <= SharedFailure.judgedMax else { return true }
        let shared = routes[key.rawValue].shared
        return functions.values.contains { function in
            function.route == key && !shared.hasFailed(function.key)
                && (function.waiting > 0 || function.inFlight > 0 || function.hasPassedOver)
        }
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
        if let own = verdict.functionReason {
            for function in suspendedFunctions.sorted()
            where functions[known: function].route == key && functions[known: function].suspension?.reason == own {
                liftSuspension(of: function, &changes)
            }
        }
        if before == nil {
            for function in functions.keys.sorted() where functions[known: function].route == key { evict(function) }
        }
        if before?.reason != verdict.reason {
            changes.append(
                StateChange(subject: .route(routes[key.rawValue].name), suspension: routes[key.rawValue].suspension)
            )
        }
    }

    /// For people and for the store.
    package func routeName(_ key: RouteKey) -> String { routes[key.rawValue].name }
}
