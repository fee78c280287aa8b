import OutboxCore

/// Dead letters, and how many of them each (function, condition) has.
struct DeadLetterTable: ~Copyable {
    private let insert: Statement
    private let selectHead: Statement
    private let selectKey: Statement
    private let restore: Statement
    private let deleteRow: Statement
    private let selectOldest: Statement
    private let selectGroups: Statement
    private let selectOldestOfGroup: Statement
    private let countGroup: Statement

    /// What an event keeps on its way into the dead letters and back.
    private static let kept = """
        accepted_at, id_tail, attempts, producer_id, key_kind, key_until, key_text,
        \(PassedHeaders.columns), payload_digest, payload, row_check
        """

    /// The first columns of `insert` and those of `kept`, as the schema wants them, whatever a damaged row holds: it must
    /// be possible to set it aside.
    private static let inForm = [
        number("function_id"), number("age_from"), number("expires_at", otherwise: "NULL"), counter("charged_attempts"),
        counter("unknown_attempts"), counter("route_failures"), counter("uncertain"), counter("redriven"),
    ].joined(separator: ", ")
    private static let keptInForm = [
        number("accepted_at"), number("id_tail"), counter("attempts"), number("producer_id"),
        number("key_kind", otherwise: "NULL"), number("key_until", otherwise: "NULL"), text("key_text"),
        text("durable_name"), text("tenant_id"), text("trace_id"), text("client_context"), bytes("payload_digest"),
        bytes("payload"), number("row_check", otherwise: "NULL"),
    ].joined(separator: ", ")

    private static func number(_ column: String, otherwise: String = "0") -> String {
        "iif(typeof(\(column)) = 'integer', \(column), \(otherwise))"
    }

    private static func counter(_ column: String) -> String {
        "iif(typeof(\(column)) = 'integer', min(max(\(column), 0), \(EventHead.counterMax)), 0)"
    }

    private static func text(_ column: String) -> String {
        "iif(typeof(\(column)) = 'text', \(column), NULL)"
    }

