import OutboxCore

/// Events that were handed over, or cancelled: a line each, for a while. The attempt that handed an event over is part of
/// the line, so that the usual event, handed over at its first attempt, costs one row.
struct HistoryTable: ~Copyable {
    private let insert: Statement
    private let insertCancelled: Statement
    private let selectOldest: Statement
    private let deleteRow: Statement
    private let selectFunctions: Statement
    private let selectLine: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare(
            """
            INSERT INTO history (seq, function_id, accepted_at, handed_over_at, attempt_at, attempt_duration,
                attempt_status, id_tail, charged_attempts, attempts, uncertain, redriven, producer_id, payload_bytes,
                request_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
            """
        )
        let insertCancelled = try connection.prepare(
            """
            INSERT INTO history (seq, function_id, accepted_at, handed_over_at, attempt_at, attempt_duration,
                id_tail, charged_attempts, attempts, uncertain, redriven, producer_id, payload_bytes, cancelled)
            VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1)
            """
        )
        let selectOldest = try connection.prepare(
            "SELECT seq, handed_over_at, attempts > 1 - cancelled FROM history ORDER BY handed_over_at, seq LIMIT ?1"
        )
        let deleteRow = try connection.prepare("DELETE FROM history WHERE seq = ?1")
        let selectFunctions = try connection.prepare(
            "SELECT seq, function_id FROM history WHERE seq > ?1 ORDER BY seq LIMIT ?2"
        )
        let selectLine = try connection.prepare("SELECT accepted_at, id_tail, cancelled FROM history WHERE seq = ?1")
        self.insert = insert
        self.selectLine = selectLine
        self.insertCancelled = insertCancelled
        self.selectFunctions = selectFunctions
        self.selectOldest = selectOldest
        self.deleteRow = deleteRow
    }

    func add(_ resolution: Resolution, _ head: EventHead, now: WallTime) throws(SQLiteError) {
        insert.bind(resolution.sequence, at: 1)
        insert.bind(head.function.rawValue, at: 2)
        insert.bind(head.acceptedAt.milliseconds, at: 3)
        insert.bind(now.milliseconds, at: 4)
        insert.bind(resolution.attempt.at.milliseconds, at: 5)
        insert.bind(resolution.attempt.duration.milliseconds, at: 6)
        insert.bind(resolution.attempt.status.map { Int64($0) }, at: 7)
        insert.bind(head.idTail, at: 8)
        insert.bind(resolution.chargedAttempts, at: 9)
        insert.bind(head.attempts + resolution.attempt.count, at: 10)
        insert.bind(resolution.uncertain || head.uncertain, at: 11)
        insert.bind(head.redriven, at: 12)
        insert.bind(head.producer, at: 13)
        insert.bind(head.payloadBytes, at: 14)
        let code = insert.withInPlace(resolution.attempt.requestID, at: 15) { insert.stepCode() }
        _ = try insert.stepped(code)
        insert.reset()
    }

    /// An operator took the event out; its attempts, if it had any, keep their lines.
    func addCancelled(_ sequence: Int64, _ head: EventHead, now: WallTime) throws(SQLiteError) {
        insertCancelled.bind(sequence, at: 1)
        insertCancelled.bind(head.function.rawValue, at: 2)
        insertCancelled.bind(head.acceptedAt.milliseconds, at: 3)
        insertCancelled.bind(now.milliseconds, at: 4)
        insertCancelled.bind(head.idTail, at: 5)
        insertCancelled.bind(head.chargedAttempts, at: 6)
        insertCancelled.bind(head.attempts, at: 7)
        insertCancelled.bind(head.uncertain, at: 8)
        insertCancelled.bind(head.redriven, at: 9)
        insertCancelled.bind(head.producer, at: 10)
        insertCancelled.bind(head.payloadBytes, at: 11)
        try insertCancelled.run()
    }

    /// Handed over or cancelled, and which event it was; nil if the history has no line of this number.
    func line(_ sequence: Int64) throws(SQLiteError) -> (id: EventID, state: EventState)? {
        selectLine.bind(sequence, at: 1)
        defer { selectLine.reset() }
        guard try selectLine.step() else { return nil }
        let acceptedAt = WallTime(milliseconds: selectLine.int64(0))
        let id = EventID(acceptedAt: acceptedAt, row: sequence, tail: selectLine.int64(1))
        return (id, selectLine.bool(2) ? .cancelled : .handedOver)
    }

    struct Line {
        var sequence: Int64
        var handedOverAt: WallTime
        /// Attempts that are not part of this line have lines of their own.
        var hasAttemptLines: Bool
    }

    /// Those handed over, or cancelled, first.
    func oldest(limit: Int) throws(SQLiteError) -> [Line] {
        selectOldest.bind(limit, at: 1)
        defer { selectOldest.reset() }
        var lines: [Line] = []
        while try selectOldest.step() {
            let handedOverAt = WallTime(milliseconds: selectOldest.int64(1))
            lines.append(
                Line(sequence: selectOldest.int64(0), handedOverAt: handedOverAt, hasAttemptLines: selectOldest.bool(2))
            )
        }
        return lines
    }

    /// Whose hand-overs the next `limit` lines behind a sequence are.
    /// - Returns: the last sequence looked at; nil if there are no more lines.
    func functions(
        after sequence: Int64,
        limit: Int,
        _ body: (FunctionKey) -> Void
    ) throws(SQLiteError) -> Int64? {
        selectFunctions.bind(sequence, at: 1)
        selectFunctions.bind(limit, at: 2)
        defer { selectFunctions.reset() }
        var last: Int64?
        var count = 0
        while try selectFunctions.step() {
            count += 1
            last = selectFunctions.int64(0)
            body(FunctionKey(selectFunctions.int64(1)))
        }
        return count < limit ? nil : last
    }

    func delete(_ sequence: Int64) throws(SQLiteError) {
        deleteRow.bind(sequence, at: 1)
        try deleteRow.run()
    }
}
