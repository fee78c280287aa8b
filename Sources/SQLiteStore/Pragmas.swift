import CSQLite

/// The settings everything rests on. Each is set, then read back: SQLite ignores what it can't do.
enum Pragmas {
    /// Must be set before the first table; stay with the file.
    static func setForLife(_ connection: borrowing Connection) throws(SQLiteError) {
        try set(connection, "page_size", to: String(DatabaseFile.pageSize))
        try set(connection, "auto_vacuum", to: "2")
        try set(connection, "application_id", to: String(DatabaseFile.applicationID))
    }

    /// Of the connection that writes.
    static func setForWriting(_ connection: borrowing Connection, cacheKiB: Int) throws(SQLiteError) {
        try expect(connection, "page_size", String(DatabaseFile.pageSize))
        try expect(connection, "auto_vacuum", "2")
        try set(connection, "journal_mode", to: "wal")
        // P1: the log is synced before a commit returns.
        try set(connection, "synchronous", to: "2")
        // FAST: freed content is overwritten where that costs no further write.
        try set(connection, "secure_delete", to: "fast", reads: "2")
        try set(connection, "wal_autocheckpoint", to: "0")
        try set(connection, "temp_store", to: "2")
        try set(connection, "cache_size", to: "-\(cacheKiB)")
    }

    /// Of connections that answer questions.
    static func setForReading(_ connection: borrowing Connection) throws(SQLiteError) {
        try set(connection, "query_only", to: "1")
        try set(connection, "temp_store", to: "2")
    }

    private static func set(
        _ connection: borrowing Connection,
        _ name: String,
        to value: String,
        reads number: String? = nil
    ) throws(SQLiteError) {
        try connection.execute("PRAGMA \(name) = \(value)")
        try expect(connection, name, number ?? value)
    }

    private static func expect(
        _ connection: borrowing Connection,
        _ name: String,
        _ value: String
    ) throws(SQLiteError) {
        let sql = "PRAGMA \(name)"
        let found = try connection.text(sql) ?? "nothing"
        guard found == value else {
            throw SQLiteError(
                code: SQLITE_ERROR,
                extended: SQLITE_ERROR,
                message: "is \(found), should be \(value)",
                sql: sql
            )
        }
    }
}
