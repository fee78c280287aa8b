import AdminAPI
import Client

/// Follows one event until it is handed over or dead.
struct Waiter {
    /// Asks the door; nil if it doesn't tell.
    var door: () throws(ClientError) -> Event?
    /// Asks the daemon's admin socket, where the door doesn't tell.
    var admin: () throws(ClientError) -> Event?
    var pause: (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    struct Result: Hashable {
        /// The last one seen.
        var state: String
        var failure: CommandFailure?
    }

    /// - Parameter limit: the waiting between questions, added up; the questions themselves aren't counted.
    func result(of id: String, within limit: Duration) async throws -> Result {
        var left = limit
        var pause = Duration.milliseconds(20)
        while true {
            let event = try look(id)
            switch event.state {
            case "handed-over": return Result(state: event.state)
            case "dead-letter":
                let reason = event.reason.map { ": \($0)" } ?? ""
                let words = "event \(id) is a dead letter (\(event.condition ?? "unknown"))\(reason)"
                return Result(state: event.state, failure: CommandFailure(.deadLetter, words))
            case "cancelled":
                return Result(state: event.state, failure: CommandFailure(.deadLetter, "event \(id) was cancelled"))
            default:
                guard left > .zero else {
                    let words = event.explanation ?? "it is \(event.state)"
                    return Result(
                        state: event.state,
                        failure: CommandFailure(.stillWaiting, "event \(id) is safe, but still waiting: \(words)")
                    )
                }
            }
            let step = min(pause, left)
            try await self.pause(step)
            left -= step
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    private func look(_ id: String) throws(CommandFailure) -> Event {
        do throws(ClientError) {
            if let event = try door() { return event }
            if let event = try admin() { return event }
        } catch {
            throw CommandFailure(CommandStatus(error), "event \(id) is accepted, but can't be followed: \(error)")
        }
        throw CommandFailure(.notFound, "event \(id) is accepted, but the daemon no longer knows it")
    }
}
