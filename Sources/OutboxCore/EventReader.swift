/// The port for people's questions: read-only, on a connection of its own, confined to the read thread. Each call is a
/// transaction of its own and returns a bounded page.
package protocol EventReader: ~Copyable {
    /// Everything about one event, wherever it is: queue, dead letters, or hand-over history.
    mutating func event(_ id: EventID) throws(StoreError) -> EventDetail?

    /// The exact payload bytes of a queued event or dead letter.
    mutating func payload(_ id: EventID) throws(StoreError) -> [UInt8]?

    /// Queued events in accept order, behind `after`. History lines are left out.
    ///
    /// Looks at a bounded number of rows: a page may hold fewer than `limit` events, or none, and not be the last.
    mutating func queued(_ filter: EventFilter, after: Int64?, limit: Int) throws(StoreError) -> QueuedPage

    /// Dead letters, newest first (by time of death, then sequence), behind `after`. History lines are left out.
    mutating func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail]

    /// The queued event that has waited longest, by `ageFrom`, among the first 10,000 rows; nil if the queue is empty.
    mutating func oldestQueued() throws(StoreError) -> EventDetail?

    /// Dead letters by (function, condition).
    mutating func deadLetterGroups() throws(StoreError) -> [DeadLetterGroup]
}

/// Narrows a list. Empty: everything.
package struct EventFilter: Hashable, Sendable {
    package var function: GlobPattern?
    package var condition: DeadLetterCondition?

    package init(function: GlobPattern? = nil, condition: DeadLetterCondition? = nil) {
        self.function = function
        self.condition = condition
    }
}

/// A page of queued events.
package struct QueuedPage: Hashable, Sendable {
    package var events: [EventDetail]
    /// Where to go on from; nil: there are no more.
    package var next: Int64?

    package init(events: [EventDetail], next: Int64?) {
        self.events = events
        self.next = next
    }
}

/// A place in the list of dead letters.
package struct DeadPlace: Hashable, Sendable {
    package var diedAt: WallTime
    package var sequence: Int64
    package init(diedAt: WallTime, sequence: Int64) {
        self.diedAt = diedAt
        self.sequence = sequence
    }
}

/// The dead letters of one function that died of one condition.
package struct DeadLetterGroup: Hashable, Sendable {
    package var function: FunctionIdentity
    package var condition: DeadLetterCondition
    /// At least 1: there are no empty groups.
    package var count: Int
    /// The one that died last.
    package var newest: EventID
    package init(function: FunctionIdentity, condition: DeadLetterCondition, count: Int, newest: EventID) {
        self.function = function
        self.condition = condition
        self.count = count
        self.newest = newest
    }
}

/// What the store knows of one event.
package struct EventDetail: Hashable, Sendable {
    package var sequence: Int64
    package var id: EventID
    package var functionKey: FunctionKey
    package var function: FunctionIdentity
    /// `queued`, `deadLetter`, `handedOver` or `cancelled`; only the delivery loop knows `inFlight`.
    package var state: EventState
    package var producer: String
    package var headers: PassedHeaders
    package var idempotencyKey: String?
    /// `DedupeKey.Kind` of its key, as a number.
    package var keyKind: Int?
    /// When its key's window passes.
    package var keyUntil: WallTime?
    package var payloadBytes: Int
    package var acceptedAt: WallTime
    package var dueAt: WallTime?
    package var ageFrom: WallTime
    package var expiresAt: WallTime?
    package var chargedAttempts: Int
    package var uncertain: Bool
    package var redriven: Int
    package var condition: DeadLetterCondition?
    /// For people; our own words.
    package var reason: String?
    package var diedAt: WallTime?
    package var handedOverAt: WallTime?
    package var cancelledAt: WallTime?
    /// Lambda's request id of the hand-over.
    package var requestID: String?
    /// Number of attempts made; `attempts` holds their folded history.
    package var attemptCount: Int
    package var attempts: [AttemptRecord]

    package init(
        sequence: Int64,
        id: EventID,
        functionKey: FunctionKey,
        function: FunctionIdentity,
        state: EventState,
        producer: String,
        headers: PassedHeaders = PassedHeaders(),
        idempotencyKey: String? = nil,
        keyKind: Int? = nil,
        keyUntil: WallTime? = nil,
        payloadBytes: Int,
        acceptedAt: WallTime,
        dueAt: WallTime? = nil,
        ageFrom: WallTime,
        expiresAt: WallTime? = nil,
        chargedAttempts: Int = 0,
        uncertain: Bool = false,
        redriven: Int = 0,
        condition: DeadLetterCondition? = nil,
        reason: String? = nil,
        diedAt: WallTime? = nil,
        handedOverAt: WallTime? = nil,
        cancelledAt: WallTime? = nil,
        requestID: String? = nil,
        attemptCount: Int = 0,
        attempts: [AttemptRecord] = []
    ) {
        self.sequence = sequence
        self.id = id
        self.functionKey = functionKey
        self.function = function
        self.state = state
        self.producer = producer
        self.headers = headers
        self.idempotencyKey = idempotencyKey
        self.keyKind = keyKind
        self.keyUntil = keyUntil
        self.payloadBytes = payloadBytes
        self.acceptedAt = acceptedAt
        self.dueAt = dueAt
        self.ageFrom = ageFrom
        self.expiresAt = expiresAt
        self.chargedAttempts = chargedAttempts
        self.uncertain = uncertain
        self.redriven = redriven
        self.condition = condition
        self.reason = reason
        self.diedAt = diedAt
        self.handedOverAt = handedOverAt
        self.cancelledAt = cancelledAt
        self.requestID = requestID
        self.attemptCount = attemptCount
        self.attempts = attempts
    }
}
