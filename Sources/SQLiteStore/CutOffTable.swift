import OutboxCore

/// Ends of pauses and outages, each scope once; of pauses a bounded number.
struct CutOffTable: ~Copyable {
    private let replace: Statement
    private let select: Statement
    private let deleteOldest: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let replace = try connection.prepare("INSERT OR REPLACE INTO cut_offs VALUES (?1, ?2, ?3)")
        let select = try connection.prepare("SELECT scope, name, ended_at FROM cut_offs ORDER BY ended_at, scope, name")
        let deleteOldest = try connection.prepare(
            """
            DELETE FROM cut_offs WHERE scope = 'functions' AND name IN
                (SELECT name FROM cut_offs WHERE scope = 'functions' ORDER BY ended_at LIMIT ?1)
            """
        )
        self.replace = replace
        self.select = select
        self.deleteOldest = deleteOldest
    }

    func outageEnded(_ route: String, at time: WallTime) throws(SQLiteError) {
        try set("route", route, time)
    }

    /// Past the bound the older half of the pauses ends in one that meant all functions, now.
    func pausesEnded(_ patterns: [GlobPattern], at time: WallTime) throws(SQLiteError) {
        for pattern in patterns { try set("functions", pattern.text, time) }
        let count = try cutOffs().count { if case .functions = $0.scope { true } else { false } }
        guard count > CutOff.pausesMax else { return }
        deleteOldest.bind(count - CutOff.pausesMax / 2, at: 1)
        try deleteOldest.run()
        try set("functions", "*", time)
    }

    /// In the order of their ends.
    func cutOffs() throws(SQLiteError) -> [CutOff] {
        defer { select.reset() }
        var cutOffs: [CutOff] = []
        while try select.step() {
            let name = select.text(1)
            let scope: CutOff.Scope = select.text(0) == "route" ? .route(name) : .functions(GlobPattern(name))
            cutOffs.append(CutOff(scope: scope, endedAt: WallTime(milliseconds: select.int64(2))))
        }
        return cutOffs
    }

    private func set(_ scope: String, _ name: String, _ time: WallTime) throws(SQLiteError) {
        replace.bind(scope, at: 1)
        replace.bind(name, at: 2)
        replace.bind(time.milliseconds, at: 3)
        try replace.run()
    }
}
