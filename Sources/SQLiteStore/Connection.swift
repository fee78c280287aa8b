import CSQLite

/// An SQLite connection in multi-thread mode: without mutexes, for the one thread that opened it.
struct Connection: ~Copyable {
    enum Access {
        case create, readWrite, readOnly
        /// The path is a URI that says so.
        case immutable
    }

    private let handle: OpaquePointer
    /// Frames in the log after the last commit; SQLite's hook writes it, on this thread.
    private let frames: UnsafeMutablePointer<Int32>

    private init(adopting handle: OpaquePointer) {
        self.handle = handle
        frames = .allocate(capacity: 1)
        frames.initialize(to: 0)
    }

    /// Statements that outlive the connection keep the file open until they are gone too.
    deinit {
        sqlite3_close_v2(handle)
        frames.deallocate()
    }

    /// Opens the file at `path`. A closing connection never checkpoints by itself, so that a file whose truth is
    /// unknown stays as it is.
    static func open(_ path: String, _ access: Access) throws(SQLiteError) -> Connection {
        let flags: Int32 =
            switch access {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            case .immutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            defer { sqlite3_close_v2(handle) }
            throw SQLiteError(connection: handle, code: code, sql: "open \(path)")
        }
        let connection = Connection(adopting: handle)
        connection.waitForLocks(milliseconds: 5_000)
        try connection.check(outbox_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1), "no checkpoint on close")
        try connection.check(outbox_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), "trusted schema off")
        return connection
    }

    func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw SQLiteError(connection: handle, code: code, sql: sql) }
        return Statement(adopting: statement)
    }

    /// Runs one or more statements that give no rows worth reading.
    func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil), sql)
    }

    /// How long a statement waits for a lock that another connection holds, before it fails with SQLITE_BUSY.
    func waitForLocks(milliseconds: Int32) {
        sqlite3_busy_timeout(handle, milliseconds)
    }

    /// Whether no transaction is open.
    var isAutocommit: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// Pages that statements of this connection have looked at so far, in memory or on disk.
    var pageLookUps: Int {
        [SQLITE_DBSTATUS_CACHE_HIT, SQLITE_DBSTATUS_CACHE_MISS].reduce(0) { sum, counter in
            var current: Int32 = 0
            var highest: Int32 = 0
            sqlite3_db_status(handle, counter, &current, &highest, 0)
            return sum + Int(current)
        }
    }

    var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Begins to count. After `wal_autocheckpoint` is set, which takes the place of the hook.
    func countLogFrames() {
        sqlite3_wal_hook(
            handle,
            { frames, _, _, count in
                frames?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            },
            frames
        )
    }

    /// Frames that the next reader finds in the log. Falls only when a commit begins the log anew, which it does after a
    /// checkpoint that moved all of it: the log file itself never shrinks.
    var logFrames: Int { Int(frames.pointee) }

    enum CheckpointMode {
        /// What can be done without waiting for anybody.
        case passive
        /// All of it, and nobody reads the log any more.
        case restart
        /// All of it, and the log emptied.
        case truncate

        fileprivate var number: Int32 {
            switch self {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        }
    }

    /// - Returns: false where readers kept part of the log in use.
    @discardableResult
    func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> Bool {
        var inLog: Int32 = 0
        var moved: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode.number, &inLog, &moved)
        if code & 0xFF == SQLITE_BUSY { return false }
        try check(code, "checkpoint")
        guard inLog == moved else { return false }
        frames.pointee = 0
        return true
    }

    /// What can be moved without waiting. Of a log of more than `long` frames it is known afterwards whether it begins
    /// anew: who has read to its end keeps it from that, though all of it was moved. Past twice as many it is emptied, too.
    ///
    /// - Parameter lockWait: what `waitForLocks` was set to.
    func checkpoint(long: Int, lockWait: Int32) throws(SQLiteError) {
        let before = frames.pointee
        guard try checkpoint(.passive), Int(before) > long else { return }
        waitForLocks(milliseconds: 0)
        defer { waitForLocks(milliseconds: lockWait) }
        if try !checkpoint(Int(before) > long * 2 ? .truncate : .restart) { frames.pointee = before }
    }

    /// Writes the log anew, so that what the kernel alone may hold of it comes to the disk.
    func rewriteLog() throws(SQLiteError) {
        try execute("BEGIN IMMEDIATE")
        let code = outbox_rewrite_log(handle)
        try execute("ROLLBACK")
        guard code == SQLITE_OK else {
            throw SQLiteError(code: code & 0xFF, extended: code, message: "can't write the log anew", sql: "rewrite")
        }
    }

    /// Begins a copy of this database.
    ///
    /// - Parameter target: of an empty database that nobody else has open.
    func copy(into target: consuming Connection) throws(SQLiteError) -> DatabaseCopy {
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw SQLiteError(connection: target.handle, code: sqlite3_errcode(target.handle), sql: "copy")
        }
        return DatabaseCopy(adopting: backup, target: target)
    }

    private func check(_ code: Int32, _ sql: String) throws(SQLiteError) {
        guard code == SQLITE_OK else { throw SQLiteError(connection: handle, code: code, sql: sql) }
    }
}

extension Connection {
    /// The first column of the first row, as text; nil where there is no row.
    func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.int64(0) : nil
    }
}
