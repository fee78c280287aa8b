import OutboxCore

/// What is known of the wall clock, from one process to the next.
struct ClockTable: ~Copyable {
    private let replace: Statement
    private let select: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let replace = try connection.prepare("INSERT OR REPLACE INTO clock VALUES (1, ?1, ?2, ?3, ?4, ?5)")
        let select = try connection.prepare(
            "SELECT believed_from, trusted, clock_offset, seen_at, absent_until FROM clock WHERE id = 1"
        )
        self.replace = replace
        self.select = select
    }

    func save(_ record: ClockRecord) throws(SQLiteError) {
        replace.bind(record.believedFrom.milliseconds, at: 1)
        replace.bind(record.isTrusted, at: 2)
        replace.bind(record.offset.milliseconds, at: 3)
        replace.bind(record.seenAt.milliseconds, at: 4)
        replace.bind(record.absentUntil?.milliseconds, at: 5)
        try replace.run()
    }

    func record() throws(SQLiteError) -> ClockRecord? {
        defer { select.reset() }
        guard try select.step() else { return nil }
        return ClockRecord(
            believedFrom: WallTime(milliseconds: select.int64(0)),
            isTrusted: select.bool(1),
            offset: Span(milliseconds: select.int64(2)),
            seenAt: WallTime(milliseconds: select.int64(3)),
            absentUntil: select.optionalInt64(4).map(WallTime.init(milliseconds:))
        )
    }
}
