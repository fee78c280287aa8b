import OutboxCore

/// Finds dead letters for lists.
enum DeadLetterPages {
    private static let place = "(died_at, seq) < (?1, ?2)"
    private static let order = "ORDER BY died_at DESC, seq DESC LIMIT ?3"

    /// Sequences of the newest that the filter means, behind `after`. With a filter it reads at most `limit` index
    /// entries of each group that is meant.
    static func newest(
        _ connection: borrowing Connection,
        _ filter: EventFilter,
        after: DeadPlace?,
        limit: Int
    ) throws(SQLiteError) -> [Int64] {
        if filter == EventFilter() {
            let select = try connection.prepare("SELECT died_at, seq FROM dead_letters WHERE \(place) \(order)")
            return try places(select, after, limit).map(\.sequence)
        }
        let select = try connection.prepare(
            "SELECT died_at, seq FROM dead_letters WHERE function_id = ?4 AND condition = ?5 AND \(place) \(order)"
        )
        let meant = try MeantFunctions(connection, filter.function)
        let groups = try connection.prepare("SELECT function_id, condition FROM dead_groups WHERE letters > 0")
        var found: [DeadPlace] = []
        while try groups.step() {
            guard meant.contains(groups.int64(0)) else { continue }
            if let condition = filter.condition, condition.rawValue != groups.text(1) { continue }
            select.bind(groups.int64(0), at: 4)
            select.bind(groups.text(1), at: 5)
            found += try places(select, after, limit)
        }
        found.sort { ($0.diedAt, $0.sequence) > ($1.diedAt, $1.sequence) }
        return found.prefix(limit).map(\.sequence)
    }

    private static func places(
        _ select: borrowing Statement,
        _ after: DeadPlace?,
        _ limit: Int
    ) throws(SQLiteError) -> [DeadPlace] {
        select.bind(after?.diedAt.milliseconds ?? .max, at: 1)
        select.bind(after?.sequence ?? .max, at: 2)
        select.bind(limit, at: 3)
        defer { select.reset() }
        var places: [DeadPlace] = []
        while try select.step() {
            places.append(DeadPlace(diedAt: WallTime(milliseconds: select.int64(0)), sequence: select.int64(1)))
        }
        return places
    }

    /// Counts from the counters, and one index look-up a group.
    static func groups(_ connection: borrowing Connection) throws(SQLiteError) -> [DeadLetterGroup] {
        let select = try connection.prepare(
            """
            SELECT f.partition, f.account, f.region, f.name, f.qualifier, g.condition, g.letters, d.seq, d.accepted_at,
                d.id_tail
            FROM dead_groups g LEFT JOIN functions f ON f.id = g.function_id JOIN dead_letters d ON d.seq = (
                SELECT seq FROM dead_letters WHERE function_id = g.function_id AND condition = g.condition
                ORDER BY died_at DESC, seq DESC LIMIT 1)
            WHERE g.letters > 0 ORDER BY g.function_id, g.condition
            """
        )
        var groups: [DeadLetterGroup] = []
        while try select.step() {
            guard let condition = DeadLetterCondition(rawValue: select.text(5)) else { continue }
            let acceptedAt = WallTime(milliseconds: select.int64(8))
            groups.append(
                DeadLetterGroup(
                    function: FunctionIdentity(row: select, from: 0),
                    condition: condition,
                    count: select.int(6),
                    newest: EventID(acceptedAt: acceptedAt, row: select.int64(7), tail: select.int64(9))
                )
            )
        }
        return groups
    }
}
