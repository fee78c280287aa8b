import OutboxCore

/// Lines of the attempt history, kept as `AttemptHistory` keeps them: lines are numbered from 0 as they are added, so
/// the first ones have the lowest numbers for good, and what falls out is one line at a known number.
struct AttemptTable: ~Copyable {
    private let selectLast: Statement
    private let fold: Statement
    private let insert: Statement
    private let deleteLine: Statement
    private let deleteAll: Statement

    static let columns =
        "at, last_at, duration, outcome, blame, status, code, message, request_id, charged, uncertain, count"

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let selectLast = try connection.prepare(
            "SELECT \(Self.columns), n FROM attempts WHERE seq = ?1 ORDER BY n DESC LIMIT 1"
        )
        let fold = try connection.prepare(
            """
            UPDATE attempts SET last_at = ?3, count = count + ?4, duration = ?5, request_id = ?6
            WHERE seq = ?1 AND n = ?2
            """
        )
        let insert = try connection.prepare(
            """
            INSERT INTO attempts (seq, n, \(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            """
        )
        let deleteLine = try connection.prepare("DELETE FROM attempts WHERE seq = ?1 AND n = ?2")
        let deleteAll = try connection.prepare("DELETE FROM attempts WHERE seq = ?1")
        self.selectLast = selectLast
        self.fold = fold
        self.insert = insert
        self.deleteLine = deleteLine
        self.deleteAll = deleteAll
    }

    func last(_ sequence: Int64) throws(SQLiteError) -> AttemptRecord? {
        try lastLine(sequence)?.record
    }

    private func lastLine(_ sequence: Int64) throws(SQLiteError) -> (record: AttemptRecord, n: Int64)? {
        selectLast.bind(sequence, at: 1)
        defer { selectLast.reset() }
        return try selectLast.step() ? (AttemptRecord(row: selectLast), selectLast.int64(12)) : nil
    }

    func append(_ record: AttemptRecord, to sequence: Int64) throws(SQLiteError) {
        let last = try lastLine(sequence)
        if let last, last.record.foldsWith(record) {
            fold.bind(sequence, at: 1)
            fold.bind(last.n, at: 2)
            fold.bind(record.lastAt.milliseconds, at: 3)
            fold.bind(record.count, at: 4)
            fold.bind(record.duration.milliseconds, at: 5)
            fold.bind(record.requestID, at: 6)
            return try fold.run()
        }
        let n = last.map { $0.n + 1 } ?? 0
        try add(record, to: sequence, n: n)
        if n >= Int64(AttemptHistory.firstKept + AttemptHistory.lastKept) {
            deleteLine.bind(sequence, at: 1)
            deleteLine.bind(n - Int64(AttemptHistory.lastKept), at: 2)
            try deleteLine.run()
        }
    }

    private func add(_ record: AttemptRecord, to sequence: Int64, n: Int64) throws(SQLiteError) {
        insert.bind(sequence, at: 1)
        insert.bind(n, at: 2)
        insert.bind(record.at.milliseconds, at: 3)
        insert.bind(record.lastAt.milliseconds, at: 4)
        insert.bind(record.duration.milliseconds, at: 5)
        insert.bind(record.outcome, at: 6)
        insert.bind(record.blame?.rawValue, at: 7)
        insert.bind(record.status.map { Int64($0) }, at: 8)
        insert.bind(record.code, at: 9)
        insert.bind(record.message, at: 10)
        insert.bind(record.requestID, at: 11)
        insert.bind(record.charged, at: 12)
        insert.bind(record.uncertain, at: 13)
        insert.bind(record.count, at: 14)
        try insert.run()
    }

    func deleteLines(of sequence: Int64) throws(SQLiteError) {
        deleteAll.bind(sequence, at: 1)
        try deleteAll.run()
    }
}

extension AttemptRecord {
    /// From `AttemptTable.columns`, the first of them at column 0.
    init(row: borrowing Statement) {
        self.init(
            at: WallTime(milliseconds: row.int64(0)),
            lastAt: WallTime(milliseconds: row.int64(1)),
            duration: Span(milliseconds: row.int64(2)),
            outcome: row.text(3),
            blame: row.optionalText(4).flatMap(Blame.init(rawValue:)),
            status: row.optionalInt64(5).map { Int($0) },
            code: row.optionalText(6),
            message: row.optionalText(7),
            requestID: row.optionalText(8),
            charged: row.bool(9),
            uncertain: row.bool(10),
            count: row.int(11)
        )
    }
}
