import Client

/// What the commands end with; scripts rely on these numbers.
enum CommandStatus: Int32 {
    case done = 0
    /// Something that has no number of its own.
    case failed = 1
    case wrongUse = 2
    case unreachable = 3
    /// Refused as invalid.
    case invalid = 4
    /// Refused for now: queue full, daemon draining.
    case refusedForNow = 5
    case notFound = 6
    /// `send --wait`: the event became a dead letter.
    case deadLetter = 7
    /// `send --wait`: neither handed over nor dead yet.
    case stillWaiting = 8
    case configuration = 78
}

/// Ends a command with one line on stderr.
struct CommandFailure: Error, Hashable {
    var status: CommandStatus
    /// What is wrong and what to do; nil where everything has been said.
    var message: String?

    init(_ status: CommandStatus, _ message: String?) {
        self.status = status
        self.message = message
    }
}

extension CommandStatus {
    init(_ error: ClientError) {
        switch error {
        case .unreachable: self = .unreachable
        case .cut, .garbled: self = .failed
        case .invalid: self = .invalid
        case .refused(let refusal):
            switch refusal.status {
            case 429, 503: self = .refusedForNow
            case 404: self = .notFound
            case 400..<500: self = .invalid
            default: self = .failed
            }
        }
    }
}
