import OutboxCore

/// What a request is answered with.
enum Answer: Sendable {
    case accepted(EventID)
    case repeated(EventID, EventState)
    /// Everything was in order, nothing was stored.
    case dryRun
    /// An event that was looked up, as JSON.
    case event([UInt8])
    case refused(Refusal)

    init(_ answer: AcceptAnswer) {
        switch answer {
        case .accepted(let id): self = .accepted(id)
        case .repeated(let id, let state): self = .repeated(id, state)
        case .conflict(let id):
            self = .refused(
                Refusal(
                    .idempotentParameterMismatch,
                    "The idempotency key was used for another event, \(id), with other content. Give each event a key "
                        + "of its own, and repeat an event with the very same body."
                )
            )
        case .overBudget(let reason, let retryAfter):
            self = .refused(Refusal(.tooManyRequests, reason, retryAfter: retryAfter))
        case .unavailable(let reason, let retryAfter):
            self = .refused(Refusal(.serviceUnavailable, reason, retryAfter: retryAfter))
        }
    }
}

extension Answer {
    /// Whether the producer is told that the event is on disk.
    var isAccepted: Bool {
        switch self {
        case .accepted, .repeated: true
        case .dryRun, .event, .refused: false
        }
    }
}

/// An answer's place in the order of a connection's requests, and how it is to be written.
struct Reply {
    /// Nil while it is waited for.
    var answer: Answer?
    /// `Connection: close`; nothing follows.
    var closes: Bool
    /// An HTTP/1.0 client asked for the connection to be kept: it has to be told.
    var saysKeepAlive = false
    /// Answers a HEAD request: the headers stand alone.
    var omitsBody = false
}
