import OutboxCore

/// States of routes that survive a restart.
struct RouteTable: ~Copyable {
    private let upsert: Statement
    private let delete: Statement
    private let select: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let upsert = try connection.prepare("INSERT OR REPLACE INTO routes VALUES (?1, ?2, ?3, ?4)")
        let delete = try connection.prepare("DELETE FROM routes WHERE name = ?1")
        let select = try connection.prepare(
            "SELECT name, state_reason, state_since, state_failed_probes FROM routes ORDER BY name"
        )
        self.upsert = upsert
        self.delete = delete
        self.select = select
    }

    func setState(_ name: String, _ state: SavedState?) throws(SQLiteError) {
        guard let state else {
            delete.bind(name, at: 1)
            return try delete.run()
        }
        upsert.bind(name, at: 1)
        upsert.bind(state.reason, at: 2)
        upsert.bind(state.since.milliseconds, at: 3)
        upsert.bind(state.failedProbes, at: 4)
        try upsert.run()
    }

    func records() throws(SQLiteError) -> [RouteRecord] {
        defer { select.reset() }
        var records: [RouteRecord] = []
        while try select.step() {
            let state = SavedState(
                reason: select.text(1),
                since: WallTime(milliseconds: select.int64(2)),
                failedProbes: select.int(3)
            )
            records.append(RouteRecord(name: select.text(0), state: state))
        }
        return records
    }
}
