import OutboxCore

/// Reads pages of events for the delivery side. Scans look at small columns only; the rest of a row is read once it is
/// known to be wanted.
struct ClaimReader: ~Copyable {
    private let scanFresh: Statement
    private let scanDue: Statement
    private let fetch: Statement
    private let firstDue: Statement
    /// Rows from this sequence on have a checksum.
    private let checkedFrom: Int64

    private static let fetchSQL = """
        SELECT due_at, accepted_at, age_from, expires_at, id_tail, charged_attempts, unknown_attempts, route_failures,
            attempts, uncertain, redriven, \(PassedHeaders.columns), payload_digest, payload, row_check
        FROM events WHERE seq = ?1
        """

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let scanFresh = try connection.prepare(StoreQueries.fresh)
        let scanDue = try connection.prepare(StoreQueries.due)
        let fetch = try connection.prepare(Self.fetchSQL)
        let firstDue = try connection.prepare(StoreQueries.nextDue)
        checkedFrom = try connection.integer("SELECT checked_from FROM meta WHERE id = 1") ?? 0
        self.scanFresh = scanFresh
        self.scanDue = scanDue
        self.fetch = fetch
        self.firstDue = firstDue
    }

    /// The earliest due time later than `time`.
    func nextDue(after time: WallTime) throws(SQLiteError) -> WallTime? {
        firstDue.bind(time.milliseconds, at: 1)
        defer { firstDue.reset() }
        return try firstDue.step() ? WallTime(milliseconds: firstDue.int64(0)) : nil
    }

    func page(
        _ request: ClaimRequest,
        _ functions: borrowing FunctionTable,
        lastSequence: Int64
    ) throws(SQLiteError) -> ClaimPage {
        var builder = ClaimPageBuilder(request)
        switch request.lane {
        case .fresh(let after, let through, _):
            let through = min(through, lastSequence)
            scanFresh.bind(after, at: 1)
            scanFresh.bind(through, at: 2)
            try fill(&builder, from: scanFresh, functions)
            return builder.page(freshThrough: Swift.max(after, through))
        case .due(let after, let until, _):
            scanDue.bind(after?.dueAt.milliseconds ?? .min, at: 1)
            scanDue.bind(after?.sequence ?? .min, at: 2)
            scanDue.bind(until.milliseconds, at: 3)
            try fill(&builder, from: scanDue, functions)
            return builder.page(freshThrough: 0)
        }
    }

    private func fill(
        _ builder: inout ClaimPageBuilder,
        from scan: borrowing Statement,
        _ functions: borrowing FunctionTable
    ) throws(SQLiteError) {
        defer { scan.reset() }
        while !builder.isFull {
            guard try scan.step() else { return builder.isExhausted = true }
            let row = Self.row(scan)
            guard builder.follows(row) else {
                throw .damaged("event \(row.sequence) is not where its number belongs", sql: "claim")
            }
            guard builder.wants(row) else { continue }
            guard let event = try event(row, functions) else {
                builder.setAside(row)
                continue
            }
            guard builder.add(event, row) else { return }
        }
    }

    /// A queued event by its sequence; nil if it is not there, or damaged.
    func event(_ sequence: Int64, _ functions: borrowing FunctionTable) throws(SQLiteError) -> QueuedEvent? {
        scanFresh.bind(sequence - 1, at: 1)
        scanFresh.bind(sequence, at: 2)
        defer { scanFresh.reset() }
        return try scanFresh.step() ? event(Self.row(scanFresh), functions) : nil
    }

    private static func row(_ scan: borrowing Statement) -> ClaimPageBuilder.Row {
        ClaimPageBuilder.Row(
            sequence: scan.int64(0),
            function: FunctionKey(scan.int64(1)),
            dueAt: scan.optionalInt64(2).map(WallTime.init(milliseconds:))
        )
    }

    /// The whole event of a row that the scan stands on; nil if it is damaged: no function, bad columns, or not
    /// what was accepted. A row that its number doesn't find is damage of the file: it could not be deleted, either.
    private func event(_ row: ClaimPageBuilder.Row, _ functions: borrowing FunctionTable) throws(SQLiteError)
        -> QueuedEvent?
    {
        fetch.bind(row.sequence, at: 1)
        defer { fetch.reset() }
        guard try fetch.step() else {
            throw .damaged("event \(row.sequence) is seen in passing and not found by its number", sql: "claim")
        }
        guard isInForm, let function = functions.function(row.function) else { return nil }
        let acceptedAt = WallTime(milliseconds: fetch.int64(1))
        let event = QueuedEvent(
            sequence: row.sequence,
            id: EventID(acceptedAt: acceptedAt, row: row.sequence, tail: fetch.int64(4)),
            functionKey: row.function,
            function: function,
            payload: fetch.blob(16),
            payloadDigest: Digest256(row: fetch, 15),
            headers: PassedHeaders(row: fetch, from: 11),
            acceptedAt: acceptedAt,
            dueAt: fetch.optionalInt64(0).map(WallTime.init(milliseconds:)),
            ageFrom: WallTime(milliseconds: fetch.int64(2)),
            expiresAt: fetch.optionalInt64(3).map(WallTime.init(milliseconds:)),
            chargedAttempts: fetch.int(5),
            unknownAttempts: fetch.int(6),
            routeFailures: fetch.int(7),
            attempts: fetch.int(8),
            uncertain: fetch.bool(9),
            redriven: fetch.int(10)
        )
        return isUnchanged(event, functions) ? event : nil
    }

    /// The payload itself is held against its digest when the request is signed.
    private func isUnchanged(_ event: QueuedEvent, _ functions: borrowing FunctionTable) -> Bool {
        guard let check = fetch.optionalInt64(17) else { return event.sequence < checkedFrom }
        return check == RowCheck.value(of: event, functions.check(event.functionKey) ?? 0)
    }

    /// Whether the row that `fetch` stands on has the schema's types, and counters that can be counted on.
    private var isInForm: Bool {
        let times: [Int32] = [1, 2, 4]
        let counters: [Int32] = [5, 6, 7, 8, 9, 10]
        let optionalTimes: [Int32] = [0, 3]
        let texts: [Int32] = [11, 12, 13, 14]
        return times.allSatisfy { fetch.type($0) == .integer }
            && counters.allSatisfy { fetch.type($0) == .integer && isCounter(fetch.int64($0)) }
            && optionalTimes.allSatisfy { fetch.isNull($0) || fetch.type($0) == .integer }
            && texts.allSatisfy { fetch.isNull($0) || fetch.type($0) == .text } && fetch.type(16) == .blob
            && (fetch.isNull(17) || fetch.type(17) == .integer)
    }

    private func isCounter(_ value: Int64) -> Bool { (0...EventHead.counterMax).contains(value) }
}
