/// What a producer asked for: one invocation, not yet stored.
package struct NewEvent: Hashable, Sendable {
    package var function: FunctionIdentity
    /// The exact bytes to be delivered (P10).
    package var payload: [UInt8]
    /// SHA-256 of `payload`: row checksum, and the body hash that the signature needs.
    package var payloadDigest: Digest256
    package var headers: PassedHeaders
    package var producer: String
    /// Not before this time.
    package var deliverAt: WallTime?
    /// Hard expiry: `Outbox-Expires-*` or the function's `expires_in`.
    package var expiresAt: WallTime?
    package var dedupe: DedupeKey?

    package init(
        function: FunctionIdentity,
        payload: [UInt8],
        payloadDigest: Digest256,
        headers: PassedHeaders = PassedHeaders(),
        producer: String,
        deliverAt: WallTime? = nil,
        expiresAt: WallTime? = nil,
        dedupe: DedupeKey? = nil
    ) {
        self.function = function
        self.payload = payload
        self.payloadDigest = payloadDigest
        self.headers = headers
        self.producer = producer
        self.deliverAt = deliverAt
        self.expiresAt = expiresAt
        self.dedupe = dedupe
    }
}

/// The request headers that are checked at the door, stored, and sent on to Lambda.
package struct PassedHeaders: Hashable, Sendable {
    package var durableExecutionName: String?
    package var tenantID: String?
    package var traceID: String?
    package var clientContext: String?

    package init(
        durableExecutionName: String? = nil,
        tenantID: String? = nil,
        traceID: String? = nil,
        clientContext: String? = nil
    ) {
        self.durableExecutionName = durableExecutionName
        self.tenantID = tenantID
        self.traceID = traceID
        self.clientContext = clientContext
    }
}

/// What makes two accept requests one event (P4). Belongs to (producer, function, kind).
package struct DedupeKey: Hashable, Sendable {
    package enum Kind: Int, Hashable, Sendable {
        /// `Idempotency-Key` header or client context.
        case idempotencyKey = 1
        case durableExecutionName = 2
        /// `amz-sdk-invocation-id`: an unsigned hint, so a clash of contents is a new event, not an error.
        case sdkInvocation = 3
        /// SHA-256 of the body, where the function's configuration says `dedupe: { by: content }`.
        case content = 4

        /// Whether the producer gave the key himself: then same key with other content is refused (409).
        package var isProducersOwn: Bool { self == .idempotencyKey || self == .durableExecutionName }
    }

    package var kind: Kind
    package var text: String
    /// SHA-256 over body, tenant id and durable execution name.
    package var contentDigest: Digest256
    /// How long the key is remembered after the accept.
    package var window: Span
    /// What the store knows the key by (`digest(producer:function:hash:)`); nil: whoever needs it computes it.
    package var digest: Digest128?

    package init(kind: Kind, text: String, contentDigest: Digest256, window: Span, digest: Digest128? = nil) {
        self.kind = kind
        self.text = text
        self.contentDigest = contentDigest
        self.window = window
        self.digest = digest
    }
}

/// An event in the queue, as the delivery side needs it.
package struct QueuedEvent: Hashable, Sendable {
    /// The row number: accept order, never reused.
    package var sequence: Int64
    package var id: EventID
    package var functionKey: FunctionKey
    package var function: FunctionIdentity
    package var payload: [UInt8]
    package var payloadDigest: Digest256
    package var headers: PassedHeaders
    package var acceptedAt: WallTime
    /// nil: fresh, deliverable at once in accept order. Otherwise not before this time (delay, backoff, redrive).
    package var dueAt: WallTime?
    /// Age counts from here: the latest of accept, deliver-at, last redrive.
    package var ageFrom: WallTime
    package var expiresAt: WallTime?
    /// Charged attempts since accept or last redrive.
    package var chargedAttempts: Int
    /// Charged attempts among them whose blame was `unknown`.
    package var unknownAttempts: Int
    /// Route-blamed failures after sending, between which the route handed over other events.
    package var routeFailures: Int
    /// All attempts ever, charged or not.
    package var attempts: Int
    /// An earlier attempt may have reached Lambda without our knowing.
    package var uncertain: Bool
    package var redriven: Int

    package init(
        sequence: Int64,
        id: EventID,
        functionKey: FunctionKey,
        function: FunctionIdentity,
        payload: [UInt8],
        payloadDigest: Digest256,
        headers: PassedHeaders = PassedHeaders(),
        acceptedAt: WallTime,
        dueAt: WallTime? = nil,
        ageFrom: WallTime,
        expiresAt: WallTime? = nil,
        chargedAttempts: Int = 0,
        unknownAttempts: Int = 0,
        routeFailures: Int = 0,
        attempts: Int = 0,
        uncertain: Bool = false,
        redriven: Int = 0
    ) {
        self.sequence = sequence
        self.id = id
        self.functionKey = functionKey
        self.function = function
        self.payload = payload
        self.payloadDigest = payloadDigest
        self.headers = headers
        self.acceptedAt = acceptedAt
        self.dueAt = dueAt
        self.ageFrom = ageFrom
        self.expiresAt = expiresAt
        self.chargedAttempts = chargedAttempts
        self.unknownAttempts = unknownAttempts
        self.routeFailures = routeFailures
        self.attempts = attempts
        self.uncertain = uncertain
        self.redriven = redriven
    }
}

/// Where an event is, in the words of the JSON field `state`.
package enum EventState: String, Sendable {
    case queued
    case inFlight = "in-flight"
    case handedOver = "handed-over"
    case deadLetter = "dead-letter"
    case cancelled
}

/// Why an event is a dead letter; the very words of metric labels and arguments.
package enum DeadLetterCondition: String, Sendable, CaseIterable {
    case rejected, exhausted, expired
    case suspectedPoison = "suspected-poison"
    case moved, corrupt
}
