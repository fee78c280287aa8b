package import OutboxCore

/// Answers people's questions from a read-only connection of its own; confined to one thread. Each call is one short
/// transaction, and it never checkpoints.
package struct SQLiteReader: ~Copyable, EventReader {
    private let connection: Connection
    /// Where `walkOn` stands.
    var walk = RowWalk()

    /// How many rows at the head of the queue `oldestQueued` looks at.
    private static let oldestLookedAt = 10_000
    /// How many rows one page of `queued` looks at: a transaction of milliseconds, whatever the pattern.
    private static let queuedLookedAt = 5_000

    /// Opens a database that a `SQLiteStore` has opened before.
    package static func open(_ path: String) throws(StoreError) -> SQLiteReader {
        do {
            let connection = try Connection.open(path, .readOnly)
            try Pragmas.setForReading(connection)
            return SQLiteReader(connection: connection)
        } catch {
            throw error.storeError
        }
    }

    package mutating func event(_ id: EventID) throws(StoreError) -> EventDetail? {
        try reading { (connection) throws(SQLiteError) in
            for sequence in id.rows {
                var found = try EventDetails.queued(connection, sequence)
                if found == nil { found = try EventDetails.deadLetter(connection, sequence) }
                if found == nil { found = try EventDetails.handedOver(connection, sequence) }
                guard var detail = found, detail.id == id else { continue }
                // A hand-over line brings the last attempt with it.
                let handingOver = detail.attempts
                detail.attempts = try EventDetails.attempts(connection, sequence)
                for attempt in handingOver { AttemptHistory.append(attempt, to: &detail.attempts) }
                return detail
            }
            return nil
        }
    }

    package mutating func payload(_ id: EventID) throws(StoreError) -> [UInt8]? {
        try reading { (connection) throws(SQLiteError) in
            for table in ["events", "dead_letters"] {
                let row = try connection.prepare("SELECT accepted_at, id_tail, payload FROM \(table) WHERE seq = ?1")
                for sequence in id.rows {
                    row.bind(sequence, at: 1)
                    defer { row.reset() }
                    guard try row.step() else { continue }
                    let acceptedAt = WallTime(milliseconds: row.int64(0))
                    if EventID(acceptedAt: acceptedAt, row: sequence, tail: row.int64(1)) == id { return row.blob(2) }
                }
            }
            return nil
        }
    }

    package mutating func queued(
        _ filter: EventFilter,
        after: Int64?,
        limit: Int
    ) throws(StoreError) -> QueuedPage {
        let end = QueuedPage(events: [], next: nil)
        // Only dead letters have a condition.
        guard filter.condition == nil else { return end }
        return try reading { (connection) throws(SQLiteError) in
            let meant = try MeantFunctions(connection, filter.function)
            guard meant.queued > 0 else { return end }
            let scan = try connection.prepare(
                "SELECT seq, function_id FROM events WHERE seq > ?1 ORDER BY seq LIMIT \(Self.queuedLookedAt)"
            )
            scan.bind(after ?? .min, at: 1)
            var page = QueuedPage(events: [], next: nil)
            var looked = 0
            while try scan.step() {
                looked += 1
                page.next = scan.int64(0)
                guard meant.contains(scan.int64(1)) else { continue }
                if let detail = try EventDetails.queued(connection, scan.int64(0)) { page.events.append(detail) }
                if page.events.count >= limit { return page }
            }
            // Fewer than asked for: these were the last.
            if looked < Self.queuedLookedAt { page.next = nil }
            return page
        }
    }

    package mutating func deadLetters(
        _ filter: EventFilter,
        after: DeadPlace?,
        limit: Int
    ) throws(StoreError) -> [EventDetail] {
        try reading { (connection) throws(SQLiteError) in
            let sequences = try DeadLetterPages.newest(connection, filter, after: after, limit: limit)
            var details: [EventDetail] = []
            for sequence in sequences {
                guard let detail = try EventDetails.deadLetter(connection, sequence) else {
                    throw SQLiteError.damaged("dead letter \(sequence) is in an index and not there", sql: "list")
                }
                details.append(detail)
            }
            return details
        }
    }

    /// Goes through the queue in accept order only as long as a row accepted later could still be of greater age; at
    /// most 10,000 rows, since a clock that was set back or many redriven events could make that far.
    package mutating func oldestQueued() throws(StoreError) -> EventDetail? {
        try reading { (connection) throws(SQLiteError) in
            let scan = try connection.prepare(
                "SELECT seq, age_from, accepted_at FROM events ORDER BY seq LIMIT \(Self.oldestLookedAt)"
            )
            var oldest: (sequence: Int64, ageFrom: Int64)?
            while try scan.step() {
                if let oldest, scan.int64(2) >= oldest.ageFrom { break }
                if oldest.map({ scan.int64(1) < $0.ageFrom }) ?? true { oldest = (scan.int64(0), scan.int64(1)) }
            }
            guard let oldest else { return nil }
            return try EventDetails.queued(connection, oldest.sequence)
        }
    }

    package mutating func deadLetterGroups() throws(StoreError) -> [DeadLetterGroup] {
        try reading { (connection) throws(SQLiteError) in try DeadLetterPages.groups(connection) }
    }

    /// Runs `body` in one read transaction: an event that moves from table to table is always in one of them.
    func reading<Result>(
        _ body: (borrowing Connection) throws(SQLiteError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SQLiteError) {
            try connection.execute("BEGIN")
            do throws(SQLiteError) {
                let result = try body(connection)
                try connection.execute("COMMIT")
                return result
            } catch {
                if !connection.isAutocommit { try connection.execute("ROLLBACK") }
                throw error
            }
        } catch {
            throw error.storeError
        }
    }
}

/// The functions that a pattern means, and how many events they have waiting.
struct MeantFunctions {
    /// nil: every one.
    private var ids: Set<Int64>?
    private(set) var queued = 0

    init(_ connection: borrowing Connection, _ pattern: GlobPattern?) throws(SQLiteError) {
        let select = try connection.prepare(
            "SELECT id, partition, account, region, name, qualifier, queued FROM functions WHERE queued > 0 OR dead > 0"
        )
        if pattern != nil { ids = [] }
        while try select.step() {
            if let pattern, !pattern.matches(FunctionIdentity(row: select, from: 1)) { continue }
            ids?.insert(select.int64(0))
            queued += select.int(6)
        }
    }

    func contains(_ id: Int64) -> Bool {
        ids?.contains(id) ?? true
    }
}
