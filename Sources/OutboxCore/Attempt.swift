/// Which party a failed attempt is blamed on (delivery: "Blame"). Exactly one.
package enum Blame: String, Sendable, CaseIterable {
    case event, function, throttle, route, unknown
}

/// What came of one Invoke call, as the transport saw it; nothing judged yet.
package enum AttemptOutcome: Hashable, Sendable {
    /// A whole HTTP answer.
    case answered(Answer)
    /// No whole answer.
    case failed(TransportFailure)
}

/// An HTTP answer, reduced to what blame needs. Texts came from the network: they are payload, never logged (P11).
package struct Answer: Hashable, Sendable {
    package var status: Int
    /// Error code as botocore would read it (header, `code`, `__type`; cut at `:`, behind `#`); nil for 2xx without one.
    package var code: String?
    /// At most 500 bytes.
    package var message: String?
    /// `x-amzn-RequestId`; without it the answer did not come from AWS.
    package var requestID: String?
    /// `Reason` of a TooManyRequestsException.
    package var reason: String?
    package var retryAfter: Span?
    /// The `Date` header.
    package var date: WallTime?
    package init(
        status: Int,
        code: String? = nil,
        message: String? = nil,
        requestID: String? = nil,
        reason: String? = nil,
        retryAfter: Span? = nil,
        date: WallTime? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.reason = reason
        self.retryAfter = retryAfter
        self.date = date
    }
}

/// An attempt that ended without a whole answer.
package struct TransportFailure: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case dns, connect, tls, proxy
        /// Cut while sending or before the answer was whole; also libcurl's own repeat, refused.
        case cut
        /// No progress, or the whole took too long.
        case timeout
        /// The answer was not HTTP, or too large.
        case garbled
        /// No usable credentials: no request was made.
        case credentials
        /// The payload does not match its checksum: no request was made.
        case corrupt
        /// Anything else of libcurl's that happened before sending.
        case local
    }
    package var kind: Kind
    /// The request (or part of it) had been given to the network: it may have reached Lambda.
    package var sent: Bool
    /// For people; may be shown, made of libcurl's and our own words only.
    package var message: String

    package init(kind: Kind, sent: Bool, message: String) {
        self.kind = kind
        self.sent = sent
        self.message = message
    }
}

/// One line of an event's attempt history: one attempt, or several equal ones in a row.
package struct AttemptRecord: Hashable, Sendable {
    package var at: WallTime
    /// Time of the last of `count` equal attempts; equals `at` for one.
    package var lastAt: WallTime
    package var duration: Span
    /// `handed-over`, `answered`, or a `TransportFailure.Kind`.
    package var outcome: String
    /// nil for a hand-over.
    package var blame: Blame?
    package var status: Int?
    package var code: String?
    package var message: String?
    package var requestID: String?
    package var charged: Bool
    package var uncertain: Bool
    package var count: Int

    package init(
        at: WallTime,
        lastAt: WallTime? = nil,
        duration: Span,
        outcome: String,
        blame: Blame?,
        status: Int? = nil,
        code: String? = nil,
        message: String? = nil,
        requestID: String? = nil,
        charged: Bool,
        uncertain: Bool,
        count: Int = 1
    ) {
        self.at = at
        self.lastAt = lastAt ?? at
        self.duration = duration
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

    /// Whether `next` may be folded into this line: equal but for its times and request id.
    package func foldsWith(_ next: AttemptRecord) -> Bool {
        outcome == next.outcome && blame == next.blame && status == next.status && code == next.code
            && message == next.message && charged == next.charged && uncertain == next.uncertain
    }
}

/// An event's attempt history: the first 3 lines and the last 10, equal attempts in a row as one line.
package enum AttemptHistory {
    package static let firstKept = 3
    package static let lastKept = 10

    /// Adds one attempt to a history kept in order.
    package static func append(_ record: AttemptRecord, to lines: inout [AttemptRecord]) {
        if let last = lines.last, last.foldsWith(record) {
            lines[lines.count - 1].lastAt = record.lastAt
            lines[lines.count - 1].count += record.count
            lines[lines.count - 1].duration = record.duration
            lines[lines.count - 1].requestID = record.requestID
            return
        }
        lines.append(record)
        if lines.count > firstKept + lastKept { lines.remove(at: firstKept) }
    }
}
