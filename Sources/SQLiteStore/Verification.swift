import CSQLite
import Glibc
package import OutboxCore

/// What a look at a whole database found. Nothing is written, made or recovered by it.
package struct Verification: Hashable, Sendable {
    /// A row that isn't what was accepted.
    package struct Row: Hashable, Sendable {
        package var table: String
        package var sequence: Int64
        /// For people.
        package var what: String
    }

    /// For people: what is wrong with the file as a whole, the log included.
    package var file: [String] = []
    /// The first of them.
    package var rows: [Row] = []
    package var damagedRows = 0
    /// For people: tables and counters that contradict each other.
    package var counters: [String] = []
    /// Rows that were looked at, by table.
    package var looked: [String: Int] = [:]
    /// A process had the database open meanwhile.
    package var isInUse = false

    package var isSound: Bool { file.isEmpty && damagedRows == 0 && counters.isEmpty }

    static let rowsNamedMax = 100

    /// Looks at the database at `path`: beside its owner, or alone, and then no daemon starts meanwhile.
    ///
    /// - Parameters:
    ///   - bootID: the kernel's, as its owner knows it.
    ///   - quick: without holding indexes against their tables.
    ///   - hash: SHA-256.
    /// - Throws: `StoreError.refused` if it isn't one of ours or of a newer version; `.failed`.
    package static func of(
        _ path: String,
        bootID: String,
        quick: Bool,
        hash: HashFunction
    ) throws(StoreError) -> Verification {
        var found = Verification()
        var lock: BorrowedLock?
        do throws(StoreError) {
            lock = try BorrowedLock.takeIfThere(database: path)
        } catch .locked {
            found.isInUse = true
        }
        defer { _ = lock }
        do throws(StoreError) {
            let connection = try found.open(path, bootID: bootID)
            try found.look(connection, quick: quick, hash)
        } catch .damaged(let text) {
            found.file.append(text)
        }
        return found
    }

    /// A connection that leaves no trace: beside the owner a reader's; else one that holds the log's index in memory, or
    /// takes the file for one that nobody changes, where there is no log.
    private mutating func open(_ path: String, bootID: String) throws(StoreError) -> Connection {
        if !isInUse {
            let known = OwnerLock.record(SQLiteStore.lockPath(path))
            guard try DatabaseFile.look(path, known: known.store) == .ours else {
                throw .refused("there is no database at \(path)")
            }
            let sameBoot = known.store.map { !bootID.isEmpty && $0.bootID == bootID } ?? false
            if let damage = try LogCheck.damage(path, sameBoot: sameBoot) { file.append(damage) }
        }
        var facts = stat()
        let isThere = stat(path + "-wal", &facts) == 0
        guard isThere || errno == ENOENT else {
            throw .failed("can't look at \(path)-wal: \(systemMessage(errno))")
        }
        let hasLog = isThere && facts.st_size > 0
        do throws(SQLiteError) {
            if isInUse {
                let connection = try Connection.open(path, .readOnly)
                try Pragmas.setForReading(connection)
                return connection
            }
            guard hasLog else { return try Connection.open(RestingDatabase.immutableName(path), .immutable) }
            // SQLite wants to be able to write for a lock of the whole file; that is all that it does with it.
            let connection = try Connection.open(path, .readWrite)
            try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            try Pragmas.setForReading(connection)
            return connection
        } catch {
            throw error.storeError
        }
    }

    private mutating func look(
        _ connection: borrowing Connection,
        quick: Bool,
        _ hash: HashFunction
    ) throws(StoreError) {
        var version: Int64 = 0
        do throws(SQLiteError) {
            file += try Soundness.check(connection, quick ? "quick_check" : "integrity_check").file
            version = try connection.integer("PRAGMA user_version") ?? 0
        } catch {
            throw error.storeError
        }
        guard version >= Self.firstVersionToVerify else {
            // What is older isn't damaged by that.
            if !file.isEmpty { return }
            throw .refused(
                "its file is sound, but it is an older version's (schema \(version)): its rows can be looked at once a "
                    + "daemon has been started with it"
            )
        }
        do throws(SQLiteError) { try Self.prepareAll(connection) } catch {
            guard error.code == SQLITE_ERROR else { throw error.storeError }
            file.append("its schema was changed: \(error.description)")
            return
        }
        do throws(SQLiteError) {
            for table in ["events", "dead_letters"] {
                let rows = try RowVerification(connection, table)
                try rows.walk(hash) { row in note(row, table) }
            }
            try connection.execute("BEGIN")
            counters = try Invariants.broken(connection)
            counters += try KeyVerification.problems(connection)
            for table in ["events", "dead_letters", "history"] {
                looked[table] = Int(try connection.integer("SELECT count(*) FROM \(table)") ?? 0)
            }
            try connection.execute("COMMIT")
        } catch {
            throw error.storeError
        }
    }

    private static let firstVersionToVerify: Int64 = 5

    /// Everything that the store asks of a database at its start: a changed name in the schema is sound to SQLite.
    private static func prepareAll(_ connection: borrowing Connection) throws(SQLiteError) {
        _ = try FunctionTable(connection)
        _ = try ProducerTable(connection)
        _ = try RouteTable(connection)
        _ = try PauseTable(connection)
        _ = try CutOffTable(connection)
        _ = try MetaTable(connection)
        _ = try EventTable(connection)
        _ = try DeadLetterTable(connection)
        _ = try AttemptTable(connection)
        _ = try HistoryTable(connection)
        _ = try OldKeyTable(connection)
        _ = try KeyRows(connection)
        _ = try LivingEvents(connection)
        _ = try ClaimReader(connection)
        _ = try ExpiringReader(connection)
    }

    private mutating func note(_ row: Row, _ table: String) {
        damagedRows += 1
        if rows.count < Self.rowsNamedMax { rows.append(row) }
    }
}
