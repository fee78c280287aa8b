import OutboxCore

/// No event dies that the rules don't kill.
extension Oracle {
    func die(_ id: EventID, _ condition: DeadLetterCondition) {
        leave(id, from: .queued, to: .dead)
        entries[id.sequence]?.condition = condition
        record.occurrences.add("dead: \(condition.rawValue)")
    }

    /// After an attempt.
    func checkDeath(
        _ condition: DeadLetterCondition,
        _ resolution: Resolution,
        _ entry: Entry,
        _ flight: Flight,
        _ reason: String
    ) {
        let policy = flight.policy
        func wrong(_ expected: String) {
            violated("death", expected, "\(entry.id) is \(condition.rawValue): \(reason)")
        }
        if policy.soft { wrong("nothing dies under a soft policy") }
        switch condition {
        case .exhausted:
            if !resolution.attempt.charged { wrong("exhausted only by a charged attempt") }
            if let max = policy.maxAttempts, resolution.chargedAttempts >= max { return }
            wrong("exhausted after \(policy.maxAttempts.map(String.init) ?? "no number of") attempts")
        case .rejected:
            if flight.cause == .eventCode || (flight.cause == .unknown4xx && resolution.unknownAttempts >= 5) { return }
            wrong("rejected for the event's own fault, or after 5 unknown codes")
        case .expired: checkExpired(resolution, entry, flight, wrong)
        case .suspectedPoison:
            let others = scopes.routes[flight.route].handedOver - entry.othersAtFirst
            if flight.cause.isMidway, entry.midway >= 8, others >= 2 { return }
            wrong(
                "suspected-poison after 8 failures on the way while others got through, not \(entry.midway), \(others)"
            )
        case .corrupt:
            if flight.cause != .corrupt { wrong("corrupt for a payload that is") }
        case .moved: wrong("moved only by an operator")
        }
    }

    private func checkExpired(_ resolution: Resolution, _ entry: Entry, _ flight: Flight, _ wrong: (String) -> Void) {
        let policy = flight.policy
        if !resolution.attempt.charged { return wrong("expired after a charged attempt, or for a hard expiry") }
        if !flight.isTrusted { wrong("nothing expires while the clock isn't trusted") }
        let rest = min(flight.retryAfter ?? .zero, .minutes(15))
        let ahead = max(policy.maxDelay, rest)
        let latest = flight.endWall.advanced(by: ahead)
        if let expiry = entry.expiresAt, expiry <= latest { return }
        if flight.isCutOff { wrong("max_age isn't applied while the route is suspended") }
        let steppedAt = flight.steppedAt
        if isOlder(entry, than: policy.maxAge, at: flight.endedAt, ahead: ahead, wall: latest, steppedAt: steppedAt) {
            return
        }
        let age = (flight.endedAt - entry.agesFrom) / 1_000_000 + ahead.milliseconds
        wrong("expired after \(policy.maxAge.milliseconds) ms, not at most \(age)")
    }

    /// Without an attempt.
    func buried(_ sequence: Int64, _ condition: DeadLetterCondition, _ reason: String, _ now: WallTime) {
        guard let entry = entries[sequence] else { return violated("I1", "a burial of an event", "\(sequence)") }
        func wrong(_ expected: String) {
            violated("death", expected, "\(entry.id) is \(condition.rawValue): \(reason)")
        }
        // It had its turn, unseen.
        turnsForget(function: entry.function)
        sharesForget(function: entry.function)
        if flights[sequence] != nil { wrong("no burial of an event in flight") }
        switch condition {
        case .moved:
            if !moving.contains(sequence) { wrong("moved only by an operator") }
        case .expired:
            if entry.expiresAt.map({ $0 <= maxWall }) ?? false { break }
            // Or for its age, as one of a function that fails.
            if condemned.remove(sequence) != nil { break }
            let maxAge = policy(entry.function).maxAge
            let hard = entry.expiresAt.map { "\($0.milliseconds)" } ?? "none"
            let age = (record.nanoseconds - entry.agesFrom) / 1_000_000
            wrong("expired after \(maxAge.milliseconds) ms, not \(age), or its hard expiry, \(hard)")
        case .rejected:
            if !entry.wasRefused {
                wrong("rejected for what it is, not for '\(entry.lastCause?.rawValue ?? "")'")
            }
        case .suspectedPoison:
            if entry.crashesAlone < 2 { wrong("suspected-poison after two crashes alone, not \(entry.crashesAlone)") }
        case .exhausted, .corrupt: wrong("no such burial")
        }
        die(entry.id, condition)
    }
}
