import OutboxCore

/// Keys of a database of schema version 4 or older, that were not moved over yet.
struct OldKeyTable: ~Copyable {
    private let select: Statement
    private let delete: Statement
    private let selectSome: Statement
    private let selectOfFunction: Statement

    private static let place = "producer_id = ?1 AND function_id = ?2 AND kind = ?3 AND key_text = ?4"
    private static let holder = "event_seq, event_accepted_at, event_id_tail, content_digest, remembered_until"

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let select = try connection.prepare("SELECT \(Self.holder) FROM idempotency_keys WHERE \(Self.place)")
        let delete = try connection.prepare("DELETE FROM idempotency_keys WHERE \(Self.place)")
        let selectSome = try connection.prepare(
            "SELECT \(Self.holder), producer_id, function_id, kind, key_text FROM idempotency_keys LIMIT ?1"
        )
        let selectOfFunction = try connection.prepare(
            "SELECT 1 FROM idempotency_keys WHERE producer_id = ?1 AND function_id = ?2 LIMIT 1"
        )
        self.select = select
        self.delete = delete
        self.selectSome = selectSome
        self.selectOfFunction = selectOfFunction
    }

    /// Where a key stands: it belongs to (producer, function, kind).
    struct Place {
        var producer: Int64
        var function: FunctionKey
        var kind: Int64
        var text: String
    }

    /// The event that the key names; nil if it names none.
    func holder(of place: Place) throws(SQLiteError) -> KeyHolder? {
        bind(place, to: select)
        defer { select.reset() }
        return try select.step() ? Self.holder(row: select) : nil
    }

    private static func holder(row: borrowing Statement) -> KeyHolder {
        let acceptedAt = WallTime(milliseconds: row.int64(1))
        return KeyHolder(
            event: EventID(acceptedAt: acceptedAt, row: row.int64(0), tail: row.int64(2)),
            content: Digest128(Digest256(row: row, 3)),
            rememberedUntil: row.optionalInt64(4).map(WallTime.init(milliseconds:))
        )
    }

    func remove(_ place: Place) throws(SQLiteError) {
        bind(place, to: delete)
        try delete.run()
    }

    /// Any of them, at most `limit`.
    func some(limit: Int) throws(SQLiteError) -> [(place: Place, holder: KeyHolder)] {
        selectSome.bind(limit, at: 1)
        defer { selectSome.reset() }
        var found: [(Place, KeyHolder)] = []
        while try selectSome.step() {
            let place = Place(
                producer: selectSome.int64(5),
                function: FunctionKey(selectSome.int64(6)),
                kind: selectSome.int64(7),
                text: selectSome.text(8)
            )
            found.append((place, Self.holder(row: selectSome)))
        }
        return found
    }

    /// Whether any key of this producer and function is there: one look into the table's own order.
    func isAny(of producer: Int64, _ function: FunctionKey) throws(SQLiteError) -> Bool {
        selectOfFunction.bind(producer, at: 1)
        selectOfFunction.bind(function.rawValue, at: 2)
        defer { selectOfFunction.reset() }
        return try selectOfFunction.step()
    }

    static func isAny(_ connection: borrowing Connection) throws(SQLiteError) -> Bool {
        try connection.integer("SELECT 1 FROM idempotency_keys LIMIT 1") != nil
    }

    private func bind(_ place: Place, to statement: borrowing Statement) {
        statement.bind(place.producer, at: 1)
        statement.bind(place.function.rawValue, at: 2)
        statement.bind(place.kind, at: 3)
        statement.bind(place.text, at: 4)
    }
}
