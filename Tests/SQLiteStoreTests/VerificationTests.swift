import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// A look at a whole database that changes nothing.
@Suite("Verifying a database")
struct VerificationTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    /// Digests of the test's events are made of their length.
    private static let hash: HashFunction = { StoreBench.digest(UInt64($0.count)) }

    private func verify() throws(StoreError) -> Verification {
        try Verification.of(path, bootID: "boot-1", quick: false, hash: Self.hash)
    }

    /// Queued events, two dead letters, a hand-over, a key.
    private func leave(clean: Bool) throws -> SQLiteStore {
        var store = try openStore(path)
        for number in 0..<10 {
            let event = StoreBench.event(payload: "\(number)", key: number == 0 ? StoreBench.key() : nil)
            _ = try store.commit([.accept(event)], now: startOfTest)
        }
        let resolution = Resolution(
            sequence: 1,
            attempt: StoreBench.handOver(at: startOfTest),
            fate: .handedOver,
            chargedAttempts: 0,
            unknownAttempts: 0,
            routeFailures: 0,
            uncertain: false
        )
        let burials = [2, 3].map { StoreCommand.bury(sequence: $0, .expired, reason: "too old") }
        _ = try store.commit([.resolve(resolution)] + burials, now: startOfTest)
        return store
    }

    @Test(arguments: [true, false])
    func `a sound one is sound, and no file is changed or made`(clean: Bool) throws {
        try leave(clean: clean).close(clean: clean)
        let before = try contents(folder)
        let found = try verify()
        #expect(found.isSound, "\(found)")
        #expect(!found.isInUse)
        #expect(found.looked == ["events": 7, "dead_letters": 2, "history": 1])
        #expect(try contents(folder) == before)
    }

    @Test(arguments: [("functions", "state_since", "state_sinde"), ("pauses", "pattern", "pattesn")])
    func `a changed name in the schema, which SQLite doesn't mind, is damage`(
        table: String,
        name: String,
        changed: String
    ) throws {
        try leave(clean: true).close(clean: true)
        try PlainDatabase(path).execute(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '\(name)', '\(changed)') "
                + "WHERE name = '\(table)'"
        )
        let found = try verify()
        #expect(!found.isSound)
        #expect(found.file.contains { $0.contains("schema") }, "\(found)")
    }

    @Test(arguments: OlderDatabases.versions)
    func `one of an older version is refused, and not called damaged`(version: Int) throws {
        let database = try PlainDatabase(path)
        try database.execute(OlderDatabases.sql(version: version))
        let error = #expect(throws: StoreError.self) { try verify() }
        guard case .refused(let text)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("sound") && text.contains("schema \(version)") && text.contains("daemon"))
    }

    @Test func `beside its owner it is looked at too`() throws {
        let store = try leave(clean: false)
        let found = try verify()
        #expect(found.isSound && found.isInUse)
        #expect(found.looked["events"] == 7)
        try store.close(clean: true)
    }

    @Test(arguments: [
        "UPDATE events SET tenant_id = 'x' WHERE seq = 5", "UPDATE events SET payload = x'00ff' WHERE seq = 5",
        "UPDATE dead_letters SET row_check = NULL WHERE seq = 2",
        "UPDATE dead_letters SET accepted_at = 1 WHERE seq = 2",
    ])
    func `a row that is not what was accepted is named`(sql: String) throws {
        try leave(clean: true).close(clean: true)
        try PlainDatabase(path).execute(sql)
        let found = try verify()
        #expect(!found.isSound && found.damagedRows == 1 && found.file.isEmpty)
        #expect([2, 5].contains(found.rows.first?.sequence))
    }

    @Test func `letters that died of damage are what they are`() throws {
        var store = try leave(clean: true)
        _ = try store.commit([.bury(sequence: 5, .corrupt, reason: "damaged")], now: startOfTest)
        try store.close(clean: true)
        try PlainDatabase(path).execute(
            "UPDATE dead_letters SET payload = x'00ff' WHERE seq = 5; UPDATE meta SET dead_bytes = (SELECT sum(length(payload)) FROM dead_letters)"
        )
        #expect(try verify().isSound)
    }

    @Test(arguments: [
        "UPDATE meta SET queued = 8", "UPDATE meta SET queued_bytes = 1", "UPDATE meta SET dead = 0",
        "UPDATE meta SET history = 0", "UPDATE functions SET queued = 1", "UPDATE functions SET dead = 1",
        "UPDATE dead_groups SET letters = 5", "UPDATE meta SET last_sequence = 2",
        "INSERT INTO dead_letters SELECT 5, function_id, accepted_at, age_from, expires_at, id_tail, charged_attempts, "
            + "unknown_attempts, route_failures, attempts, uncertain, redriven, producer_id, key_kind, key_until, key_text, "
            + "died_at, condition, reason, error_code, fingerprint, durable_name, tenant_id, trace_id, client_context, "
            + "payload_digest, payload, row_check FROM dead_letters WHERE seq = 2",
        "UPDATE history SET seq = 5", "UPDATE history SET seq = 2", "UPDATE meta SET keys = 99",
        "INSERT INTO idempotency_keys VALUES (1, 1, 1, 'k', x'00', 99, 1, 1, 1)",
    ])
    func `what contradicts itself is told`(sql: String) throws {
        try leave(clean: true).close(clean: true)
        try PlainDatabase(path).execute(sql)
        #expect(try !verify().counters.isEmpty)
    }

    @Test func `a page of zeros, a changed log and a lost head are told`() throws {
        try leave(clean: true).close(clean: true)
        let sound = try Data(contentsOf: URL(filePath: path))
        var bytes = sound
        bytes.replaceSubrange(4 * 4096..<5 * 4096, with: Data(count: 4096))
        try bytes.write(to: URL(filePath: path))
        #expect(try !verify().file.isEmpty)
        try (Data("no database".utf8) + sound.dropFirst(11)).write(to: URL(filePath: path))
        #expect(try verify().file == ["\(path) is not an SQLite database"])
        try sound.write(to: URL(filePath: path))
        var store = try openStore(path)
        for _ in 0..<3 { _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest) }
        try store.close(clean: false)
        var log = try Data(contentsOf: URL(filePath: path + "-wal"))
        log[100] ^= 4
        try log.write(to: URL(filePath: path + "-wal"))
        #expect(try verify().file.contains { $0.contains("queue.db-wal is damaged") })
    }
}
