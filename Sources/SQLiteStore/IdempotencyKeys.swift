import OutboxCore

/// The idempotency keys that are remembered (P4): which event each one named first.
///
/// One plain table. Everything about its structure stays behind this type.
struct IdempotencyKeys: ~Copyable {
    private let insert: Statement
    private let select: Statement
    private let replace: Statement
    private let delete: Statement
    private let selectExpired: Statement
    private let park: Statement
    private let selectOfFunction: Statement

    private static let place = "producer_id = ?1 AND function_id = ?2 AND kind = ?3 AND key_text = ?4"

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare(
            "INSERT INTO idempotency_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"
        )
        let select = try connection.prepare(
            """
            SELECT event_seq, event_accepted_at, event_id_tail, content_digest, remembered_until
            FROM idempotency_keys WHERE \(Self.place)
            """
        )
        let replace = try connection.prepare(
            """
            UPDATE idempotency_keys SET content_digest = ?5, event_seq = ?6, event_accepted_at = ?7, event_id_tail = ?8,
                remembered_until = ?9
            WHERE \(Self.place)
            """
        )
        let delete = try connection.prepare("DELETE FROM idempotency_keys WHERE \(Self.place) AND event_seq = ?5")
        let selectExpired = try connection.prepare(
            """
            SELECT producer_id, function_id, kind, key_text, event_seq
            FROM idempotency_keys WHERE remembered_until <= ?1 ORDER BY remembered_until LIMIT ?2
            """
        )
        let park = try connection.prepare(
            "UPDATE idempotency_keys SET remembered_until = NULL WHERE \(Self.place) AND event_seq = ?5"
        )
        let selectOfFunction = try connection.prepare(
            "SELECT 1 FROM idempotency_keys WHERE producer_id = ?1 AND function_id = ?2 LIMIT 1"
        )
        self.insert = insert
        self.selectOfFunction = selectOfFunction
        self.select = select
        self.replace = replace
        self.delete = delete
        self.selectExpired = selectExpired
        self.park = park
    }

    /// Where a key stands: it belongs to (producer, function, kind).
    struct Place {
        var producer: Int64
        var function: FunctionKey
        var kind: Int64
        var text: String
    }

    /// The event a key names.
    struct Holder {
        var sequence: Int64
        var id: EventID
        var contentDigest: Digest256
        /// When the window passes; nil: it has.
        var rememberedUntil: WallTime?
    }

    /// Lets the key name this event, unless it names one already.
    /// - Returns: the event it names already, remembered or not; nil if it names this one now.
    func take(_ place: Place, for holder: Holder) throws(SQLiteError) -> Holder? {
        guard try write(insert, place, holder) == 0 else { return nil }
        guard let first = try self.holder(of: place) else {
            // The insert has just met it, inside this transaction.
            throw SQLiteError.damaged("a key that is there can't be found", sql: select.sql)
        }
        return first
    }

    /// The event that the key names, remembered or not; nil if it names none.
    func holder(of place: Place) throws(SQLiteError) -> Holder? {
        bind(place, to: select)
        defer { select.reset() }
        guard try select.step() else { return nil }
        let sequence = select.int64(0)
        let acceptedAt = WallTime(milliseconds: select.int64(1))
        return Holder(
            sequence: sequence,
            id: EventID(acceptedAt: acceptedAt, row: sequence, tail: select.int64(2)),
            contentDigest: Digest256(row: select, 3),
            rememberedUntil: select.optionalInt64(4).map(WallTime.init(milliseconds:))
        )
    }

    /// Lets the key name this event instead of the one it names.
    func takeOver(_ place: Place, for holder: Holder) throws(SQLiteError) {
        _ = try write(replace, place, holder)
    }

    /// Forgets the key, if it still names this event.
    func free(_ place: Place, of sequence: Int64) throws(SQLiteError) {
        bind(place, to: delete)
        delete.bind(sequence, at: 5)
        try delete.run()
    }

    /// Whether any key of this producer and function is there: one look into the table's own order.
    func isAny(of producer: Int64, _ function: FunctionKey) throws(SQLiteError) -> Bool {
        selectOfFunction.bind(producer, at: 1)
        selectOfFunction.bind(function.rawValue, at: 2)
        defer { selectOfFunction.reset() }
        return try selectOfFunction.step()
    }

    /// Keys whose window has passed and that nobody has looked at since; at most `limit`.
    func expired(now: WallTime, limit: Int) throws(SQLiteError) -> [(place: Place, sequence: Int64)] {
        selectExpired.bind(now.milliseconds, at: 1)
        selectExpired.bind(limit, at: 2)
        defer { selectExpired.reset() }
        var found: [(Place, Int64)] = []
        while try selectExpired.step() {
            let place = Place(
                producer: selectExpired.int64(0),
                function: FunctionKey(selectExpired.int64(1)),
                kind: selectExpired.int64(2),
                text: selectExpired.text(3)
            )
            found.append((place, selectExpired.int64(4)))
        }
        return found
    }

    /// Takes the key of a living event out of the expiry index: who removes the event will free it.
    func keepWhileAlive(_ place: Place, of sequence: Int64) throws(SQLiteError) {
        bind(place, to: park)
        park.bind(sequence, at: 5)
        try park.run()
    }

    private func bind(_ place: Place, to statement: borrowing Statement) {
        statement.bind(place.producer, at: 1)
        statement.bind(place.function.rawValue, at: 2)
        statement.bind(place.kind, at: 3)
        statement.bind(place.text, at: 4)
    }

    private func write(
        _ statement: borrowing Statement,
        _ place: Place,
        _ holder: Holder
    ) throws(SQLiteError) -> Int {
        statement.bind(place.producer, at: 1)
        statement.bind(place.function.rawValue, at: 2)
        statement.bind(place.kind, at: 3)
        statement.bind(holder.sequence, at: 6)
        statement.bind(holder.id.acceptedAt.milliseconds, at: 7)
        statement.bind(holder.id.tail, at: 8)
        statement.bind(holder.rememberedUntil?.milliseconds, at: 9)
        let code = holder.contentDigest.withBytes { digest in
            statement.bindInPlace(digest, at: 5)
            return statement.withInPlace(place.text, at: 4) { statement.stepCode() }
        }
        _ = try statement.stepped(code)
        let changes = statement.changes
        statement.reset()
        return changes
    }
}
