import OutboxCore

/// The one row of `meta`.
struct MetaRow {
    var instanceID: String
    var generation: UInt16
    var bootID: String
    var clean: Bool
    var counters: Counters
}

/// What is counted in `meta`, in the same transactions as the rows.
struct Counters: Hashable {
    var totals = StoreTotals()
    /// Rows of the hand-over history.
    var history = 0
    /// Entries of idempotency keys.
    var keys = 0
}

/// Facts about the database, and its counters.
struct MetaTable: ~Copyable {
    private let update: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let update = try connection.prepare(
            """
            UPDATE meta SET last_sequence = ?1, queued = ?2, queued_bytes = ?3, dead = ?4, dead_bytes = ?5, history = ?6,
                keys = ?7
            WHERE id = 1
            """
        )
        self.update = update
    }

    func save(_ counters: Counters) throws(SQLiteError) {
        update.bind(counters.totals.lastSequence, at: 1)
        update.bind(counters.totals.queued, at: 2)
        update.bind(counters.totals.queuedBytes, at: 3)
        update.bind(counters.totals.dead, at: 4)
        update.bind(counters.totals.deadBytes, at: 5)
        update.bind(counters.history, at: 6)
        update.bind(counters.keys, at: 7)
        try update.run()
    }

    static func create(_ connection: borrowing Connection, _ row: MetaRow, now: WallTime) throws(SQLiteError) {
        let insert = try connection.prepare(
            """
            INSERT INTO meta (id, instance_id, generation, created_at, boot_id, clean, last_sequence, queued,
                queued_bytes, dead, dead_bytes, history)
            VALUES (1, ?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0, 0, 0)
            """
        )
        insert.bind(row.instanceID, at: 1)
        insert.bind(Int64(row.generation), at: 2)
        insert.bind(now.milliseconds, at: 3)
        insert.bind(row.bootID, at: 4)
        insert.bind(row.clean, at: 5)
        try insert.run()
    }

    static func read(_ connection: borrowing Connection) throws(SQLiteError) -> MetaRow {
        let sql = """
            SELECT instance_id, generation, boot_id, clean, last_sequence, queued, queued_bytes, dead, dead_bytes, history
            FROM meta WHERE id = 1
            """
        let select = try connection.prepare(sql)
        guard try select.step() else {
            throw SQLiteError.damaged("the meta row is gone", sql: sql)
        }
        var counters = Counters()
        counters.totals.lastSequence = select.int64(4)
        counters.totals.queued = select.int(5)
        counters.totals.queuedBytes = select.int(6)
        counters.totals.dead = select.int(7)
        counters.totals.deadBytes = select.int(8)
        counters.history = select.int(9)
        return MetaRow(
            instanceID: select.text(0),
            generation: UInt16(truncatingIfNeeded: select.int64(1)),
            bootID: select.text(2),
            clean: select.bool(3),
            counters: counters
        )
    }

    /// Marks the database as in use by this boot; what stands there at the next open was not closed in order.
    static func markOpen(_ connection: borrowing Connection, bootID: String) throws(SQLiteError) {
        let mark = try connection.prepare("UPDATE meta SET clean = 0, boot_id = ?1 WHERE id = 1")
        mark.bind(bootID, at: 1)
        try mark.run()
    }

    static func markClean(_ connection: borrowing Connection) throws(SQLiteError) {
        try connection.execute("UPDATE meta SET clean = 1 WHERE id = 1")
    }
}
