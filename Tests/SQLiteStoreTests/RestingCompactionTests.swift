import Foundation
import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

/// Free space of a stopped daemon's file.
struct RestingCompactionTests {
    private static let now = WallTime(milliseconds: 1_795_348_800_000)

    private func open(_ path: String) throws -> SQLiteStore {
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: path, bootID: "b")
        return try SQLiteStore.open(options, now: Self.now, hash: testHash, using: &random)
    }

    /// A queue of which every fifth event is left, each of about 20 KB.
    private func sparse(_ path: String, events: Int = 1_500) throws -> SQLiteStore {
        var store = try open(path)
        let accepts = (0..<events).map { number in
            StoreCommand.accept(StoreBench.event("f", payload: String(repeating: "x", count: 20_000 + number % 900)))
        }
        let ids = try store.commit(accepts, now: Self.now).enumerated().compactMap { number, reply in
            if case .accepted(let event) = reply, number % 5 > 0 { event.id } else { nil }
        }
        _ = try store.commit([.cancel(ids)], now: Self.now)
        return store
    }

    private func bytes(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }

    private func queued(_ store: inout SQLiteStore) throws -> [QueuedEvent] {
        try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 999)).events
    }

    @Test func `all that is free is given back, and every event stays (P2)`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var store = try sparse(path)
        let before = try queued(&store)
        try store.close(clean: true)
        let size = try bytes(path)
        var told: [StoreSize] = []
        #expect(try RestingCompaction.run(path) { told.append($0) } == size)
        #expect(told.count > 2)
        #expect(told.last?.fileBytes == told.last?.usedBytes)
        #expect(try bytes(path) == told.last?.fileBytes)
        #expect(try bytes(path) < size / 3)
        #expect(try bytes(path + "-wal") == 0)
        #expect(try RestingDatabase.waiting(path).events == 300)
        var again = try open(path)
        #expect(again.identity.wasClean)
        #expect(try queued(&again) == before)
        #expect(try again.integrityCheck() == [])
    }

    @Test func `nothing is written where nothing is free`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try open(path).close(clean: true)
        _ = try RestingCompaction.run(path) { _ in }
        let content = FileManager.default.contents(atPath: path)
        #expect(try RestingCompaction.run(path) { _ in } == bytes(path))
        #expect(FileManager.default.contents(atPath: path) == content)
    }

    @Test func `one that a daemon has open is left alone`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var store = try sparse(path, events: 10)
        #expect {
            try RestingCompaction.run(path) { _ in }
        } throws: {
            if case .locked? = $0 as? StoreError { true } else { false }
        }
        #expect(try queued(&store).count == 2)
    }

    @Test func `one that was not closed in order is the daemon's to repair first`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try sparse(path, events: 10).close(clean: false)
        let size = try bytes(path)
        #expect {
            try RestingCompaction.run(path) { _ in }
        } throws: {
            if case .locked? = $0 as? StoreError { false } else { $0 is StoreError }
        }
        #expect(try bytes(path) == size)
    }

    @Test func `what isn't ours is left untouched`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try Data("Dear diary".utf8).write(to: URL(fileURLWithPath: path))
        try Data().write(to: URL(fileURLWithPath: path + ".lock"))
        #expect(throws: StoreError.self) { try RestingCompaction.run(path) { _ in } }
        #expect(try bytes(path) == 10)
    }

    /// A closed queue with free pages, in some state, and what compacting says to it.
    private func refusal(_ prepare: (_ path: String) throws -> Void) throws -> StoreError {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try sparse(path, events: 10).close(clean: true)
        try prepare(path)
        do throws(StoreError) { _ = try RestingCompaction.run(path) { _ in } } catch { return error }
        throw StoreError.failed("it was done")
    }

    @Test func `one whose disk failed is the daemon's to repair first`() throws {
        guard case .failed(let text) = try refusal({ OwnerLock.note(.diskError, $0 + ".lock") }) else {
            Issue.record("another error")
            return
        }
        #expect(text.contains("start the daemon"))
    }

    @Test func `one without a log that was not closed in order is too`() throws {
        let error = try refusal { path in
            try PlainDatabase(path).execute("PRAGMA journal_mode = DELETE; UPDATE meta SET clean = 0")
        }
        #expect("\(error)".contains("not closed in order"))
    }

    @Test func `one that another program reads loses nothing by the try (P2)`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try sparse(path, events: 10).close(clean: true)
        let other = try PlainDatabase(path)
        try other.execute("BEGIN")
        _ = try other.rows("SELECT count(*) FROM events")
        #expect {
            try RestingCompaction.run(path) { _ in }
        } throws: {
            if case .busy? = $0 as? StoreError { true } else { false }
        }
        try other.execute("COMMIT")
        var again = try open(path)
        #expect(try queued(&again).count == 2)
    }
}
