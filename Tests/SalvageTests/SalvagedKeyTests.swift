import CSQLite
import Foundation
import OutboxCore
import SQLiteStore
import SigV4
import TestSupport
import Testing

@testable import Salvage

@Suite("Keys in a salvage")
struct SalvagedKeyTests {
    private static let hash: HashFunction = { Digest256(bytes: SHA256.digest($0)) }
    private static let start = SampleQueue.start

    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory(inMemory: true)
        path = folder.file("outbox.db")
    }

    private var file: [UInt8] {
        get throws { try [UInt8](Data(contentsOf: URL(filePath: path))) }
    }

    private func key(_ number: Int, content: UInt64 = 1) -> NewEvent {
        StoreBench.event(key: StoreBench.key("k\(number)", .sdkInvocation, content: content, window: .hours(1)))
    }

    private func digest(_ number: Int) throws -> Digest128 {
        let event = key(number)
        return try #require(event.dedupe).digest(producer: event.producer, function: event.function, hash: Self.hash)
    }

    /// Of 900 keys the first 300 are freed, the next 300 name another event by now.
    private func leave() throws -> [Digest128: EventID] {
        var random = SampleRandom(seed: 7)
        let options = SQLiteStoreOptions(path: path, bootID: "boot")
        var store = try SQLiteStore.open(options, now: Self.start, hash: Self.hash, using: &random)
        var named: [Digest128: EventID] = [:]
        try take(0..<900, content: 1, &store, &named)
        let freed = try (0..<300).map { try digest($0) }
        _ = try store.commit([.cancel(freed.compactMap { named[$0] })], now: Self.start)
        for digest in freed { named[digest] = nil }
        try take(300..<600, content: 2, &store, &named)
        try store.close(clean: true)
        return named
    }

    private func take(
        _ numbers: Range<Int>,
        content: UInt64,
        _ store: inout SQLiteStore,
        _ named: inout [Digest128: EventID]
    ) throws {
        let replies = try store.commit(numbers.map { .accept(key($0, content: content)) }, now: Self.start)
        for (number, reply) in zip(numbers, replies) {
            if case .accepted(let event) = reply { named[try digest(number)] = event.id }
        }
    }

    private func keys(_ records: [SalvagedRecord]) -> [Digest128?: EventID] {
        Dictionary(records.keys.filter { !$0.isLoose }.map { ($0.digest, $0.event) }) { _, _ in
            Issue.record("a key came twice")
            return EventID(high: 0, low: 0)
        }
    }

    @Test func `name the event that they named last, and none that was freed (P4)`() throws {
        let named = try leave()
        let (records, summary) = SampleQueue.salvage(try file)
        #expect(keys(records) == named)
        #expect(summary.problems == 0)
    }

    @Test func `do so where the way to their pages is lost (P4)`() throws {
        let named = try leave()
        var database = try file
        let root = Table.entries.usualRoot
        for offset in (root - 1) * 4096..<root * 4096 { database[offset] = 0 }
        let (records, summary) = SampleQueue.salvage(database)
        #expect(keys(records) == named)
        #expect(summary.problems > 0)
    }

    @Test func `of an older version come with their names, and nothing is missed that it hasn't`() throws {
        var handle: OpaquePointer?
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        #expect(sqlite3_exec(handle, try OlderDatabases.sql(version: 4), nil, nil, nil) == SQLITE_OK)
        sqlite3_close(handle)
        let (records, summary) = SampleQueue.salvage(try file)
        #expect(records.unreadable.isEmpty)
        #expect(summary.isComplete)
        #expect(Set(records.keys.compactMap(\.name?.text)) == ["key-1", "key-2", "key-4"])
        #expect(records.events.count == summary.eventsExpected.map { $0 + (summary.deadLettersExpected ?? 0) })
    }
}
