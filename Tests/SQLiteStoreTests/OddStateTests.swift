import CSQLite
import Foundation
import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

/// States that no failing call brings about: files that are missing or older, rows of the wrong kind, others who read.
@Suite("Odd states")
struct OddStateTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    private static let hash: HashFunction = { StoreBench.digest(UInt64($0.count)) }

    private func leave(_ events: Int = 3, clean: Bool = true) throws {
        var store = try openStore(path)
        for _ in 0..<events { _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest) }
        try store.close(clean: clean)
    }

    /// Puts what a disk may, where the schema wouldn't let it.
    private func damage(_ table: String, _ assignment: String) throws {
        let schema = try PlainDatabase(path)
        try schema.execute("PRAGMA writable_schema = ON")
        try schema.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = '\(table)'")
        try PlainDatabase(path).execute("UPDATE \(table) SET \(assignment)")
    }

    private func change(_ name: String, _ offsets: [Int]) throws {
        let url = URL(filePath: folder.file(name))
        var bytes = try Data(contentsOf: url)
        for offset in offsets { bytes[offset] ^= 0xFF }
        try bytes.write(to: url)
    }

    private func isRefused(_ body: () throws(StoreError) -> Void) -> Bool {
        do throws(StoreError) {
            try body()
            return false
        } catch {
            if case .refused = error { return true }
            return false
        }
    }

    // MARK: Files

    @Test func `a backup, a database or a lock that isn't there is told, and not made`() throws {
        #expect(isRefused { () throws(StoreError) in _ = try BackupFile.check(path, hash: Self.hash) })
        #expect(
            isRefused { () throws(StoreError) in
                _ = try Verification.of(path, bootID: "boot-1", quick: true, hash: Self.hash)
            }
        )
        #expect(try BorrowedLock.takeIfThere(database: path) == nil)
        #expect(try contents(folder).isEmpty)
    }

    @Test func `a name that is taken stays what it is`() throws {
        try leave()
        let before = try contents(folder)
        #expect(isRefused { () throws(StoreError) in try StoreFiles.publish(path, as: path + ".lock") })
        #expect(try contents(folder) == before)
    }

    @Test func `a path without a folder means the one that one is in`() {
        #expect(DatabaseFile.folderAndName("queue.db") == (".", "queue.db"))
        #expect(DatabaseFile.folderAndName("/queue.db") == ("/", "queue.db"))
    }

    @Test func `a log whose head, or whose index, doesn't fit its checksum is damage, or has nothing to say`() throws {
        try leave(clean: false)
        try change("queue.db-wal", [16])
        #expect(try LogCheck.damage(path, sameBoot: true)?.contains("head") == true)
        try change("queue.db-shm", [16, 64])
        #expect(try LogCheck.damage(path, sameBoot: true) == nil)
    }

    // MARK: Rows

    @Test(arguments: [
        ("accepted_at = x'00'", "a value of the wrong kind"), ("function_id = 77", "of a function that is not there"),
    ])
    func `a row of the wrong kind, or of no function, is named`(assignment: String, what: String) throws {
        try leave(1)
        try damage("events", assignment)
        let found = try Verification.of(path, bootID: "boot-1", quick: false, hash: Self.hash)
        #expect(found.rows.map(\.what) == [what])
    }

    @Test func `values of the wrong kind in rows are not the file's damage`() throws {
        try leave(1)
        try PlainDatabase(path).execute(
            "PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON; "
                + "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'events'"
        )
        try PlainDatabase(path).execute("UPDATE events SET attempts = 'many'")
        try PlainDatabase(path).execute(
            "PRAGMA writable_schema = ON; "
                + "UPDATE sqlite_schema SET sql = rtrim(sql) || ' STRICT' WHERE name = 'events'"
        )
        var store = try openStore(path)
        #expect(try store.quickCheck() == [])
    }

    @Test func `a dead letter of a condition that nobody knows is shown as corrupt`() throws {
        try leave(1)
        var store = try openStore(path)
        _ = try store.commit([.bury(sequence: 1, .expired, reason: "too old")], now: startOfTest)
        try store.close(clean: true)
        try damage("dead_letters", "condition = 'unheard-of'")
        let id = try #require(try PlainDatabase(path).rows("SELECT accepted_at, id_tail FROM dead_letters").first)
        let words = id.split(separator: "|").compactMap { Int64($0) }
        var reader = try SQLiteReader.open(path)
        let event = EventID(acceptedAt: WallTime(milliseconds: words[0]), row: 1, tail: words[1])
        #expect(try reader.event(event)?.condition == .corrupt)
    }

    @Test func `dead letters of a condition that nobody knows are in no group`() throws {
        try leave(1)
        var store = try openStore(path)
        _ = try store.commit([.bury(sequence: 1, .expired, reason: "too old")], now: startOfTest)
        try store.close(clean: true)
        try damage("dead_groups", "condition = 'unheard-of'")
        try damage("dead_letters", "condition = 'unheard-of'")
        var reader = try SQLiteReader.open(path)
        #expect(try reader.deadLetterGroups().isEmpty)
    }

    @Test func `rows without a limit, too young, or of no function don't expire`() throws {
        try leave()
        try damage("events", "function_id = 77 WHERE seq = 3")
        var store = try openStore(path)
        let key = try store.functions()[0].key
        let unknown = FunctionKey(77)
        let later = startOfTest.advanced(by: .hours(1))
        func expired(_ limits: [FunctionKey: AgeLimit]) throws -> [Int64] {
            try store.expiring(.aged(behind: 0, limits, ahead: later), limit: 9).rows.map(\.sequence)
        }
        let old = AgeLimit(agedFrom: later, attemptedSince: nil)
        #expect(try expired([:]) == [])
        #expect(try expired([key: old]) == [1, 2])
        #expect(
            try expired([
                key: AgeLimit(agedFrom: startOfTest.advanced(by: .hours(-1)), attemptedSince: nil), unknown: old,
            ]) == []
        )
    }

    @Test(arguments: [Int64(3), 1])
    func `a row from a clock that ran ahead is too old, whatever its age says`(hours: Int64) throws {
        var store = try openStore(path)
        let ahead = startOfTest.advanced(by: .hours(hours))
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: ahead)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: ahead)
        // As a redrive by a clock that is right leaves it.
        let hour = startOfTest.advanced(by: .hours(1))
        try PlainDatabase(path).execute("UPDATE events SET age_from = \(hour.milliseconds) WHERE seq = 2")
        let key = try store.functions()[0].key
        let limit = AgeLimit(agedFrom: startOfTest, attemptedSince: nil)
        let query = ExpiringQuery.aged(behind: 0, [key: limit], ahead: startOfTest.advanced(by: .hours(2)))
        #expect(try store.expiring(query, limit: 9).rows.map(\.sequence) == (hours > 2 ? [1] : []))
    }

    @Test func `ends of pauses past their bound become one that meant all functions`() throws {
        var store = try openStore(path)
        let names = (0...CutOff.pausesMax).map { "f\($0)" }
        for chunk in [names.prefix(500), names.dropFirst(500)] {
            for name in chunk {
                _ = try store.commit(
                    [.pause(PauseRule(pattern: GlobPattern(name), since: startOfTest)), .resume(GlobPattern(name))],
                    now: startOfTest
                )
            }
        }
        let cutOffs = try store.cutOffs()
        #expect(cutOffs.count <= CutOff.pausesMax)
        #expect(cutOffs.contains { $0.scope == .functions(GlobPattern("*")) })
    }

    // MARK: Others

    @Test func `a reader keeps part of the log in use, and the checkpoint is done without it later`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        let other = try PlainDatabase(path)
        try other.execute("BEGIN; SELECT * FROM meta")
        for _ in 0..<5 { _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest) }
        let before = store.walBytes
        try store.checkpoint()
        #expect(store.walBytes == before)
        try other.execute("COMMIT")
        try store.checkpoint()
        #expect(store.walBytes == 0)
    }

    @Test func `an upgrade that another program's reading holds up leaves the database as it is`() throws {
        try PlainDatabase(path).execute(try OlderDatabases.sql(version: 3))
        try PlainDatabase(path).execute("PRAGMA journal_mode = wal")
        let other = try PlainDatabase(path)
        try other.execute("BEGIN; SELECT * FROM meta")
        try PlainDatabase(path).execute("UPDATE meta SET clean = 0")
        do throws(StoreError) {
            _ = try openStore(path)
            Issue.record("upgraded while it was read")
        } catch {
            guard case .busy = error else { throw error }
        }
        try other.execute("COMMIT")
        #expect(try PlainDatabase(path).rows("PRAGMA user_version") == ["3"])
        let store = try openStore(path)
        #expect(store.identity.upgrade?.from == 3)
    }
}
