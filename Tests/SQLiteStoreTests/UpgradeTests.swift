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

    /// Of version 4: (text, content, who it names).
    private static let olderKeys = [
        ("key-4", "0012a3fa000c5dc26ee658c3c58e12cecd58d6455cec3d5621f0c787675b38aa", "repeated 4 queued"),
        ("key-2", "9c0abe51c6e6655d81de2d044d4fb194931f058c0426c67c7285d8f5657ed64a", "repeated 2 dead-letter"),
        ("key-1", "d0f631ca1ddba8db3bcfcb9e057cdc98d0379f1bee00e75a545147a27dadd982", "repeated 1 handed-over"),
    ]

    private func answers(_ store: inout SQLiteStore, now: WallTime = startOfTest) throws -> [String] {
        try Self.olderKeys.map { text, content, _ in
            var event = try olderEvent()
            let digits = Array(content.utf8)
            let bytes = (0..<32).map { UInt8(String(decoding: digits[$0 * 2..<$0 * 2 + 2], as: UTF8.self), radix: 16)! }
            event.dedupe = DedupeKey(
                kind: .idempotencyKey,
                text: text,
                contentDigest: Digest256(bytes: bytes),
                window: .hours(24)
            )
            return try store.lookUpRepeat(of: event, now: now)?.short ?? "new"
        }
    }

    /// Producer and function are the first of theirs in the database.
    private func olderEvent() throws -> NewEvent {
        let database = try PlainDatabase(":memory:")
        try database.execute(OlderDatabases.sql(version: 4))
        let names = try database.rows("SELECT partition, account, region, name, qualifier FROM functions WHERE id = 1")
        let parts = names[0].split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        return NewEvent(
            function: FunctionIdentity(
                partition: parts[0],
                account: parts[1],
                region: parts[2],
                name: parts[3],
                qualifier: parts[4]
            ),
            payload: [],
            payloadDigest: StoreBench.digest(0),
            producer: try database.rows("SELECT name FROM producers WHERE id = 1")[0]
        )
    }

    @Test func `keys of an older version answer as before, and are moved over while the daemon runs (P4)`() throws {
        try leave(4)
        let expected = Self.olderKeys.map(\.2)
        var store = try openStore(path)
        #expect(try answers(&store) == expected, "before")
        let trim = StoreCommand.trim(historyBefore: WallTime(milliseconds: 0), historyMax: .max, limit: 2)
        guard case .trimmed(_, more: true)? = try store.commit([trim], now: startOfTest).first else {
            Issue.record("there was no more to do")
            return
        }
        #expect(try answers(&store) == expected, "half moved")
        for _ in 0..<3 { _ = try store.commit([trim], now: startOfTest) }
        #expect(try answers(&store) == expected, "moved")
        #expect(try PlainDatabase(path).rows("SELECT count(*) FROM idempotency_keys") == ["0"])
        #expect(store.keysRemembered == 3)
        try store.close(clean: true)
        store = try openStore(path)
        #expect(try answers(&store) == expected, "after a restart")
        // Its event is cancelled: the key is free.
        guard
            let queued = try store.claim(
                ClaimRequest(
                    lane: .due(after: nil, until: startOfTest.advanced(by: .hours(1)), only: nil),
                    eventsMax: 1
                )
            ).events.first
        else {
            Issue.record("the event is gone")
            return
        }
        _ = try store.commit([.cancel([queued.id])], now: startOfTest)
        #expect(try answers(&store)[0] == "new")
    }

    @Test func `an older key is freed with its event, and forgotten with its window (P4)`() throws {
        try leave(4)
        var store = try openStore(path)
        let later = startOfTest.advanced(by: .hours(23))
        #expect(try answers(&store, now: later) == ["repeated 4 queued", "repeated 2 dead-letter", "new"])
        _ = try store.commit([.purge(.all, limit: 9)], now: startOfTest)
        #expect(try answers(&store) == ["repeated 4 queued", "new", "repeated 1 handed-over"])
        let trim = StoreCommand.trim(historyBefore: WallTime(milliseconds: 0), historyMax: .max, limit: 100)
        _ = try store.commit([trim], now: later)
        #expect(store.keysRemembered == 1)
        #expect(try answers(&store, now: later) == ["repeated 4 queued", "new", "new"])
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
