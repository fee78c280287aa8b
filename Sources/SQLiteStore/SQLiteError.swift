import CSQLite
import OutboxCore

/// What SQLite answered instead of doing what it was told.
struct SQLiteError: Error, Hashable, Sendable {
    /// Primary result code.
    var code: Int32
    /// Extended result code: tells a failed fsync from a failed write.
    var extended: Int32
    var message: String
    /// The statement's text, with its placeholders: never bound values.
    var sql: String

    /// Reads the connection's last error; to be called before anything else is done on it.
    init(connection: OpaquePointer?, code: Int32, sql: String) {
        let extended = connection.map { sqlite3_extended_errcode($0) } ?? code
        self.init(
            code: code & 0xFF,
            extended: extended,
            message: String(cString: connection.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)),
            sql: sql
        )
    }

    init(code: Int32, extended: Int32, message: String, sql: String) {
        self.code = code
        self.extended = extended
        self.message = message
        self.sql = sql
    }

    /// Rows that contradict each other.
    static func damaged(_ message: String, sql: String) -> SQLiteError {
        SQLiteError(code: SQLITE_CORRUPT, extended: SQLITE_CORRUPT, message: message, sql: sql)
    }

    var description: String { "\(message) (SQLite \(extended)) in: \(sql)" }

    /// What is on the disk isn't what was written.
    var isOfDamage: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }

    /// The disk, or what is on it, isn't as it should be: the next start has to look into it.
    var isOfDisk: Bool { code == SQLITE_IOERR || isOfDamage }

    /// For everything but a transaction that may have been rolled back.
    var storeError: StoreError {
        switch code {
        case SQLITE_FULL: .full(description)
        case SQLITE_BUSY: .busy(description)
        case _ where isOfDamage: .damaged(description)
        default: .failed(description)
        }
    }
}
