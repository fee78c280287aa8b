package import AdminAPI
package import OutboxCore

/// Where a queued event stands with the delivery side: what its row alone doesn't tell.
package enum EventStanding: Hashable, Sendable {
    /// Its function and route are in use.
    case active
    /// An attempt is under way, since then.
    case inFlight(since: WallTime)
    /// An operator has paused its function.
    case paused(PauseRule)
    case functionSuspended(Suspension)
    case routeSuspended(Suspension)
    case throttled(Throttle)
    /// Its function is in use, and this keeps its events from going out faster.
    case slowed(Brake)

    /// AWS slows its function down, or the whole route.
    package struct Throttle: Hashable, Sendable {
        package var isRoute: Bool
        /// Nothing is sent before.
        package var until: WallTime?
        /// Attempts a second that are allowed for now.
        package var perSecond: Double?

        package init(isRoute: Bool, until: WallTime? = nil, perSecond: Double? = nil) {
            self.isRoute = isRoute
            self.until = until
            self.perSecond = perSecond
        }
    }

    /// Why, since when, and when it is tried next.
    package struct Suspension: Hashable, Sendable {
        package var reason: String
        package var since: WallTime
        package var nextProbeAt: WallTime?

        package init(reason: String, since: WallTime, nextProbeAt: WallTime?) {
            self.reason = reason
            self.since = since
            self.nextProbeAt = nextProbeAt
        }
    }
}

extension Event {
    /// The event as operators see it.
    ///
    /// - Parameters:
    ///   - standing: of a queued event; has no bearing on others.
    ///   - history: whether the attempt history and the explanation are wanted; lists leave them out.
    package init(_ detail: EventDetail, standing: EventStanding = .active, now: WallTime, history: Bool = true) {
        let function = detail.function
        let isQueued = detail.state == .queued || detail.state == .inFlight
        let isUnderWay = if case .inFlight = standing { true } else { false }
        let inFlight = isQueued && (isUnderWay || detail.state == .inFlight)
        self.init(
            id: detail.id.description,
            function: function.name,
            qualifier: function.qualifier == "-" ? nil : function.qualifier,
            region: function.region == "-" || function.region.isEmpty ? nil : function.region,
            account: function.account == "-" ? nil : function.account,
            arn: function.account == "-" ? nil : function.description,
            state: inFlight ? EventState.inFlight.rawValue : detail.state.rawValue,
            condition: detail.condition?.rawValue,
            reason: detail.reason,
            acceptedAt: Timestamp(detail.acceptedAt),
            diedAt: detail.diedAt.map(Timestamp.init),
            handedOverAt: detail.handedOverAt.map(Timestamp.init),
            cancelledAt: detail.cancelledAt.map(Timestamp.init),
            nextAttemptAt: isQueued && !inFlight ? detail.dueAt.map(Timestamp.init) : nil,
            expiresAt: detail.expiresAt.map(Timestamp.init),
            attempts: history ? detail.attempts.map(Attempt.init) : nil,
            attemptCount: detail.attemptCount,
            chargedAttempts: detail.chargedAttempts,
            uncertain: detail.uncertain,
            redriven: detail.redriven,
            producer: detail.producer,
            idempotencyKey: detail.idempotencyKey,
            keyKind: history ? detail.keyKind.map { Int64($0) } : nil,
            keyUntil: history ? detail.keyUntil.map(Timestamp.init) : nil,
            durableExecutionName: detail.headers.durableExecutionName,
            tenantID: detail.headers.tenantID,
            traceID: history ? detail.headers.traceID : nil,
            clientContext: history ? detail.headers.clientContext : nil,
            payloadBytes: detail.payloadBytes,
            requestID: detail.requestID,
            explanation: history ? Explanation.words(for: detail, standing: standing, now: now) : nil
        )
    }
}

extension Attempt {
    package init(_ record: AttemptRecord) {
        self.init(
            at: Timestamp(record.at),
            lastAt: record.count > 1 ? Timestamp(record.lastAt) : nil,
            durationMilliseconds: record.duration.milliseconds,
            outcome: record.outcome,
            blame: record.blame?.rawValue,
            status: record.status,
            code: record.code,
            message: record.message,
            requestID: record.requestID,
            charged: record.charged,
            uncertain: record.uncertain,
            count: record.count
        )
    }
}

extension LetterGroup {
    package init(_ group: DeadLetterGroup) {
        self.init(
            function: group.function.description,
            condition: group.condition.rawValue,
            count: group.count,
            example: group.newest.description
        )
    }
}

extension Timestamp {
    package init(_ time: WallTime) {
        self.init(milliseconds: time.milliseconds)
    }
}

extension Pause {
    package init(_ rule: PauseRule) {
        self.init(pattern: rule.pattern.text, reason: rule.reason, since: Timestamp(rule.since))
    }
}
