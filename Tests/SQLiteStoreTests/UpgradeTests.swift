import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("Upgrading a database")
struct UpgradeTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    private static let tables = ["events", "dead_letters", "idempotency_keys", "functions", "producers"]

    /// A database as version 1 left it: with an event, a dead letter, a hand-over and a key.
    private func leaveVersion1() throws {
        var store = try openStore(path)
        _ = try store.commit(
            (1...3).map { .accept(StoreBench.event(payload: "\($0)", key: StoreBench.key("k\($0)"))) },
            now: startOfTest
        )
        for (sequence, fate) in [(1, Resolution.Fate.handedOver), (2, .dead(.rejected, reason: "refused"))] {
            let resolution = Resolution(
                sequence: Int64(sequence),
                attempt: StoreBench.handOver(at: startOfTest),
                fate: fate,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            _ = try store.commit([.resolve(resolution)], now: startOfTest)
        }
        try store.close(clean: true)
        let database = try PlainDatabase(path)
        try database.execute(
            """
            ALTER TABLE events DROP COLUMN row_check; ALTER TABLE dead_letters DROP COLUMN row_check;
            ALTER TABLE meta DROP COLUMN checked_from; DROP TABLE clock; DROP TABLE cut_offs;
            DROP TABLE pauses; ALTER TABLE history DROP COLUMN cancelled; PRAGMA user_version = 1
            """
        )
    }

    /// But for the checksums that rows of version 1 have none of.
    private func everything() throws -> [[String]] {
        let database = try PlainDatabase(path)
        return try Self.tables.map { table in
            let columns = try database.rows("SELECT name FROM pragma_table_info('\(table)') WHERE name <> 'row_check'")
            return try database.rows("SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY 1")
        }
    }

    @Test func `version 1 opens with all that it holds, and repeats are still known (P2, P4, P8)`() throws {
        try leaveVersion1()
        let before = try everything()

        var store = try openStore(path)

        #expect(store.totals.queued == 1 && store.totals.dead == 1)
        let again = StoreBench.event(payload: "3", key: StoreBench.key("k3"))
        #expect(try replies(&store, [.accept(again)]).first?.hasPrefix("repeat") == true)
        #expect(try store.pauses() == [])
        #expect(try store.cutOffs() == [])
        #expect(try store.clockRecord() == nil)
        let page = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 10))
        #expect(page.events.map(\.payload) == [Array("3".utf8)])
        try store.close(clean: true)
        #expect(try everything() == before)
        #expect(try PlainDatabase(path).rows("PRAGMA user_version") == ["4"])
        #expect(try PlainDatabase(path).rows("SELECT cancelled FROM history") == ["0"])
        #expect(try PlainDatabase(path).rows("PRAGMA integrity_check") == ["ok"])
    }

    @Test func `rows from before the checksums go out without one, later ones do not (P2, P12)`() throws {
        try leaveVersion1()
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        try store.close(clean: true)
        try PlainDatabase(path).execute("UPDATE events SET row_check = NULL")
        store = try openStore(path)
        let page = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 10))
        #expect(page.events.map(\.sequence) == [3])
        #expect(page.damaged == [4])
        try store.close(clean: true)
    }

    @Test func `an upgrade that is cut off leaves version 1, and the next start does it`() throws {
        try leaveVersion1()
        let before = try everything()
        let database = try PlainDatabase(path)
        // In the way of the step's last statement.
        try database.execute("ALTER TABLE history ADD COLUMN cancelled INTEGER")

        #expect(throws: StoreError.self) { try openAndDrop(path) }

        #expect(try database.rows("PRAGMA user_version") == ["1"])
        #expect(try database.rows("SELECT name FROM sqlite_schema WHERE name = 'pauses'") == [])
        try database.execute("ALTER TABLE history DROP COLUMN cancelled")
        try openStore(path).close(clean: true)
        #expect(try everything() == before)
    }
}
