import Foundation
import Receiver

/// A receiver on a free port, for the time of one test.
func withReceiver(
    answers: String = "",
    _ change: (inout ReceiverConfiguration) -> Void = { _ in },
    body: (ReceiverServer, Arrivals) async throws -> Void
) async throws {
    let arrivals = Arrivals()
    var configuration = ReceiverConfiguration()
    configuration.answers = try AnswerRules(parsing: answers)
    configuration.onRequest = { arrivals.append($0) }
    change(&configuration)
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

/// Published test data that lies beside the project: `OUTBOX_VECTORS`, else `../shared/vectors`.
enum Vectors {
    static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["OUTBOX_VECTORS"] { return URL(fileURLWithPath: path) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/vectors")
    }()

    static let areAbsent = "no published vectors here (set OUTBOX_VECTORS to their folder)"

    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appendingPathComponent(path).path)
    }

    /// Name and bytes of each file of a folder, sorted by name.
    static func files(_ path: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = directory.appendingPathComponent(path)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
        }
    }
}
