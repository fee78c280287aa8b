import AdminAPI
import Daemon
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite struct `salvage of a file` {
    private func queue(_ path: String) throws -> SQLiteStore {
        var random = SystemRandomNumberGenerator()
        var store = try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: "boot"),
            now: WallTime(milliseconds: 1_700_000_000_000),
            hash: testHash,
            using: &random
        )
        let event = NewEvent(
            function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "orders", qualifier: "live"),
            payload: Array("{}".utf8),
            payloadDigest: Digest256(words: (0, 0, 0, 0)),
            producer: "uid:1"
        )
        _ = try store.commit([.accept(event)], now: WallTime(milliseconds: 1_700_000_000_000))
        return store
    }

    private func contents(_ folder: TemporaryDirectory) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: folder.file($0)) ?? Data()) }
        )
    }

    @Test func `reads file and log, and leaves the folder as it is`() throws {
        let folder = try TemporaryDirectory()
        _ = try queue(folder.file("outbox.db"))
        let before = try contents(folder)
        var events: [(Event, SalvagedExtras, [UInt8])] = []
        let summary = try DatabaseSalvage.run(database: folder.file("outbox.db")) { line in
            if case .event(let event, let extras, let payload) = line { events.append((event, extras, payload)) }
        }
        #expect(events.map(\.0.functionText) == ["orders:live"])
        #expect(events.map(\.1.marks) == [["payload-checksum"]])
        #expect(events.map(\.2) == [Array("{}".utf8)])
        #expect(!summary.complete)
        #expect(try contents(folder) == before)
    }

    @Test func `refuses a database that a daemon has open`() throws {
        let folder = try TemporaryDirectory()
        let store = try queue(folder.file("outbox.db"))
        #expect(throws: DatabaseSalvage.Problem.self) {
            try DatabaseSalvage.run(database: folder.file("outbox.db")) { _ in }
        }
        try store.close(clean: true)
    }

    @Test func `says that there is no such file`() throws {
        let folder = try TemporaryDirectory()
        let problem = #expect(throws: DatabaseSalvage.Problem.self) {
            try DatabaseSalvage.run(database: folder.file("nothing.db")) { _ in }
        }
        #expect(problem?.isMissing == true)
    }
}
