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
        return now.wall.advanced(by: max(delay, min(retryAfter ?? .zero, Self.retryAfterMax)))
    }

    static let retryAfterMax = Span.minutes(15)

    func afterCharge(
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
}
