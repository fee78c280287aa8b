import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("The reader")
struct ReaderTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    @Test func `the reader sees each commit and keeps no checkpoint from finishing`() throws {
        var store = try openStore(path)
        var reader = try SQLiteReader.open(path)
        for count in 1...3 {
            _ = try store.commit([.accept(StoreBench.event())], now: startOfTest)
            let seen = try reader.queued(EventFilter(), after: nil, limit: 9)
            #expect(seen.count == count)
        }
        try store.close(clean: true)
        let left = try reader.queued(EventFilter(), after: nil, limit: 9)
        #expect(left.count == 3)
    }

    @Test func `dead letters carry a fingerprint that groups one incident`() throws {
        var store = try openStore(path)
        let commands = (1...3).flatMap { sequence -> [StoreCommand] in
            let message = "request 4711\(sequence) took too long"
            let resolution = Resolution(
                sequence: Int64(sequence),
                attempt: StoreBench.failure(at: startOfTest, code: sequence == 3 ? "Other" : "E", message: message),
                fate: .dead(.rejected, reason: "refused"),
                chargedAttempts: 1,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            return [.accept(StoreBench.event()), .resolve(resolution)]
        }
        _ = try store.commit(commands, now: startOfTest)
        let rows = try PlainDatabase(path).rows("SELECT error_code, fingerprint FROM dead_letters ORDER BY seq")
        #expect(rows[0] == rows[1])
        #expect(rows[0].hasPrefix("E|") && rows[2].hasPrefix("Other|"))
        try store.close(clean: true)
    }

    @Test func `a path without a database is an error`() throws {
        #expect(throws: StoreError.self) { _ = try SQLiteReader.open(path) }
    }
}
