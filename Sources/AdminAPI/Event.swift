/// One event, wherever it is: what `events show`, `events list`, `dead show` and `dead list` tell. Members that don't
/// apply are left out of the JSON.
package struct Event: Codable, Hashable, Sendable {
    package var id: String
    package var function: String
    package var qualifier: String?
    package var region: String?
    package var account: String?
    /// Full ARN of the function, where the producer named an account.
    package var arn: String?
    /// `queued`, `in-flight`, `handed-over`, `dead-letter` or `cancelled`.
    package var state: String
    /// Of a dead letter: `rejected`, `exhausted`, `expired`, `suspected-poison`, `moved` or `corrupt`.
    package var condition: String?
    /// Of a dead letter, for people: the last error in the daemon's own words.
    package var reason: String?
    package var acceptedAt: Timestamp
    package var diedAt: Timestamp?
    package var handedOverAt: Timestamp?
    package var cancelledAt: Timestamp?
    /// Not before this time; left out if the event only waits for its turn.
    package var nextAttemptAt: Timestamp?
    package var expiresAt: Timestamp?
    /// First and last lines of the attempt history; lists leave it out.
    package var attempts: [Attempt]?
    /// All attempts ever, also those that `attempts` has folded or dropped.
    package var attemptCount: Int
    /// Attempts since accept or last redrive whose failure counts towards `max_attempts`.
    package var chargedAttempts: Int
    package var uncertain: Bool
    /// How often it was redriven.
    package var redriven: Int
    package var producer: String
    package var idempotencyKey: String?
    /// What the key is: 1 the producer's own, 2 a durable execution's name, 3 an SDK's invocation id, 4 a hash of the
    /// content. Lists leave this and the next one out.
    package var keyKind: Int64?
    /// When the key's window passes.
    package var keyUntil: Timestamp?
    package var durableExecutionName: String?
    package var tenantID: String?
    /// Lists leave it out, and the next one.
    package var traceID: String?
    /// As the producer gave it: base64 of JSON.
    package var clientContext: String?
    package var payloadBytes: Int
    /// Lambda's request id of the hand-over.
    package var requestID: String?
    /// In words: why the event is where it is, and what will move it next.
    package var explanation: String?

    private enum CodingKeys: String, CodingKey {
        case id, function, qualifier, region, account, arn, state, condition, reason
        case acceptedAt = "accepted_at"
        case diedAt = "died_at"
        case handedOverAt = "handed_over_at"
        case cancelledAt = "cancelled_at"
        case nextAttemptAt = "next_attempt_at"
        case expiresAt = "expires_at"
        case attempts
        case attemptCount = "attempt_count"
        case chargedAttempts = "charged_attempts"
        case uncertain, redriven, producer
        case idempotencyKey = "idempotency_key"
        case keyKind = "key_kind"
        case keyUntil = "key_until"
        case durableExecutionName = "durable_execution_name"
        case tenantID = "tenant_id"
        case traceID = "trace_id"
        case clientContext = "client_context"
        case payloadBytes = "payload_bytes"
        case requestID = "request_id"
        case explanation
    }

    package init(
        id: String,
        function: String,
        qualifier: String? = nil,
        region: String? = nil,
        account: String? = nil,
        arn: String? = nil,
        state: String,
        condition: String? = nil,
        reason: String? = nil,
        acceptedAt: Timestamp,
        diedAt: Timestamp? = nil,
        handedOverAt: Timestamp? = nil,
        cancelledAt: Timestamp? = nil,
        nextAttemptAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil,
        attempts: [Attempt]? = nil,
        attemptCount: Int = 0,
        chargedAttempts: Int = 0,
        uncertain: Bool = false,
        redriven: Int = 0,
        producer: String,
        idempotencyKey: String? = nil,
        keyKind: Int64? = nil,
        keyUntil: Timestamp? = nil,
        durableExecutionName: String? = nil,
        tenantID: String? = nil,
        traceID: String? = nil,
        clientContext: String? = nil,
        payloadBytes: Int,
        requestID: String? = nil,
        explanation: String? = nil
    ) {
        self.id = id
        self.function = function
        self.qualifier = qualifier
        self.region = region
        self.account = account
        self.arn = arn
        self.state = state
        self.condition = condition
        self.reason = reason
        self.acceptedAt = acceptedAt
        self.diedAt = diedAt
        self.handedOverAt = handedOverAt
        self.cancelledAt = cancelledAt
        self.nextAttemptAt = nextAttemptAt
        self.expiresAt = expiresAt
        self.attempts = attempts
        self.attemptCount = attemptCount
        self.chargedAttempts = chargedAttempts
        self.uncertain = uncertain
        self.redriven = redriven
        self.producer = producer
        self.idempotencyKey = idempotencyKey
        self.keyKind = keyKind
        self.keyUntil = keyUntil
        self.durableExecutionName = durableExecutionName
        self.tenantID = tenantID
        self.traceID = traceID
        self.clientContext = clientContext
        self.payloadBytes = payloadBytes
        self.requestID = requestID
        self.explanation = explanation
    }

    /// The function as operators see it: `orders`, `orders:live`, or the full ARN.
    package var functionText: String {
        if let arn { return arn }
        guard let qualifier else { return function }
        return "\(function):\(qualifier)"
    }
}

/// One line of an attempt history: an attempt, or `count` equal ones in a row.
package struct Attempt: Codable, Hashable, Sendable {
    package var at: Timestamp
    /// Time of the last of several equal attempts; left out for one.
    package var lastAt: Timestamp?
    package var durationMilliseconds: Int64
    /// `handed-over`, `answered`, or how it failed without an answer (`dns`, `connect`, `tls`, `cut`, …).
    package var outcome: String
    /// `event`, `function`, `throttle`, `route` or `unknown`; left out for a hand-over.
    package var blame: String?
    /// HTTP status.
    package var status: Int?
    package var code: String?
    /// Text from the network, at most 500 bytes: treat as payload.
    package var message: String?
    package var requestID: String?
    package var charged: Bool
    package var uncertain: Bool
    package var count: Int

    private enum CodingKeys: String, CodingKey {
        case at
        case lastAt = "last_at"
        case durationMilliseconds = "duration_ms"
        case outcome, blame, status, code, message
        case requestID = "request_id"
        case charged, uncertain, count
    }

    package init(
        at: Timestamp,
        lastAt: Timestamp? = nil,
        durationMilliseconds: Int64,
        outcome: String,
        blame: String? = nil,
        status: Int? = nil,
        code: String? = nil,
        message: String? = nil,
        requestID: String? = nil,
        charged: Bool,
        uncertain: Bool,
        count: Int = 1
    ) {
        self.at = at
        self.lastAt = lastAt
        self.durationMilliseconds = durationMilliseconds
        self.outcome = outcome
        self.blame = blame
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.charged = charged
        self.uncertain = uncertain
        self.count = count
    }
}

/// A page of a list. Ask again with `after` set to `next` for the following one; no `next`: that was all.
package struct EventPage: Codable, Hashable, Sendable {
    package var events: [Event]
    /// Opaque to clients.
    package var next: String?

    package init(events: [Event], next: String? = nil) {
        self.events = events
        self.next = next
    }
}
