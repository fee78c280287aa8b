import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Rows that can't be what was written: set aside, not a reason to end (P12).
@Suite("Damaged rows")
struct DamageTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    /// Accepts one event more than there are damages, and damages all but the last.
    private func damage(_ assignments: [String], deliverAt: WallTime? = nil) throws -> SQLiteStore {
        var store = try openStore(path)
        for _ in 0...assignments.count {
            let event = StoreBench.event(deliverAt: deliverAt, key: nil)
            _ = try store.commit([.accept(event)], now: startOfTest)
        }
        try store.close(clean: true)
        // What a disk does needs no type to fit: the check of types is taken out of the schema.
        let schema = try PlainDatabase(path)
        try schema.execute("PRAGMA writable_schema = ON")
        try schema.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'events'")
        let rows = try PlainDatabase(path)
        for (index, assignment) in assignments.enumerated() {
            try rows.execute("UPDATE events SET \(assignment) WHERE seq = \(index + 1)")
        }
        return try openStore(path)
    }

    private static let damages = [
        "function_id = 999", "function_id = 'orders'", "attempts = 'many'", "payload = 17", "payload = 'text'",
        "charged_attempts = 9223372036854775807", "redriven = 9223372036854775807", "accepted_at = x'00'",
        "expires_at = 'never'", "tenant_id = x'05'", "uncertain = 0.5", "age_from = 'x'",
    ]

    @Test(arguments: [nil, startOfTest.advanced(by: .seconds(1))])
    func `damaged rows become dead letters, and the others are delivered (P2, P12)`(dueAt: WallTime?) throws {
        var store = try damage(Self.damages, deliverAt: dueAt)
        let later = startOfTest.advanced(by: .minutes(1))
        let lane: ClaimRequest.Lane =
            dueAt == nil ? .fresh(after: 0, through: .max, only: nil) : .due(after: nil, until: later, only: nil)
        let page = try store.claim(ClaimRequest(lane: lane, eventsMax: 100))
        let count = Int64(Self.damages.count)
        #expect(page.events.map(\.sequence) == [count + 1])
        #expect(page.damaged == Array(1...count))
        #expect(page.exhausted)
        let burials = page.damaged.map { StoreCommand.bury(sequence: $0, .corrupt, reason: "damaged") }
        let replies = try store.commit(burials, now: later)
        #expect(replies.allSatisfy { $0.short == "done" })
        #expect(store.totals.dead == Int(count) && store.totals.queued == 1)
        var reader = try SQLiteReader.open(path)
        #expect(try reader.deadLetters(EventFilter(), after: nil, limit: 100).count == Int(count))
        #expect(try reader.deadLetterGroups().reduce(0) { $0 + $1.count } == Int(count))
        let moved = try store.commit([.redrive(.all, limit: 100)], now: later)
        guard case .moved(let ids) = moved[0] else { throw StoreError.failed("not moved") }
        #expect(ids.count == Int(count))
        try store.close(clean: true)
    }

    private func claimed(_ store: inout SQLiteStore) throws -> ClaimPage {
        try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 100))
    }

    /// Each of the schema's types, and not what was accepted.
    private static let changes = [
        "function_id = 2", "accepted_at = accepted_at + 1", "id_tail = id_tail - 1", "durable_name = 'n'",
        "tenant_id = 'other'", "trace_id = ''", "client_context = 'e30='", "payload_digest = zeroblob(32)",
        "row_check = row_check + 1", "row_check = NULL", "row_check = 'text'",
    ]

    @Test(arguments: changes)
    func `a row whose delivered parts have changed is set aside (P2, P10)`(change: String) throws {
        var first = try openStore(path)
        _ = try first.commit([.accept(StoreBench.event("other", key: nil))], now: startOfTest)
        try first.close(clean: true)
        var store = try damage([change])
        let page = try claimed(&store)
        #expect(page.events.count == 2)
        #expect(page.damaged.count == 1)
        try store.close(clean: true)
    }

    @Test func `rows of a function whose names have changed are set aside, others are not (P2, P12)`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        try store.close(clean: true)
        try PlainDatabase(path).execute("UPDATE functions SET name = name || 't'")
        store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        let page = try claimed(&store)
        #expect(page.damaged == [1])
        #expect(page.events.map(\.sequence) == [2])
        try store.close(clean: true)
    }

    @Test func `a damaged row that is redriven is set aside again, an undamaged one goes out (P8, P10)`() throws {
        var store = try damage(["tenant_id = 'other'"])
        let burials = [1, 2].map { StoreCommand.bury(sequence: $0, .corrupt, reason: "damaged") }
        _ = try store.commit(burials + [.redrive(.all, limit: 10)], now: startOfTest)
        #expect(store.totals.queued == 2)
        let later = startOfTest.advanced(by: .minutes(1))
        let page = try store.claim(ClaimRequest(lane: .due(after: nil, until: later, only: nil), eventsMax: 100))
        #expect(page.damaged == [1])
        #expect(page.events.map(\.sequence) == [2])
        try store.close(clean: true)
    }

    @Test func `a row's checksum is computed as it was in the version that wrote it`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(payload: "{}", key: nil))], now: startOfTest)
        try store.close(clean: true)
        let rows = try PlainDatabase(path).rows("SELECT id_tail, row_check FROM events")
        #expect(rows == ["4084131514|786055314576255647"])
    }
}
