import CSQLite
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// A log that a reader keeps from beginning anew.
struct LongLogTests {
    private static let now = WallTime(milliseconds: 1_795_348_800_000)

    /// - Parameter mebibytes: written before the reader comes, which has read to the end of the log then.
    @Test(arguments: [40, 70])
    func `one whose end is read counts until the reader has gone, though all of it was moved`(_ mebibytes: Int) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: path, bootID: "b")
        var store = try SQLiteStore.open(options, now: Self.now, hash: testHash, using: &random)
        try store.checkpoint()
        let event = StoreBench.event("f", payload: String(repeating: "x", count: 1 << 18))
        for _ in 0..<(mebibytes / 10 + 1) {
            _ = try store.commit(Array(repeating: .accept(event), count: 40), now: Self.now)
        }
        let reader = try read(path)
        let written = store.walBytes
        #expect(written > mebibytes << 20)
        try store.checkpoint()
        #expect(store.walBytes == written)
        _ = try store.commit([.accept(event)], now: Self.now)
        #expect(store.walBytes > written)
        #expect(sqlite3_close(reader) == SQLITE_OK)
        try store.checkpoint()
        #expect(store.walBytes == 0)
        let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        #expect((log == 0) == (mebibytes > 64))
        _ = try store.commit([.accept(event)], now: Self.now)
        #expect(store.walBytes < 1 << 20)
        #expect(try store.integrityCheck() == [])
    }

    /// Another program's, as an SQLite shell is.
    private func read(_ path: String) throws -> OpaquePointer {
        var handle: OpaquePointer?
        try #require(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
        let reader = try #require(handle)
        try #require(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM sqlite_schema", nil, nil, nil) == SQLITE_OK)
        return reader
    }
}
