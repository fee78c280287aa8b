/// Why a call to the daemon brought no good answer.
package enum ClientError: Error, Hashable, Sendable {
    /// Nobody took the request.
    case unreachable(SocketProblem)
    /// The connection broke before the answer was whole; the request may have been carried out.
    case cut(String)
    /// The daemon answered, and said no.
    case refused(Refusal)
    /// The answer is none that the daemon gives: another program serves the socket, or another version.
    case garbled(String)
    /// The request can't be made; nothing was sent.
    case invalid(String)
}

/// An answer that is not 2xx.
package struct Refusal: Hashable, Sendable {
    package var status: Int
    /// Error code, such as `TooManyRequestsException`; empty if there was none.
    package var code: String
    package var message: String

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// The same request may be taken later: the queue is full, or the daemon is shutting down.
    package var isForNow: Bool { status == 429 || status == 503 }
}

extension ClientError: CustomStringConvertible {
    /// One line: what is wrong and what to do.
    package var description: String {
        switch self {
        case .unreachable(let problem): problem.description
        case .cut(let reason):
            "the daemon's connection broke before its answer (\(reason)); the request may have been carried out"
        case .refused(let refusal):
            refusal.code.isEmpty
                ? "\(refusal.message) (HTTP \(refusal.status))" : "\(refusal.message) (\(refusal.code))"
        case .garbled(let reason):
            "unexpected answer (\(reason)); does lambda-outbox serve this socket, in this version?"
        case .invalid(let reason): reason
        }
    }
}
