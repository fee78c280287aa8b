import OutboxCore

/// Which of some events may be queued or dead letters: asked for many at once, most of which are long gone.
struct LivingEvents: ~Copyable {
    private let selectBetween: Statement
    private let selectImported: Statement

    /// Numbers looked through for each event that is asked for; beyond, each is looked up.
    private static let sparse: Int64 = 4

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let selectBetween = try connection.prepare(
            """
            SELECT seq FROM events WHERE seq BETWEEN ?1 AND ?2 UNION ALL
            SELECT seq FROM dead_letters WHERE seq BETWEEN ?1 AND ?2
            """
        )
        let first = EventID.firstImportedRow
        let selectImported = try connection.prepare(
            """
            SELECT EXISTS (SELECT 1 FROM events WHERE seq >= \(first))
                OR EXISTS (SELECT 1 FROM dead_letters WHERE seq >= \(first))
            """
        )
        self.selectBetween = selectBetween
        self.selectImported = selectImported
    }

    /// Places of those that have to be looked up; all others are certainly gone.
    func candidates(_ ids: [EventID]) throws(SQLiteError) -> [Int] {
        guard let first = ids.map(\.sequence).min(), let last = ids.map(\.sequence).max() else { return [] }
        selectImported.reset()
        defer { selectImported.reset() }
        let hasImported = try selectImported.step() && selectImported.bool(0)
        if hasImported || last - first > Int64(ids.count) * Self.sparse { return Array(ids.indices) }
        selectBetween.bind(first, at: 1)
        selectBetween.bind(last, at: 2)
        defer { selectBetween.reset() }
        var rows: Set<Int64> = []
        while try selectBetween.step() { rows.insert(selectBetween.int64(0)) }
        return rows.isEmpty ? [] : ids.indices.filter { rows.contains(ids[$0].sequence) }
    }
}
