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
            let seen = try reader.queued(EventFilter(), after: nil, limit: 9).events
            #expect(seen.count == count)
        }
        try store.close(clean: true)
        let left = try reader.queued(EventFilter(), after: nil, limit: 9).events
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

    @Test func `a rare function is found in pages that each look at a bounded number of rows`() throws {
        var store = try openStore(path)
        for _ in 0..<6 {
            let commands = (0..<2_000).map { _ in StoreCommand.accept(StoreBench.event("common")) }
            _ = try store.commit(commands, now: startOfTest)
        }
        _ = try store.commit([.accept(StoreBench.event("rare"))], now: startOfTest)
        var reader = try SQLiteReader.open(path)
        let filter = EventFilter(function: GlobPattern("rare"))
        var pages = 0
        var found: [Int64] = []
        var place: Int64?
        repeat {
            let page = try reader.queued(filter, after: place, limit: 10)
            pages += 1
            found += page.events.map(\.sequence)
            if let next = page.next { #expect(next - (place ?? 0) <= 5_000) }
            place = page.next
        } while place != nil
        #expect(found == [12_001])
        #expect(pages == 3)
        try store.close(clean: true)
    }
}
