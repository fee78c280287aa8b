import CSQLite
package import OutboxCore

extension SQLiteStore {
    /// Reads the whole file (minutes for many gigabytes) and says what is wrong with it; empty: sound. Values of the
    /// wrong kind in single rows don't count: such rows are set aside when they are read.
    package mutating func quickCheck() throws(StoreError) -> [String] {
        do { return try Soundness.check(connection, "quick_check").file } catch { throw noted(error) }
    }

    /// As `quickCheck`, and holds the indexes against their tables: takes several times as long.
    package mutating func integrityCheck() throws(StoreError) -> [String] {
        do { return try Soundness.check(connection, "integrity_check").file } catch { throw noted(error) }
    }

    /// For people: counters that can't be, or that contradict the tables; nil: none that a few look-ups would find.
    func contradiction() throws(SQLiteError) -> String? {
        let totals = counters.totals
        let functions = functionTable.records
        let all =
            [totals.queued, totals.queuedBytes, totals.dead, totals.deadBytes, counters.history]
            + functions.flatMap { [$0.queued, $0.dead, $0.bytes] }
        guard all.allSatisfy({ (0...Soundness.countMax).contains($0) }),
            (0..<Soundness.sequenceMax).contains(totals.lastSequence)
        else { return "a counter is out of range" }
        let queued = functions.reduce(0) { $0 + $1.queued }
        let dead = functions.reduce(0) { $0 + $1.dead }
        guard queued == totals.queued, dead == totals.dead else {
            return
                "the functions count \(queued) queued events and \(dead) dead letters, the database \(totals.queued) "
                + "and \(totals.dead)"
        }
        for (table, count) in [("events", totals.queued), ("dead_letters", totals.dead), ("history", counters.history)]
        {
            if let text = try Soundness.contradiction(connection, table, count, totals.lastSequence) { return text }
        }
        return nil
    }

    /// Whether there are rows in the queue, where they are counted, and only there: rows that got lost with a damaged page
    /// leave a queue that never gets empty. A look-up.
    func checkQueue() throws(SQLiteError) {
        let totals = counters.totals
        if let text = try Soundness.contradiction(connection, "events", totals.queued, totals.lastSequence) {
            throw SQLiteError.damaged(text, sql: "size")
        }
    }
}

/// What can be said about a database file as a whole.
enum Soundness {
    /// No counter comes near it.
    static let countMax = 1 << 50
    /// Room for it in an event id.
    static let sequenceMax = EventID.firstImportedRow

    private static let problemsMax = 1000

    /// What SQLite's own check says of the file, and of values in single rows of events and dead letters.
    static func check(
        _ connection: borrowing Connection,
        _ pragma: String
    ) throws(SQLiteError) -> (file: [String], rows: [String]) {
        var problems: [String] = []
        do throws(SQLiteError) {
            let check = try connection.prepare("PRAGMA \(pragma)(\(problemsMax))")
            while try check.step() { problems += lines(check.text(0)) }
        } catch {
            // Damage can also stop the check itself.
            guard error.isOfDamage else { throw error }
            problems.append(error.message)
        }
        if problems == ["ok"] { return ([], []) }
        let rows = problems.filter(isOfRow)
        return (problems.filter { !isOfRow($0) }, rows)
    }

    /// SQLite tells several problems of a table's pages in one text, with the database's name above them.
    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("*** in database") }.map(String.init)
    }

    /// "non-INTEGER value in events.attempts", "NULL value in dead_letters.payload".
    private static func isOfRow(_ problem: String) -> Bool {
        let words = problem.split(separator: " ")
        guard words.count == 4, words[1] == "value", words[2] == "in" else { return false }
        return words[3].hasPrefix("events.") || words[3].hasPrefix("dead_letters.")
    }

    /// Compares a counter and the highest sequence with a table's two ends.
    static func contradiction(
        _ connection: borrowing Connection,
        _ table: String,
        _ count: Int,
        _ lastSequence: Int64
    ) throws(SQLiteError) -> String? {
        guard let first = try connection.integer("SELECT seq FROM \(table) ORDER BY seq LIMIT 1") else {
            return count == 0 ? nil : "\(count) rows of \(table) are counted, and there is none"
        }
        if count == 0 { return "no row of \(table) is counted, and there are some" }
        let last = try connection.integer(
            "SELECT seq FROM \(table) WHERE seq < \(EventID.firstImportedRow) ORDER BY seq DESC LIMIT 1"
        )
        return first > 0 && last ?? 0 <= lastSequence ? nil : "a row of \(table) has a number that was never given"
    }
}
