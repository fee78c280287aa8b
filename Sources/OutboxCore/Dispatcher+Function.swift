/// What an attempt means for its function.
extension Dispatcher {
    /// A hand-over. While suspended only a probe's counts: an attempt that began before says nothing about now.
    mutating func functionWorks(_ key: FunctionKey, wasProbe: Bool, _ changes: inout [StateChange]) {
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

    mutating func functionFailed(
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
    mutating func probeAgain(_ key: FunctionKey, now: Moment, using random: inout some RandomNumberGenerator) {
        guard let reason = functions[key]!.suspension?.reason else { return }
        functions[key]!.suspend(reason: reason, probeFailed: false, now: now, using: &random)
        scheduleProbe(of: key)
    }

    /// A throttle: the scope rests for `Retry-After`, or for a growing while.
    mutating func hold(
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
}
