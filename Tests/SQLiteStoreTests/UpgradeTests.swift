import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("Upgrading a database")
struct UpgradeTests {
    private static let newest = OlderDatabases.versions.last! + 1
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    private var copy: String { "\(path).before-v\(Self.newest)" }

    private var hasCopy: Bool { FileManager.default.fileExists(atPath: copy) }

    /// The database as that version left it, in WAL mode as all are.
    private func leave(_ version: Int, at path: String? = nil) throws {
        let database = try PlainDatabase(path ?? self.path)
        try database.execute(OlderDatabases.sql(version: version))
        _ = try database.rows("PRAGMA journal_mode = wal")
    }

    /// Every row of each table that the version had, in its columns of then.
    private func everything(_ version: Int, at path: String? = nil) throws -> [String: [String]] {
        let database = try PlainDatabase(path ?? self.path)
        let older = try PlainDatabase(":memory:")
        try older.execute(OlderDatabases.sql(version: version))
        var tables: [String: [String]] = [:]
        for table in try older.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") {
            var columns = try older.rows("SELECT name FROM pragma_table_info('\(table)')")
            if table == "meta" { columns.removeAll { ["clean", "boot_id"].contains($0) } }
            let list = columns.map { "quote(\($0))" }.joined(separator: ", ")
            tables[table] = try database.rows("SELECT \(list) FROM \(table) ORDER BY 1, 2")
        }
        return tables
    }

    @Test func `there is a database of each older version`() throws {
        try openStore(path).close(clean: true)
        #expect(try PlainDatabase(path).rows("PRAGMA user_version") == ["\(Self.newest)"])
    }

    @Test(arguments: OlderDatabases.versions)
    func `a database of each older version opens with all that it holds (P2, P4, P8)`(version: Int) throws {
        try leave(version)
        let before = try everything(version)

        var store = try openStore(path)

        #expect(store.identity.upgrade == SchemaUpgrade(from: version, to: Self.newest, copy: copy))
        #expect(store.identity.wasClean && store.identity.sameBoot)
        #expect(store.totals.queued == 4 && store.totals.dead == 1)
        #expect(try store.pauses().count == (version >= 2 ? 1 : 0))
        #expect(try store.cutOffs().count == (version >= 3 ? 2 : 0))
        #expect(try (store.clockRecord() != nil) == (version >= 3))
        let page = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 10))
        #expect(page.events.map(\.sequence) == [3, 7, 9] && page.damaged == [])
        #expect(page.events.map(\.payload.count) == [7, 9, 6018])
        let due = startOfTest.advanced(by: .hours(1))
        let late = try store.claim(ClaimRequest(lane: .due(after: nil, until: due, only: nil), eventsMax: 10))
        #expect(late.events.map(\.sequence) == [4] && late.events.first?.uncertain == true)
        try store.close(clean: true)
        #expect(try everything(version) == before)
        #expect(try PlainDatabase(path).rows("PRAGMA integrity_check") == ["ok"])
    }

    @Test(arguments: OlderDatabases.versions)
    func `a copy is made before an upgrade, and goes once the newer version has ended in order`(version: Int) throws {
        try leave(version)
        let before = try everything(version)
        _ = try openStore(path)
        #expect(try everything(version, at: copy) == before)
        #expect(try PlainDatabase(copy).rows("PRAGMA user_version") == ["\(version)"])
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        // A start that fails before it begins, and one that ends in a crash.
        try openStore(path).close(clean: true)
        #expect(hasCopy)
        var served = try openStore(path)
        #expect(served.identity.upgrade == nil && hasCopy)
        _ = try served.commit([.begin(nil)], now: startOfTest)
        _ = consume served
        served = try openStore(path)
        _ = try served.commit([.begin(nil)], now: startOfTest)
        try served.close(clean: true)
        #expect(hasCopy)
        _ = try openStore(path)
        #expect(!hasCopy)
    }

    @Test func `what stands only in the log is in the copy`() throws {
        try leave(3)
        let writer = try PlainDatabase(path)
        try writer.execute("PRAGMA wal_autocheckpoint = 0; UPDATE events SET redriven = 5 WHERE seq = 7")
        _ = try openStore(path)
        #expect(try PlainDatabase(copy).rows("SELECT redriven FROM events WHERE seq = 7") == ["5"])
    }

    @Test func `an upgrade that is cut off leaves version 1, and the next start does it`() throws {
        try leave(1)
        let before = try everything(1)
        let database = try PlainDatabase(path)
        // In the way of the step's last statement.
        try database.execute("ALTER TABLE history ADD COLUMN cancelled INTEGER")

        #expect(throws: StoreError.self) { try openAndDrop(path) }

        #expect(try database.rows("PRAGMA user_version") == ["1"])
        #expect(try database.rows("SELECT name FROM sqlite_schema WHERE name = 'pauses'") == [])
        try database.execute("ALTER TABLE history DROP COLUMN cancelled")
        try openStore(path).close(clean: true)
        #expect(try everything(1) == before)
    }
}
