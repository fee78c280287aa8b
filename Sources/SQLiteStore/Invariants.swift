import OutboxCore

/// What holds between the tables after every commit.
enum Invariants {
    /// Words, and a query that counts what breaks the rule.
    private static let rules: [(words: String, sql: String)] = [
        counted("queued events", "queued", "SELECT count(*) FROM events"),
        counted("bytes of queued events", "queued_bytes", "SELECT coalesce(sum(length(payload)), 0) FROM events"),
        counted("dead letters", "dead", "SELECT count(*) FROM dead_letters"),
        counted("bytes of dead letters", "dead_bytes", "SELECT coalesce(sum(length(payload)), 0) FROM dead_letters"),
        counted("lines of the history", "history", "SELECT count(*) FROM history"),
        counted("entries of idempotency keys", "keys", KeyVerification.count),
        (
            "functions whose count of queued events is wrong",
            """
            SELECT count(*) FROM functions f LEFT JOIN (SELECT function_id, count(*) AS n FROM events GROUP BY 1) e
            ON e.function_id = f.id WHERE f.queued <> coalesce(e.n, 0)
            """
        ),
        (
            "functions whose count of dead letters is wrong",
            """
            SELECT count(*) FROM functions f LEFT JOIN (SELECT function_id, count(*) AS n FROM dead_letters GROUP BY 1) d
            ON d.function_id = f.id WHERE f.dead <> coalesce(d.n, 0)
            """
        ),
        (
            "groups of dead letters whose count is wrong",
            """
            SELECT count(*) FROM dead_groups g LEFT JOIN
            (SELECT function_id, condition, count(*) AS n FROM dead_letters GROUP BY 1, 2) d
            ON d.function_id = g.function_id AND d.condition = g.condition WHERE g.letters <> coalesce(d.n, 0)
            """
        ),
        ("events that are queued and dead", "SELECT count(*) FROM events JOIN dead_letters USING (seq)"),
        ("events that are queued and handed over", "SELECT count(*) FROM events JOIN history USING (seq)"),
        ("events that are dead and handed over", "SELECT count(*) FROM dead_letters JOIN history USING (seq)"),
        (
            "numbers that were never given",
            """
            SELECT count(*) FROM (SELECT seq FROM events UNION ALL SELECT seq FROM dead_letters UNION ALL
            SELECT seq FROM history)
            WHERE seq < 1 OR (seq > (SELECT last_sequence FROM meta) AND seq < \(EventID.firstImportedRow))
            """
        ),
        (
            "keys of events that never were",
            """
            SELECT count(*) FROM idempotency_keys
            WHERE event_seq > (SELECT last_sequence FROM meta) AND event_seq < \(EventID.firstImportedRow)
            """
        ),
    ]

    private static func counted(_ words: String, _ column: String, _ actual: String) -> (words: String, sql: String) {
        (
            "\(words) that are counted and not there, or there and not counted",
            "SELECT abs((\(actual)) - \(column)) FROM meta"
        )
    }

    /// For people: the rules that are broken. In one transaction of the caller's.
    static func broken(_ connection: borrowing Connection) throws(SQLiteError) -> [String] {
        var found: [String] = []
        if try connection.integer("SELECT count(*) FROM meta") != 1 { found.append("the row of counters is gone") }
        for rule in rules {
            let count = try connection.integer(rule.sql) ?? 0
            if count != 0 { found.append("\(count) \(rule.words)") }
        }
        return found
    }
}
