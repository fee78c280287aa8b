import AdminAPI
import Client

/// Follows one accepted event until it is handed over or dead. Whatever goes wrong here, the event stays accepted.
struct Waiter {
    /// Asks the door, for at most so many seconds; nil if it knows of no such event.
    var door: (_ timeoutSeconds: Int) throws(ClientError) -> Event?
    /// Time since any fixed point.
    var clock: () -> Duration = Waiter.uptime()
    var pause: (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    struct Result: Hashable {
        /// The last one seen; nil if none was.
        var state: String?
        var failure: CommandFailure?
    }

    /// Never throws: the caller has an accepted event, and has to learn so.
    ///
    /// - Parameter hasKey: it was sent with a key of its own, so that sending it again makes no second event.
    func result(of id: String, hasKey: Bool, within limit: Duration) async -> Result {
        let end = clock() + limit
        var step = Duration.milliseconds(20)
        var result = Result(state: nil)
        func stillWaiting(_ why: String) -> Result {
            let again = hasKey ? "the same key makes no second event" : "sending it again would make a second event"
            let words = "event \(id) is accepted and on disk (\(again)), but \(why)"
            return Result(state: result.state, failure: CommandFailure(.stillWaiting, words))
        }
        while true {
            let left = end - clock()
            var why: String
            do throws(ClientError) {
                guard let event = try door(Self.timeout(left)) else {
                    return stillWaiting("the daemon doesn't know it any more: history may be kept for too short a time")
                }
                if let ending = Self.ending(event) { return ending }
                result.state = event.state
                why = "still waiting: \(event.explanation ?? "it is \(event.state)")"
            } catch {
                why = "can't be followed: \(error.isOldDoor ? Self.oldDoor(id) : error.description)"
                guard error.mayPass else { return stillWaiting(why) }
            }
            let rest = end - clock()
            guard rest > .zero else { return stillWaiting(why) }
            do { try await pause(min(step, rest)) } catch { return stillWaiting(why) }
            step = min(step * 2, .milliseconds(500))
        }
    }

    private static func oldDoor(_ id: String) -> String {
        "this daemon's version doesn't tell producers about their events; an operator can see it with "
            + "lambda-outbox events show \(id)"
    }

    private static func ending(_ event: Event) -> Result? {
        switch event.state {
        case "handed-over": return Result(state: event.state)
        case "dead-letter":
            let reason = event.reason.map { ": \($0)" } ?? ""
            let words = "event \(event.id) is a dead letter (\(event.condition ?? "unknown"))\(reason)"
            return Result(state: event.state, failure: CommandFailure(.deadLetter, words))
        case "cancelled":
            return Result(
                state: event.state,
                failure: CommandFailure(.deadLetter, "event \(event.id) was cancelled")
            )
        default: return nil
        }
    }

    /// Whole seconds for one question, so that a daemon that doesn't answer can't prolong the waiting by much.
    private static func timeout(_ left: Duration) -> Int {
        Int(min(max(left.components.seconds + 1, 1), 30))
    }

    private static func uptime() -> () -> Duration {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }
}

extension ClientError {
    fileprivate var isOldDoor: Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.code == "UnknownOperationException"
    }

    /// Asking again may bring an answer: the daemon restarts, or has too much to do.
    fileprivate var mayPass: Bool {
        switch self {
        case .unreachable, .cut: true
        case .refused(let refusal): refusal.status >= 500 || refusal.status == 429
        case .garbled, .invalid: false
        }
    }
}