    private static func bytes(_ column: String) -> String {
        "iif(typeof(\(column)) = 'blob', \(column), coalesce(CAST(\(column) AS BLOB), x''))"
    }

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare(
            """
            INSERT INTO dead_letters (seq, function_id, age_from, expires_at, charged_attempts, unknown_attempts,
                route_failures, uncertain, redriven, died_at, condition, reason, error_code, fingerprint, \(Self.kept))
            SELECT seq, \(Self.inForm), ?2, ?3, ?4, ?5, ?6, \(Self.keptInForm)
            FROM events WHERE seq = ?1
            """
        )
        let selectHead = try connection.prepare(
            "SELECT \(EventHead.columns), condition, expires_at FROM dead_letters WHERE seq = ?1"
        )
        let selectKey = try connection.prepare("SELECT key_kind, key_text FROM dead_letters WHERE seq = ?1")
        let attempts = Planted.redriveKeepsAttempts ? "charged_attempts" : "0"
        let restore = try connection.prepare(
            """
            INSERT INTO events (seq, function_id, due_at, age_from, expires_at, charged_attempts, unknown_attempts,
                route_failures, uncertain, redriven, \(Self.kept))
            SELECT seq, function_id, ?2, ?2, CASE WHEN expires_at > ?2 THEN expires_at END, \(attempts), 0,
                0, uncertain, redriven + 1, \(Self.kept)
            FROM dead_letters WHERE seq = ?1
            """
        )
        let deleteRow = try connection.prepare("DELETE FROM dead_letters WHERE seq = ?1")
        let selectOldest = try connection.prepare("SELECT seq FROM dead_letters ORDER BY died_at, seq LIMIT ?1")
        let selectGroups = try connection.prepare(
            "SELECT function_id, condition FROM dead_groups WHERE letters > 0 ORDER BY function_id, condition"
        )
        let selectOldestOfGroup = try connection.prepare(
            """
            SELECT died_at, seq FROM dead_letters WHERE function_id = ?1 AND condition = ?2
            ORDER BY died_at, seq LIMIT ?3
            """
        )
        let countGroup = try connection.prepare(
            """
            INSERT INTO dead_groups VALUES (?1, ?2, ?3)
            ON CONFLICT (function_id, condition) DO UPDATE SET letters = letters + ?3
            """
        )
        self.insert = insert
        self.selectHead = selectHead
        self.selectKey = selectKey
        self.restore = restore
        self.deleteRow = deleteRow
        self.selectOldest = selectOldest
        self.selectGroups = selectGroups
        self.selectOldestOfGroup = selectOldestOfGroup
        self.countGroup = countGroup
    }

    struct Head {
        var event: EventHead
        var condition: String
        var expiresAt: WallTime?
    }

    /// nil if no dead letter has this sequence.
    func head(_ sequence: Int64) throws(SQLiteError) -> Head? {
        selectHead.bind(sequence, at: 1)
        defer { selectHead.reset() }
        guard try selectHead.step() else { return nil }
        return Head(
            event: EventHead(row: selectHead),
            condition: selectHead.text(10),
            expiresAt: selectHead.optionalInt64(11).map(WallTime.init(milliseconds:))
        )
    }

    /// The row of a dead letter, wherever it came from.
    func find(_ id: EventID) throws(SQLiteError) -> (sequence: Int64, head: Head)? {
        for row in id.rows {
            if let head = try head(row), head.event.id(row) == id { return (row, head) }
        }
        return nil
    }

    func key(_ sequence: Int64) throws(SQLiteError) -> (kind: Int64, text: String)? {
        selectKey.bind(sequence, at: 1)
        defer { selectKey.reset() }
        guard try selectKey.step(), !selectKey.isNull(0) else { return nil }
        return (selectKey.int64(0), selectKey.text(1))
    }

    /// Copies a queued event here; its row in the queue is the caller's to delete.
    func add(
        _ sequence: Int64,
        of function: FunctionKey,
        diedAt: WallTime,
        _ condition: DeadLetterCondition,
        reason: String,
        errorCode: String?,
        fingerprint: Fingerprint
    ) throws(SQLiteError) {
        insert.bind(sequence, at: 1)
        insert.bind(diedAt.milliseconds, at: 2)
        insert.bind(condition.rawValue, at: 3)
        insert.bind(reason, at: 4)
        insert.bind(errorCode, at: 5)
        insert.bind(fingerprint.description, at: 6)
        try insert.run()
        try count(function, condition.rawValue, by: 1)
    }

    /// Moves a dead letter back into the queue.
    func redrive(_ sequence: Int64, _ head: Head, now: WallTime) throws(SQLiteError) {
        restore.bind(sequence, at: 1)
        restore.bind(now.milliseconds, at: 2)
        try restore.run()
        try delete(sequence, head)
    }

    func delete(_ sequence: Int64, _ head: Head) throws(SQLiteError) {
        deleteRow.bind(sequence, at: 1)
        try deleteRow.run()
        try count(head.event.function, head.condition, by: -1)
    }

    private func count(_ function: FunctionKey, _ condition: String, by change: Int64) throws(SQLiteError) {
        countGroup.bind(function.rawValue, at: 1)
        countGroup.bind(condition, at: 2)
        countGroup.bind(change, at: 3)
        try countGroup.run()
    }

    /// The oldest, by (time of death, sequence).
    func oldest(limit: Int) throws(SQLiteError) -> [Int64] {
        selectOldest.bind(limit, at: 1)
        defer { selectOldest.reset() }
        var sequences: [Int64] = []
        while try selectOldest.step() { sequences.append(selectOldest.int64(0)) }
        return sequences
    }

    /// The oldest of the groups, by function and condition, that `isMeant` picks. Reads at most `limit` index entries of each group.
    func oldest(limit: Int, where isMeant: (FunctionKey, String) -> Bool) throws(SQLiteError) -> [Int64] {
        var places: [DeadPlace] = []
        defer { selectGroups.reset() }
        while try selectGroups.step() {
            let function = FunctionKey(selectGroups.int64(0))
            guard isMeant(function, selectGroups.text(1)) else { continue }
            selectOldestOfGroup.bind(function.rawValue, at: 1)
            selectOldestOfGroup.bind(selectGroups.text(1), at: 2)
            selectOldestOfGroup.bind(limit, at: 3)
            defer { selectOldestOfGroup.reset() }
            while try selectOldestOfGroup.step() {
                let diedAt = WallTime(milliseconds: selectOldestOfGroup.int64(0))
                places.append(DeadPlace(diedAt: diedAt, sequence: selectOldestOfGroup.int64(1)))
            }
        }
        places.sort { ($0.diedAt, $0.sequence) < ($1.diedAt, $1.sequence) }
        return places.prefix(limit).map(\.sequence)
    }
}
