import CSQLite
import Foundation
import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("A database that nobody has open, looked at without a trace")
struct RestingDatabaseTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue #1 50% ä?.db")
    }

    /// Each file of the folder: what it holds and when it was changed.
    private func trace() throws -> [String: [String]] {
        let manager = FileManager.default
        var found: [String: [String]] = [:]
        for name in try manager.contentsOfDirectory(atPath: folder.path) {
            var facts = stat()
            #expect(lstat(folder.file(name), &facts) == 0)
            let content = try Data(contentsOf: URL(filePath: folder.file(name))).base64EncodedString()
            found[name] = [
                content, "\(facts.st_ino)", "\(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)",
                "\(facts.st_ctim.tv_sec).\(facts.st_ctim.tv_nsec)",
            ]
        }
        return found
    }

    private func expectUnknown(containing words: String) throws {
        let before = try trace()
        let error = #expect(throws: StoreError.self) { try RestingDatabase.waiting(path) }
        #expect("\(String(describing: error))".contains(words))
        #expect(try trace() == before)
    }

    @Test func `an empty queue that was closed in order holds nothing, and stays as it is to the byte and the time`()
        throws
    {
        try openStore(path).close(clean: true)
        let before = try trace()
        #expect(before.count > 1)
        #expect(try RestingDatabase.waiting(path).isNothing)
        #expect(try trace() == before)
    }

    @Test func `it is told too where only the database and its lock are left`() throws {
        try openStore(path).close(clean: true)
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        let before = try trace()
        #expect(try RestingDatabase.waiting(path).isNothing)
        #expect(try trace() == before)
    }

    @Test(arguments: [("queued", "events", 1, 0), ("dead", "dead_letters", 0, 1)])
    func `what is counted counts, and so does a row that isn't`(
        _ counter: String,
        _ table: String,
        _ events: Int,
        _ deadLetters: Int
    ) throws {
        try openStore(path).close(clean: true)
        let expected = RestingDatabase.Waiting(events: events, deadLetters: deadLetters)
        try change("UPDATE meta SET \(counter) = 1")
        #expect(try RestingDatabase.waiting(path) == expected)
        // A row of which only the place matters.
        try change(
            "UPDATE meta SET \(counter) = 0; DROP TABLE \(table); CREATE TABLE \(table) (x); "
                + "INSERT INTO \(table) VALUES (1)"
        )
        #expect(try RestingDatabase.waiting(path) == expected)
    }

    @Test func `while a daemon has it open nothing is told`() throws {
        let store = try openStore(path)
        let error = #expect(throws: StoreError.self) { try RestingDatabase.waiting(path) }
        guard case .locked = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try store.close(clean: true)
        #expect(try RestingDatabase.waiting(path).isNothing)
        // And the lock was given back.
        try openStore(path).close(clean: true)
    }

    @Test func `after an end that was not in order nothing is told`() throws {
        var store = try openStore(path)
        _ = try store.commit([.begin(nil)], now: startOfTest)
        try store.close(clean: false)
        try expectUnknown(containing: "not closed in order")
    }

    @Test func `beside a damaged one that was moved aside nothing is told: it may hold events`() throws {
        try openStore(path).close(clean: true)
        try Data("x".utf8).write(to: URL(filePath: path + ".damaged-20260301T120000Z"))
        try expectUnknown(containing: "was moved aside and may hold events")
    }

    @Test func `a database whose log was lost is not believed`() throws {
        try openStore(path).close(clean: true)
        try change("UPDATE meta SET clean = 0")
        try expectUnknown(containing: "not closed in order")
    }

    @Test func `without a lock file nothing is told: no daemon left it so`() throws {
        try openStore(path).close(clean: true)
        try FileManager.default.removeItem(atPath: path + ".lock")
        try expectUnknown(containing: "lock file")
    }

    @Test func `a file of another program, a later version and none at all are refused`() throws {
        try openStore(path).close(clean: true)
        try change("PRAGMA user_version = 9999")
        try expectUnknown(containing: "newer")
        try change("PRAGMA application_id = 7")
        try expectUnknown(containing: "another program")
        try FileManager.default.removeItem(atPath: path)
        try expectUnknown(containing: "no database")
    }

    /// As another program would, leaving no log behind.
    private func change(_ sql: String) throws {
        let database = try PlainDatabase(path)
        try database.execute(sql)
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
