import OutboxCore

/// Operators' pauses.
struct PauseTable: ~Copyable {
    private let upsert: Statement
    private let delete: Statement
    private let select: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let upsert = try connection.prepare(
            "INSERT INTO pauses VALUES (?1, ?2, ?3) ON CONFLICT (pattern) DO UPDATE SET reason = excluded.reason"
        )
        let delete = try connection.prepare("DELETE FROM pauses WHERE pattern = ?1")
        let select = try connection.prepare("SELECT pattern, reason, since FROM pauses ORDER BY pattern")
        self.upsert = upsert
        self.delete = delete
        self.select = select
    }

    /// False: there are too many.
    func add(_ rule: PauseRule) throws(SQLiteError) -> Bool {
        let known = try rules()
        guard known.count < PauseRule.rulesMax || known.contains(where: { $0.pattern == rule.pattern }) else {
            return false
        }
        upsert.bind(rule.pattern.text, at: 1)
        upsert.bind(rule.reason, at: 2)
        upsert.bind(rule.since.milliseconds, at: 3)
        try upsert.run()
        return true
    }

    /// Removes the rules whose pattern, as text, is matched.
    func remove(matching pattern: GlobPattern) throws(SQLiteError) -> [PauseRule] {
        let meant = try rules().filter { pattern.matches($0.pattern.text) }
        for rule in meant {
            delete.bind(rule.pattern.text, at: 1)
            try delete.run()
        }
        return meant
    }

    func rules() throws(SQLiteError) -> [PauseRule] {
        defer { select.reset() }
        var rules: [PauseRule] = []
        while try select.step() {
            let since = WallTime(milliseconds: select.int64(2))
            rules.append(
                PauseRule(pattern: GlobPattern(select.text(0)), reason: select.optionalText(1), since: since)
            )
        }
        return rules
    }
}
