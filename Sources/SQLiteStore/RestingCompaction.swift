import CSQLite
package import OutboxCore

/// Gives back all free pages of a database that no daemon has open.
///
/// In slices, each a transaction of its own that is moved into the file at once: it needs some MiB of room, not a second
/// file, and whoever ends it in the middle loses nothing. The rows stay as they are.
package enum RestingCompaction {
    /// Pages of a slice: 16 MiB.
    private static let slice = 4_096

    /// - Parameters:
    ///   - path: of the database's file.
    ///   - tell: is called after each slice, with the size of now.
    /// - Returns: the file's bytes before.
    /// - Throws: `StoreError.locked` if a process owns it, `.refused` if it isn't ours or of a newer version; `.failed` if
    ///   it was not closed in order, which the daemon's next start repairs; `.full` and `.busy` as a commit does.
    package static func run(_ path: String, tell: (StoreSize) -> Void) throws(StoreError) -> Int {
        let lock = try BorrowedLock.take(path + ".lock")
        defer { _ = lock }
        try RestingDatabase.checkClosed(path)
        guard OwnerLock.record(path + ".lock").mark == nil else {
            throw .failed("the disk failed when \(path) was used last: start the daemon, which repairs what it can")
        }
        do throws(SQLiteError) {
            let connection = try Connection.open(path, .readWrite)
            try Pragmas.setForWriting(connection, cacheKiB: 16 << 10)
            try BackupFile.refuse(connection)
            guard try connection.integer("SELECT clean FROM meta") == 1 else {
                throw SQLiteError.damaged("it was not closed in order", sql: "meta")
            }
            let before = try size(connection)
            var now = before
            while now.fileBytes > now.usedBytes {
                tell(now)
                try connection.execute("PRAGMA incremental_vacuum(\(slice))")
                guard try connection.checkpoint(.truncate) else {
                    throw SQLiteError(
                        code: SQLITE_BUSY,
                        extended: SQLITE_BUSY,
                        message: "another program reads the database",
                        sql: "checkpoint"
                    )
                }
                now = try size(connection)
            }
            tell(now)
            return before.fileBytes
        } catch {
            throw error.storeError
        }
    }

    private static func size(_ connection: borrowing Connection) throws(SQLiteError) -> StoreSize {
        let pages = Int(try connection.integer("PRAGMA page_count") ?? 0)
        let free = Int(try connection.integer("PRAGMA freelist_count") ?? 0)
        let pageBytes = Int(DatabaseFile.pageSize)
        return StoreSize(usedBytes: (pages - free) * pageBytes, fileBytes: pages * pageBytes, walBytes: 0)
    }
}
