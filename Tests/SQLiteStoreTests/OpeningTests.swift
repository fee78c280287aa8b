import CSQLite
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("Opening a database")
struct OpeningTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    @Test func `a new database has the header settings that come too late afterwards`() throws {
        try openStore(path).close(clean: true)
        let database = try PlainDatabase(path)
        let settings = ["page_size", "auto_vacuum", "journal_mode", "application_id", "user_version"]
        let found = try settings.map { try database.rows("PRAGMA \($0)")[0] }
        #expect(found == ["4096", "2", "wal", String(0x6F62_6F78), "5"])
    }

    @Test func `every file of the database is for its owner alone`() throws {
        let store = try openStore(path)
        for name in ["queue.db", "queue.db-wal", "queue.db-shm", "queue.db.lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        #expect(store.identity.created)
        try store.close(clean: true)
    }

    @Test func `a second owner is refused and told who has it`() throws {
        let store = try openStore(path)
        let error = #expect(throws: StoreError.self) { try openAndDrop(path) }
        guard case .locked(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("process \(getpid()) "))
        try store.close(clean: true)
        try openStore(path).close(clean: true)
    }

    @Test(arguments: [
        "hello, this is no database at all", String(repeating: "x", count: 5_000), "SQLite format 3\0 cut",
    ])
    func `a file that is no database is refused untouched`(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try expectRefusal(containing: "not an SQLite database")
    }

    @Test(arguments: ["delete", "wal"])
    func `the database of another program is refused untouched`(_ journalMode: String) throws {
        let other = try PlainDatabase(path)
        _ = try other.rows("PRAGMA journal_mode = \(journalMode)")
        try other.execute("PRAGMA application_id = 7; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        try expectRefusal(containing: "another program")
    }

    @Test func `a database of a newer version is refused untouched`() throws {
        try openStore(path).close(clean: true)
        let newer = try PlainDatabase(path)
        try newer.execute("PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE)")
        try forgetOwner()
        try expectRefusal(containing: "schema version 999")
    }

    @Test func `a later version's database that somebody brought here isn't taken for damaged`() throws {
        try openStore(path).close(clean: true)
        let newer = try PlainDatabase(path)
        let version = try #require(newer.rows("PRAGMA user_version").first.flatMap { Int($0) }) + 1
        try newer.execute("PRAGMA user_version = \(version); PRAGMA wal_checkpoint(TRUNCATE)")
        try expectRefusal(containing: "schema version \(version), newer than this program knows")
    }

    @Test func `a newer version that stands only in the log is refused, and file and log untouched`() throws {
        try openStore(path).close(clean: true)
        let newer = try PlainDatabase(path)
        try newer.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 999")
        try forgetOwner()
        let before = try contents(folder)
        #expect(throws: StoreError.self) { try openAndDrop(path) }
        let after = try contents(folder)
        #expect(after["queue.db"] == before["queue.db"])
        #expect(after["queue.db-wal"] == before["queue.db-wal"])
    }

    /// A newer program would say in the lock file that it was here; a database from elsewhere comes without one.
    private func forgetOwner() throws {
        try FileManager.default.removeItem(atPath: path + ".lock")
    }

    @Test func `a log whose database is missing is refused untouched`() throws {
        try Data("frames".utf8).write(to: URL(filePath: path + "-wal"))
        try expectRefusal(containing: "is missing or empty")
    }

    @Test func `an empty file becomes a database, and what an unfinished creation left is removed`() throws {
        try Data().write(to: URL(filePath: path))
        try Data("half".utf8).write(to: URL(filePath: path + ".new"))
        let store = try openStore(path)
        #expect(store.identity.created)
        try store.close(clean: true)
        #expect(!FileManager.default.fileExists(atPath: path + ".new"))
    }

    @Test func `a missing folder is an error, not made`() throws {
        let error = #expect(throws: StoreError.self) { try openAndDrop(folder.file("missing/queue.db")) }
        #expect(String(describing: error).contains("No such file or directory"))
    }

    @Test func `instance and generation are drawn once and stay`() throws {
        let first = try openStore(path, seed: 1)
        let identity = first.identity
        try first.close(clean: true)
        let second = try openStore(path, seed: 2)
        #expect(identity.created && identity.wasClean && identity.sameBoot)
        #expect(identity.instanceID.count == 32)
        #expect(second.identity.instanceID == identity.instanceID)
        #expect(second.identity.generation == identity.generation)
        #expect(!second.identity.created)
        try second.close(clean: true)
        let other = try TemporaryDirectory()
        let third = try openStore(other.file("queue.db"), seed: 3)
        #expect(third.identity.instanceID != identity.instanceID)
        #expect(third.identity.generation != identity.generation)
        try third.close(clean: true)
    }

    @Test(arguments: [(true, "boot-1"), (true, "boot-2"), (false, "boot-1"), (false, "boot-2")])
    func `the next open knows whether the last end was in order, and in which boot`(
        _ clean: Bool,
        _ boot: String
    ) throws {
        var first = try openStore(path)
        _ = try first.commit([.begin(nil)], now: startOfTest)
        try first.close(clean: clean)
        let store = try openStore(path, boot: boot)
        #expect(store.identity.wasClean == clean)
        #expect(store.identity.sameBoot == (boot == "boot-1"))
        try store.close(clean: true)
    }

    @Test func `starts that fail leave what is known of the last process's end, and of the clock`() throws {
        let record = ClockRecord(
            believedFrom: startOfTest,
            isTrusted: true,
            offset: .seconds(5),
            seenAt: startOfTest,
            absentUntil: nil
        )
        var first = try openStore(path, boot: "boot-1")
        _ = try first.commit([.begin(record)], now: startOfTest)
        try first.close(clean: false)
        for clean in [true, false] {
            var failed = try openStore(path, boot: "boot-2")
            #expect(!failed.identity.wasClean && !failed.identity.sameBoot)
            _ = try failed.commit([.markUncertain([])], now: startOfTest)
            try failed.close(clean: clean)
        }
        var store = try openStore(path, boot: "boot-1")
        #expect(!store.identity.wasClean && store.identity.sameBoot)
        #expect(try store.clockRecord() == record)
        try store.close(clean: true)
    }

    @Test func `a sound database passes the quick check, a damaged one is told`() throws {
        var store = try openStore(path)
        let sound = try store.quickCheck()
        #expect(sound == [])
        _ = try store.commit((0..<200).map { _ in .accept(StoreBench.event(payload: "\(Int.max)")) }, now: startOfTest)
        try store.close(clean: true)
        let file = try FileHandle(forUpdating: URL(filePath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size - 3 * 4096)
        try file.write(contentsOf: Data(repeating: 0xAA, count: 4096))
        try file.close()
        var damaged = try openStore(path)
        let problems = try damaged.quickCheck()
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { !$0.isEmpty && !$0.contains("\n") && !$0.hasPrefix("***") })
        try damaged.close(clean: false)
    }

    /// Opening fails with this text, and every file of the folder but the lock is as it was.
    private func expectRefusal(containing text: String) throws {
        let before = try contents(folder)
        let error = #expect(throws: StoreError.self) { try openAndDrop(path) }
        guard case .refused(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(text))
        #expect(reason.contains("untouched") || reason.contains("nothing was touched"))
        var after = try contents(folder)
        after["queue.db.lock"] = before["queue.db.lock"]
        #expect(after == before)
    }
}
