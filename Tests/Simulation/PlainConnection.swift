import CSQLite
import Glibc
package import OutboxCore

/// A look into a database by other means than the store's.
package final class PlainConnection {
    private let handle: OpaquePointer

    /// Changes nothing but what SQLite does after a crash; its end moves nothing out of the log.
    package init(_ path: String) throws(StoreError) {
        var handle: OpaquePointer?
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, let handle,
            outbox_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1) == SQLITE_OK
        else {
            sqlite3_close_v2(handle)
            throw .failed("can't open \(path)")
        }
        self.handle = handle
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Makes a database by SQL statements, in WAL mode.
    package static func make(_ path: String, _ sql: String) throws(StoreError) {
        var handle: OpaquePointer?
        defer { sqlite3_close_v2(handle) }
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK,
            sqlite3_exec(handle, sql + "PRAGMA journal_mode = wal;", nil, nil, nil) == SQLITE_OK
        else { throw .failed("can't make \(path): \(String(cString: sqlite3_errmsg(handle)))") }
    }

    /// The first column of every row, as text.
    package func column(_ sql: String) throws(StoreError) -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw problem }
        defer { sqlite3_finalize(statement) }
        var values: [String] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: values.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
            case SQLITE_DONE: return values
            default: throw problem
            }
        }
    }

    private var problem: StoreError { .failed(String(cString: sqlite3_errmsg(handle))) }
}

/// Whether there is a file that isn't empty.
func hasContent(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_size > 0
}
