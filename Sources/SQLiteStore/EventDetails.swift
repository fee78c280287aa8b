import OutboxCore

/// Reads everything about one event from the table it is in; history lines apart.
enum EventDetails {
    private static let functionColumns = "f.partition, f.account, f.region, f.name, f.qualifier"
    private static let shared = """
        e.seq, e.function_id, \(functionColumns), p.name, e.accepted_at, e.id_tail, e.charged_attempts, e.attempts,
        e.uncertain, e.redriven
        """
    private static let joins = """
        LEFT JOIN functions f ON f.id = e.function_id LEFT JOIN producers p ON p.id = e.producer_id WHERE e.seq = ?1
        """
    private static let options = """
        e.age_from, e.expires_at, e.key_text, length(e.payload),
        e.durable_name, e.tenant_id, e.trace_id, e.client_context, e.key_kind, e.key_until
        """

    static func queued(_ connection: borrowing Connection, _ sequence: Int64) throws(SQLiteError) -> EventDetail? {
        let row = try connection.prepare("SELECT \(shared), \(options), e.due_at FROM events e \(joins)")
        row.bind(sequence, at: 1)
        guard try row.step() else { return nil }
        var detail = detail(row, .queued)
        readOptions(row, into: &detail)
        detail.dueAt = time(row, 24)
        return detail
    }

    static func deadLetter(_ connection: borrowing Connection, _ sequence: Int64) throws(SQLiteError) -> EventDetail? {
        let row = try connection.prepare(
            "SELECT \(shared), \(options), e.died_at, e.condition, e.reason FROM dead_letters e \(joins)"
        )
        row.bind(sequence, at: 1)
        guard try row.step() else { return nil }
        var detail = detail(row, .deadLetter)
        readOptions(row, into: &detail)
        detail.diedAt = time(row, 24)
        // What nobody knows was changed on the disk.
        detail.condition = DeadLetterCondition(rawValue: row.text(25)) ?? .corrupt
        detail.reason = row.text(26)
        return detail
    }

    /// Handed over, with the attempt that did it as its only history line; or cancelled.
    static func handedOver(_ connection: borrowing Connection, _ sequence: Int64) throws(SQLiteError) -> EventDetail? {
        let row = try connection.prepare(
            """
            SELECT \(shared), e.handed_over_at, e.attempt_at, e.attempt_duration, e.attempt_status, e.payload_bytes,
                e.request_id, e.cancelled
            FROM history e \(joins)
            """
        )
        row.bind(sequence, at: 1)
        guard try row.step() else { return nil }
        let isCancelled = row.bool(20)
        var detail = detail(row, isCancelled ? .cancelled : .handedOver)
        detail.payloadBytes = row.int(18)
        if isCancelled {
            detail.cancelledAt = time(row, 14)
            return detail
        }
        detail.handedOverAt = time(row, 14)
        detail.requestID = row.optionalText(19)
        detail.attempts = [
            AttemptRecord(
                at: WallTime(milliseconds: row.int64(15)),
                duration: Span(milliseconds: row.int64(16)),
                outcome: "handed-over",
                blame: nil,
                status: row.optionalInt64(17).map { Int($0) },
                requestID: detail.requestID,
                charged: false,
                uncertain: false
            )
        ]
        return detail
    }

    static func attempts(
        _ connection: borrowing Connection,
        _ sequence: Int64
    ) throws(SQLiteError) -> [AttemptRecord] {
        let select = try connection.prepare(
            "SELECT \(AttemptTable.columns) FROM attempts WHERE seq = ?1 ORDER BY n"
        )
        select.bind(sequence, at: 1)
        var lines: [AttemptRecord] = []
        while try select.step() { lines.append(AttemptRecord(row: select)) }
        return lines
    }

    /// From the columns of `shared`.
    private static func detail(_ row: borrowing Statement, _ state: EventState) -> EventDetail {
        let sequence = row.int64(0)
        let acceptedAt = WallTime(milliseconds: row.int64(8))
        return EventDetail(
            sequence: sequence,
            id: EventID(acceptedAt: acceptedAt, row: sequence, tail: row.int64(9)),
            functionKey: FunctionKey(row.int64(1)),
            function: FunctionIdentity(row: row, from: 2),
            state: state,
            producer: row.text(7),
            payloadBytes: 0,
            acceptedAt: acceptedAt,
            ageFrom: acceptedAt,
            chargedAttempts: row.int(10),
            uncertain: row.bool(12),
            redriven: row.int(13),
            attemptCount: row.int(11)
        )
    }

    /// From the columns of `options`, behind those of `shared`.
    private static func readOptions(_ row: borrowing Statement, into detail: inout EventDetail) {
        detail.ageFrom = WallTime(milliseconds: row.int64(14))
        detail.expiresAt = time(row, 15)
        detail.idempotencyKey = row.optionalText(16)
        detail.payloadBytes = row.int(17)
        detail.headers = PassedHeaders(row: row, from: 18)
        detail.keyKind = row.optionalInt64(22).map { Int($0) }
        detail.keyUntil = time(row, 23)
    }

    private static func time(_ row: borrowing Statement, _ column: Int32) -> WallTime? {
        row.optionalInt64(column).map(WallTime.init(milliseconds:))
    }
}
