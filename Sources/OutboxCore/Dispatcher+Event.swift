/// What an attempt that failed means for its event: when it is tried again, or why not.
extension Dispatcher {
    func backoff(
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
        return now.wall.advanced(by: max(delay, min(retryAfter ?? .zero, RetryPolicy.retryAfterMax)))
    }

    /// Refused for what it is: it dies, unless others of its function are refused alike. Also whether it was charged.
    mutating func eventFailed(
        _ event: inout QueuedEvent,
        _ verdict: Verdict,
        isCorrupt: Bool,
        wasProbe: Bool,
        startedAt: MonotonicTime,
        now: Moment,
        clockTrusted: Bool,
        _ changes: inout [StateChange],
        using random: inout some RandomNumberGenerator
    ) -> (Resolution.Fate, charged: Bool) {
        let key = event.functionKey
        let policy = functions[known: key].policy
        let functionReason = "\(RejectionRun.length) different events in a row were refused alike: \(verdict.reason)"
        if functions[known: key].suspension?.reason == functionReason {
            guard wasProbe else { return (.waits(dueAt: nil), false) }
            event.chargedAttempts += 1
            suspendFunction(key, reason: functionReason, probeFailed: true, now: now, &changes, using: &random)
            let fate = afterCharge(
                &event,
                verdict,
                policy,
                startedAt: startedAt,
                now: now,
                clockTrusted: clockTrusted,
                using: &random
            )
            return (fate, true)
        }
        if wasProbe { probeAgain(key, now: now, using: &random) }
        if isCorrupt {
            if policy.soft {
                return (.waits(dueAt: backoff(&event, policy, retryAfter: nil, now: now, using: &random)), false)
            }
            return (.dead(.corrupt, reason: verdict.reason), false)
        }
        let finding = functions[known: key].rejections.refused(
            event.sequence,
            code: verdict.reason,
            reason: verdict.reason,
            now: now.monotonic
        )
        switch finding {
        case .function:
            suspendFunction(key, reason: functionReason, probeFailed: false, now: now, &changes, using: &random)
            return (.waits(dueAt: nil), false)
        case .condemned where !policy.soft:
            return (.dead(.rejected, reason: verdict.reason), false)
        case .onTrial where !policy.soft:
            trials.insert(key)
            return (.waits(dueAt: now.wall.advanced(by: RejectionRun.backoff)), false)
        case .condemned, .onTrial:
            functions[known: key].rejections.left(event.sequence)
            return (.waits(dueAt: backoff(&event, policy, retryAfter: nil, now: now, using: &random)), false)
        }
    }

    /// The event will be handed over or dead once this outcome is on disk.
    mutating func hasLeft(_ sequence: Int64, of key: FunctionKey) {
        poison.left(sequence)
        functions[known: key].rejections.left(sequence)
    }

    /// The event has left the queue without an outcome: should it come back, it is judged by what is said of it then.
    mutating func leaveTrials(_ sequence: Int64) {
        for key in trials { functions[key]?.rejections.left(sequence) }
    }

    /// Buries events that were judged, once no attempt of theirs is under way.
    mutating func endTrials(now: Moment, into action: inout WakeAction) {
        for key in trials {
            guard let function = functions[key] else {
                trials.remove(key)
                continue
            }
            // While something of the function is on its way, or can't be, there is more to come.
            let isCutOff = function.pause != nil || routes[function.route.rawValue].suspension != nil
            if function.inFlight == 0, !isCutOff, !isHeld(function) {
                functions[known: key].rejections.lapse(now: now.monotonic)
            }
            for (sequence, reason) in functions[known: key].rejections.condemned.sorted(by: { $0.key < $1.key }) {
                if let entry = window[sequence] {
                    guard entry.place == .waiting else { continue }
                    takeOut(sequence, of: key)
                    forget(sequence)
                }
                functions[known: key].rejections.left(sequence)
                guard !burying.contains(sequence), withdrawn[sequence] == nil else { continue }
                burying.insert(sequence)
                action.commands.append(.bury(sequence: sequence, .rejected, reason: reason))
            }
            if !functions[known: key].rejections.isOpen {
                trials.remove(key)
                dropIfIdle(key)
            }
        }
    }

    /// Whether an attempt that began then is none that could decide: `max_age` is the give-up time of a failing function,
    /// so an outage or an operator's pause, however long, kills nothing that has had no attempt after it.
    private func wasCutOff(_ key: FunctionKey, since startedAt: MonotonicTime) -> Bool {
        let function = functions[known: key]
        let route = routes[function.route.rawValue]
        if function.pause != nil || route.suspension != nil { return true }
        return [function.pauseEndedAt, route.outageEndedAt].compactMap(\.self).contains { $0 > startedAt }
    }

    func afterCharge(
        _ event: inout QueuedEvent,
        _ verdict: Verdict,
        _ policy: FunctionPolicy,
        startedAt: MonotonicTime,
        now: Moment,
        clockTrusted: Bool,
        using random: inout some RandomNumberGenerator
    ) -> Resolution.Fate {
        let due = backoff(&event, policy, retryAfter: verdict.retryAfter, now: now, using: &random)
        if policy.soft { return .waits(dueAt: due) }
        if let max = policy.maxAttempts, event.chargedAttempts >= max {
            return .dead(.exhausted, reason: "\(event.chargedAttempts) attempts failed; the last: \(verdict.reason)")
        }
        // Not by another failure, though it had its tries while the policy was soft.
        if verdict.blame == .unknown, event.unknownAttempts >= Self.unknownAttemptsMax, !Planted.unknownForEver {
            return .dead(.rejected, reason: "refused \(event.unknownAttempts) times; the last: \(verdict.reason)")
        }
        let age = due.since(ages.begin(event.ageFrom, now: now.wall))
        if clockTrusted, !wasCutOff(event.functionKey, since: startedAt), age > policy.maxAge {
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
}
