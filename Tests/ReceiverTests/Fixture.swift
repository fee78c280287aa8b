import Foundation
import Receiver

/// A receiver on a free port, for the time of one test.
func withReceiver(
    answers: String = "",
    _ change: (inout ReceiverConfiguration) throws -> Void = { _ in },
    body: (ReceiverServer, Arrivals) async throws -> Void
) async throws {
    let arrivals = Arrivals()
    var configuration = ReceiverConfiguration()
    configuration.answers = try AnswerRules(parsing: answers)
    configuration.onRequest = { arrivals.append($0) }
    try change(&configuration)
    let server = try await ReceiverServer.start(configuration)
    do {
        try await body(server, arrivals)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

/// What a receiver told of. It tells before it answers, so a client that has its answer finds its request here.
///
// `lock` protects `requests`: the server's thread appends, the test reads.
final class Arrivals: @unchecked Sendable {
    private let lock = NSLock()
    private var requests: [ReceivedRequest] = []

    func append(_ request: ReceivedRequest) {
        lock.withLock { requests.append(request) }
    }

    var all: [ReceivedRequest] { lock.withLock { requests } }
}
