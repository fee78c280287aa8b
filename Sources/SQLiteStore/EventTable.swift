import OutboxCore

/// The queue's rows.
struct EventTable: ~Copyable {
    private let insert: Statement
    private let selectHead: Statement
    private let selectKey: Statement
    private let updateWaiting: Statement
    private let setUncertain: Statement
    private let updateDue: Statement
    private let updateRetry: Statement
    private let updatePast: Statement
    private let selectRetries: Statement
    private let deleteRow: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare(
            """
            INSERT INTO events (seq, function_id, due_at, accepted_at, age_from, expires_at, id_tail,
                charged_attempts, unknown_attempts, route_failures, attempts, uncertain, redriven,
                producer_id, key_kind, key_until, key_text, \(PassedHeaders.columns), payload_digest, payload, row_check)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0, 0, 0, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            """
        )
        let selectHead = try connection.prepare("SELECT \(EventHead.columns) FROM events WHERE seq = ?1")
        let selectKey = try connection.prepare("SELECT key_kind, key_text FROM events WHERE seq = ?1")
        let updateWaiting = try connection.prepare(
            """
            UPDATE events SET due_at = coalesce(?2, due_at), charged_attempts = ?3, unknown_attempts = ?4,
                route_failures = ?5, attempts = attempts + ?6, uncertain = uncertain OR ?7
            WHERE seq = ?1
            """
        )
        let setUncertain = try connection.prepare("UPDATE events SET uncertain = 1 WHERE seq = ?1")
        // Age counts from the delivery time that was to be. It has come now: a millisecond ago, which tells it from a time
        // that was promised.
        let updateDue = try connection.prepare(
            "UPDATE events SET due_at = ?2, age_from = min(age_from, ?2 - 1) WHERE seq = ?1 AND due_at > ?2"
        )
        let updateRetry = try connection.prepare("UPDATE events SET due_at = ?2 WHERE seq = ?1 AND due_at > ?2")
        let updatePast = try connection.prepare(
            "UPDATE events SET charged_attempts = ?2, attempts = ?3, uncertain = ?4, redriven = ?5 WHERE seq = ?1"
        )
        let selectRetries = try connection.prepare(StoreQueries.laterRetries)
        let deleteRow = try connection.prepare("DELETE FROM events WHERE seq = ?1")
        self.insert = insert
        self.selectHead = selectHead
        self.selectKey = selectKey
        self.updateWaiting = updateWaiting
        self.setUncertain = setUncertain
        self.updateDue = updateDue
        self.updateRetry = updateRetry
        self.updatePast = updatePast
        self.selectRetries = selectRetries
        self.deleteRow = deleteRow
    }

    /// Adds a row. Payload, digest and key text are lent to SQLite for this one step, not copied.
    func add(
        _ event: NewEvent,
        as queued: QueuedEvent,
        producer: Int64,
        keyUntil: WallTime?,
        check: Int64
    ) throws(SQLiteError) {
        insert.bind(queued.sequence, at: 1)
        insert.bind(queued.functionKey.rawValue, at: 2)
        insert.bind(queued.dueAt?.milliseconds, at: 3)
        insert.bind(queued.acceptedAt.milliseconds, at: 4)
        insert.bind(queued.ageFrom.milliseconds, at: 5)
        insert.bind(queued.expiresAt?.milliseconds, at: 6)
        insert.bind(queued.id.tail, at: 7)
        insert.bind(producer, at: 8)
        insert.bind((event.dedupe?.kind.rawValue).map { Int64($0) }, at: 9)
        insert.bind(keyUntil?.milliseconds, at: 10)
        insert.bind(event.headers.durableExecutionName, at: 12)
        insert.bind(event.headers.tenantID, at: 13)
        insert.bind(event.headers.traceID, at: 14)
        insert.bind(event.headers.clientContext, at: 15)
        insert.bind(check, at: 18)
        let code = event.payload.withUnsafeBytes { payload in
            event.payloadDigest.withBytes { digest in
                insert.bindInPlace(digest, at: 16)
                insert.bindInPlace(payload, at: 17)
                return insert.withInPlace(event.dedupe?.text, at: 11) { insert.stepCode() }
            }
        }
        _ = try insert.stepped(code)
        insert.reset()
    }

    /// nil if no event of this sequence is queued.
    func head(_ sequence: Int64) throws(SQLiteError) -> EventHead? {
        selectHead.bind(sequence, at: 1)
        defer { selectHead.reset() }
        return try selectHead.step() ? EventHead(row: selectHead) : nil
    }

    /// The row of a queued event, wherever it came from.
    func find(_ id: EventID) throws(SQLiteError) -> (sequence: Int64, head: EventHead)? {
        for row in id.rows {
            if let head = try head(row), head.id(row) == id { return (row, head) }
        }
        return nil
    }

    /// What an event that came with an id from elsewhere has behind it.
    func setPast(_ event: ImportedEvent, _ sequence: Int64) throws(SQLiteError) {
        updatePast.bind(sequence, at: 1)
        updatePast.bind(event.chargedAttempts, at: 2)
        updatePast.bind(event.attempts, at: 3)
        updatePast.bind(event.uncertain || event.place == .queue, at: 4)
        updatePast.bind(event.redriven, at: 5)
        try updatePast.run()
    }

    func key(_ sequence: Int64) throws(SQLiteError) -> (kind: Int64, text: String)? {
        selectKey.bind(sequence, at: 1)
        defer { selectKey.reset() }
        guard try selectKey.step(), !selectKey.isNull(0) else { return nil }
        return (selectKey.int64(0), selectKey.text(1))
    }

    /// Writes what an attempt left behind; `dueAt` nil leaves the row's place in line.
    /// - Returns: false if the event is not queued.
    func wait(_ resolution: Resolution, dueAt: WallTime?) throws(SQLiteError) -> Bool {
        updateWaiting.bind(resolution.sequence, at: 1)
        updateWaiting.bind(dueAt?.milliseconds, at: 2)
        updateWaiting.bind(resolution.chargedAttempts, at: 3)
        updateWaiting.bind(resolution.unknownAttempts, at: 4)
        updateWaiting.bind(resolution.routeFailures, at: 5)
        updateWaiting.bind(resolution.attempt.count, at: 6)
        updateWaiting.bind(resolution.uncertain, at: 7)
        return try updateWaiting.runCountingChanges() == 1
    }

    func markUncertain(_ sequence: Int64) throws(SQLiteError) {
        setUncertain.bind(sequence, at: 1)
        try setUncertain.run()
    }

    /// What was due later is due now.
    func hurry(_ sequence: Int64, now: WallTime) throws(SQLiteError) {
        updateDue.bind(sequence, at: 1)
        updateDue.bind(now.milliseconds, at: 2)
        try updateDue.run()
    }

    /// What was due later is due now; its age stays.
    func bringForward(_ sequence: Int64, now: WallTime) throws(SQLiteError) {
        updateRetry.bind(sequence, at: 1)
        updateRetry.bind(now.milliseconds, at: 2)
        try updateRetry.run()
    }

    /// Retries behind a place in the due index.
    func retries(
        behind place: DuePlace,
        limit: Int,
        _ functions: borrowing FunctionTable
    ) throws(SQLiteError) -> RetryPage {
        selectRetries.bind(place.dueAt.milliseconds, at: 1)
        selectRetries.bind(place.sequence, at: 2)
        selectRetries.bind(limit, at: 3)
        defer { selectRetries.reset() }
        var page = RetryPage(rows: [], next: nil)
        var looked = 0
        while try selectRetries.step() {
            looked += 1
            let place = DuePlace(
                dueAt: WallTime(milliseconds: selectRetries.int64(0)),
                sequence: selectRetries.int64(1)
            )
            if looked == limit { page.next = place }
            guard selectRetries.bool(3), let function = functions.function(FunctionKey(selectRetries.int64(2))) else {
                continue
            }
            page.rows.append(RetryPage.Row(place: place, function: function))
        }
        return page
    }

    func delete(_ sequence: Int64) throws(SQLiteError) {
        deleteRow.bind(sequence, at: 1)
        try deleteRow.run()
    }
}
