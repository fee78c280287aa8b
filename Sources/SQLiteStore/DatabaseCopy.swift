import CSQLite
import OutboxCore

/// A copy of a database that is being made while its own connection goes on writing: what that writes to pages that were
/// copied already is written to the copy, too (SQLite's "Online Backup API"). Same thread as the connection.
struct DatabaseCopy: ~Copyable {
    private let backup: OpaquePointer
    private let target: Connection

    /// Adopts a backup that was begun, and the connection to its target.
    init(adopting backup: OpaquePointer, target: consuming Connection) {
        self.backup = backup
        self.target = target
    }

    deinit {
        sqlite3_backup_finish(backup)
    }

    /// A new file for a copy: nothing is journalled or synced, since half of a copy is worth nothing.
    static func createTarget(_ path: String) throws(SQLiteError) -> Connection {
        if let problem = DatabaseFile.createEmpty(path) {
            throw SQLiteError(code: SQLITE_CANTOPEN, extended: SQLITE_CANTOPEN, message: problem, sql: "copy")
        }
        let target = try Connection.open(path, .readWrite)
        try target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048")
        return target
    }

    /// Copies so many pages more. - Returns: whether that was all.
    func step(pages: Int) throws(SQLiteError) -> Bool {
        let code = sqlite3_backup_step(backup, Int32(clamping: pages))
        switch code & 0xFF {
        case SQLITE_DONE: return true
        case SQLITE_OK, SQLITE_BUSY, SQLITE_LOCKED: return false
        default:
            throw SQLiteError(
                code: code & 0xFF,
                extended: code,
                message: String(cString: sqlite3_errstr(code)),
                sql: "copy"
            )
        }
    }

    /// As the last step found it.
    var progress: CopyProgress {
        CopyProgress(pages: Int(sqlite3_backup_pagecount(backup)), left: Int(sqlite3_backup_remaining(backup)))
    }
}
