import CSQLite
package import OutboxCore

/// A backup: a copy of a queue in one file, sealed so that no daemon takes it for a queue of its own. `Restoration` makes
/// one of it.
package enum BackupFile {
    /// What a backup holds.
    package struct Facts: Hashable, Sendable {
        /// When it was made; nil: it isn't sealed.
        package var takenAt: WallTime?
        package var events: Int
        package var deadLetters: Int
        package var keys: Int
        package var lastSequence: Int64
        /// When the event accepted last was accepted, of those in it.
        package var newestAcceptedAt: WallTime?
        /// Queued events whose bytes don't fit their checksum: they were damaged before, or by the copy.
        package var damaged: [EventID] = []
    }

    /// The table that makes a copy a backup.
    private static let seal = "backup"

    /// Makes a backup of a copy: one plain file, without a log, that says what it is.
    package static func seal(_ path: String, takenAt: WallTime) throws(StoreError) {
        do throws(SQLiteError) {
            let connection = try Connection.open(path, .readWrite)
            // To its end, which is when it is written, before it is asked what came of it.
            try connection.execute("PRAGMA journal_mode = DELETE")
            guard try connection.text("PRAGMA journal_mode") == "delete" else {
                throw SQLiteError.damaged("the copy keeps its log", sql: "journal_mode")
            }
            try connection.execute("PRAGMA synchronous = FULL")
            try connection.execute(
                """
                BEGIN;
                CREATE TABLE \(seal) (taken_at INTEGER NOT NULL) STRICT;
                INSERT INTO \(seal) VALUES (\(takenAt.milliseconds));
                COMMIT
                """
            )
        } catch {
            throw error.storeError
        }
    }

    /// Whether a database is a backup.
    static func isSealed(_ connection: borrowing Connection) throws(SQLiteError) -> Bool {
        try connection.integer("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '\(seal)'") != nil
    }

    /// A backup that was copied into a queue's place would give ids anew that it gave before.
    static func refuse(_ connection: borrowing Connection) throws(SQLiteError) {
        guard try isSealed(connection) else { return }
        throw SQLiteError(
            code: SQLITE_CANTOPEN,
            extended: SQLITE_CANTOPEN,
            message: "the file is a backup: bring it in by lambda-outbox restore",
            sql: "open"
        )
    }

    /// Reads the whole file: its structure, its rows against their counters, each payload against its checksum. Minutes
    /// for many gigabytes; makes no file.
    ///
    /// - Parameter hash: SHA-256.
    /// - Throws: `.refused` if it is none of ours or of a newer version, `.failed` if it is damaged.
    package static func check(_ path: String, hash: HashFunction) throws(StoreError) -> Facts {
        guard try DatabaseFile.look(path, known: nil) == .ours else {
            throw .refused("there is no file \(path), or it is empty")
        }
        do throws(SQLiteError) {
            return try check(try Connection.open(RestingDatabase.immutableName(path), .immutable), path, hash)
        } catch {
            // The one that is at hand, where two of them are spoken of.
            throw error.isOfDamage && !error.message.hasPrefix(path)
                ? .damaged("\(path) is damaged: \(error.description)") : error.storeError
        }
    }

    private static func check(
        _ connection: borrowing Connection,
        _ path: String,
        _ hash: HashFunction
    ) throws(SQLiteError) -> Facts {
        if let problem = try connection.text("PRAGMA quick_check(1)"), problem != "ok" {
            throw SQLiteError.damaged("\(path) is damaged: \(problem)", sql: "quick_check")
        }
        let counters = try MetaTable.read(connection).counters
        let events = Int(try connection.integer("SELECT count(*) FROM events") ?? 0)
        let letters = Int(try connection.integer("SELECT count(*) FROM dead_letters") ?? 0)
        guard (events, letters) == (counters.totals.queued, counters.totals.dead) else {
            let words = "\(path) holds \(events) events and \(letters) dead letters, its counters say "
            throw SQLiteError.damaged("\(words)\(counters.totals.queued) and \(counters.totals.dead)", sql: "count")
        }
        let newest = try connection.integer(
            "SELECT accepted_at FROM events WHERE seq < \(EventID.firstImportedRow) ORDER BY seq DESC LIMIT 1"
        )
        var facts = Facts(
            events: events,
            deadLetters: letters,
            keys: try keys(connection, path),
            lastSequence: counters.totals.lastSequence,
            newestAcceptedAt: newest.map(WallTime.init(milliseconds:))
        )
        if try isSealed(connection) {
            facts.takenAt = try connection.integer("SELECT taken_at FROM \(seal)").map(WallTime.init(milliseconds:))
        }
        facts.damaged = try damaged(connection, hash)
        return facts
    }

    private static func keys(_ connection: borrowing Connection, _ path: String) throws(SQLiteError) -> Int {
        let old = Int(try connection.integer("SELECT count(*) FROM idempotency_keys") ?? 0)
        guard try connection.integer("PRAGMA user_version") ?? 0 >= KeyRows.firstVersion else { return old }
        let keys = Int(try connection.integer(KeyVerification.count) ?? 0)
        let counted = Int(try connection.integer("SELECT keys FROM meta") ?? 0)
        guard keys == counted else {
            throw SQLiteError.damaged("\(path) holds \(keys) keys, its counter says \(counted)", sql: "count")
        }
        return old + keys
    }

    /// At most so many are named.
    private static let namedMax = 100

    /// Dead letters that died of being damaged are known to be.
    private static func damaged(
        _ connection: borrowing Connection,
        _ hash: HashFunction
    ) throws(SQLiteError) -> [EventID] {
        var found: [EventID] = []
        for rows in ["events", "dead_letters WHERE condition <> 'corrupt'"] {
            let select = try connection.prepare(
                "SELECT seq, accepted_at, id_tail, payload_digest, payload FROM \(rows)"
            )
            while try select.step() {
                guard hash(select.blob(4)) != Digest256(row: select, 3), found.count < namedMax else { continue }
                let acceptedAt = WallTime(milliseconds: select.int64(1))
                found.append(EventID(acceptedAt: acceptedAt, row: select.int64(0), tail: select.int64(2)))
            }
        }
        return found
    }

    // MARK: Making a queue of it

    /// Takes the seal away and makes it a queue of another generation that sends nothing yet. One transaction over every
    /// row: without a journal, as a file that doesn't come to the end of it is worth nothing. The caller syncs it.
    static func unseal(
        _ connection: borrowing Connection,
        generation: UInt16,
        reason: String,
        now: WallTime
    ) throws(SQLiteError) {
        try connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192")
        try connection.execute("BEGIN IMMEDIATE")
        // What was queued then may have been handed over since; a dead letter may have been redriven.
        try connection.execute("UPDATE events SET uncertain = 1; UPDATE dead_letters SET uncertain = 1")
        let meta = try connection.prepare("UPDATE meta SET generation = ?1, clean = 1, boot_id = '' WHERE id = 1")
        meta.bind(Int64(generation), at: 1)
        try meta.run()
        let pause = try connection.prepare(
            """
            INSERT INTO pauses (pattern, reason, since) VALUES ('*', ?1, ?2)
            ON CONFLICT (pattern) DO UPDATE SET reason = excluded.reason, since = excluded.since
            """
        )
        pause.bind(reason, at: 1)
        pause.bind(now.milliseconds, at: 2)
        try pause.run()
        try connection.execute("DROP TABLE \(seal)")
        try connection.execute("COMMIT")
    }
}
