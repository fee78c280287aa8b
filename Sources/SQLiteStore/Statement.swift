import CSQLite

/// A prepared statement. Prepared once, used many times; one thread.
///
/// Parameters count from 1, columns from 0. Everything is bound anew before each use.
struct Statement: ~Copyable {
    private let handle: OpaquePointer
    /// What went wrong with a parameter since the last step.
    private let bindFailure: UnsafeMutablePointer<Int32>

    init(adopting handle: OpaquePointer) {
        self.handle = handle
        bindFailure = .allocate(capacity: 1)
        bindFailure.initialize(to: SQLITE_OK)
    }

    deinit {
        sqlite3_finalize(handle)
        bindFailure.deallocate()
    }

    var sql: String { String(cString: sqlite3_sql(handle)) }

    // MARK: Binding

    func bind(_ value: Int64, at index: Int32) {
        bound(sqlite3_bind_int64(handle, index, value))
    }

    func bind(_ value: Int64?, at index: Int32) {
        if let value { bind(value, at: index) } else { bindNull(at: index) }
    }

    func bind(_ value: Int, at index: Int32) {
        bind(Int64(value), at: index)
    }

    func bind(_ value: Bool, at index: Int32) {
        bind(Int64(value ? 1 : 0), at: index)
    }

    func bindNull(at index: Int32) {
        bound(sqlite3_bind_null(handle, index))
    }

    /// SQLite keeps a copy: for short texts and those that are rarely there.
    func bind(_ text: String?, at index: Int32) {
        guard var text else { return bindNull(at: index) }
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                bound(outbox_bind_text_copy(handle, index, characters.baseAddress, Int32(characters.count)))
            }
        }
    }

    /// Not copied: `bytes` must live until the next `reset`.
    func bindInPlace(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            return bound(sqlite3_bind_zeroblob(handle, index, 0))
        }
        bound(sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), nil))
    }

    /// Not copied: binds the text for as long as `body` runs, which must step and not reset.
    func withInPlace(_ text: String?, at index: Int32, _ body: () -> Int32) -> Int32 {
        guard var text, !text.isEmpty else {
            bind(text, at: index)
            return body()
        }
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                bound(sqlite3_bind_text(handle, index, characters.baseAddress, Int32(characters.count), nil))
            }
            return body()
        }
    }

    /// A value that there was no memory for is NULL now: the step must not come to it.
    private func bound(_ code: Int32) {
        if code == SQLITE_OK { return }
        precondition(code != SQLITE_RANGE && code != SQLITE_MISUSE, "a parameter that \(sql) doesn't have")
        bindFailure.pointee = code
    }

    // MARK: Running

    /// One step; true if there is a row. After a failure the statement is reset.
    func step() throws(SQLiteError) -> Bool {
        try stepped(stepCode())
    }

    /// For steps inside a closure that lends its pointers; hand the code to `stepped` behind it.
    func stepCode() -> Int32 {
        guard bindFailure.pointee == SQLITE_OK else {
            defer { bindFailure.pointee = SQLITE_OK }
            return bindFailure.pointee
        }
        return sqlite3_step(handle)
    }

    func stepped(_ code: Int32) throws(SQLiteError) -> Bool {
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = SQLiteError(connection: sqlite3_db_handle(handle), code: code, sql: sql)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that gives no rows.
    func run() throws(SQLiteError) {
        _ = try step()
        reset()
    }

    /// Runs a statement that changes rows; how many it changed.
    func runCountingChanges() throws(SQLiteError) -> Int {
        try run()
        return changes
    }

    /// How many rows the latest INSERT, UPDATE or DELETE of the connection changed.
    var changes: Int { Int(sqlite3_changes64(sqlite3_db_handle(handle))) }

    func reset() {
        sqlite3_reset(handle)
    }

    // MARK: Reading the row

    func int64(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func int(_ column: Int32) -> Int {
        Int(int64(column))
    }

    func bool(_ column: Int32) -> Bool {
        int64(column) != 0
    }

    enum ColumnType { case integer, real, text, blob, null }

    /// How the value is stored: a damaged row may hold any type anywhere.
    func type(_ column: Int32) -> ColumnType {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func optionalInt64(_ column: Int32) -> Int64? {
        isNull(column) ? nil : int64(column)
    }

    func text(_ column: Int32) -> String {
        optionalText(column) ?? ""
    }

    func optionalText(_ column: Int32) -> String? {
        guard let start = sqlite3_column_text(handle, column) else { return nil }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Lends the bytes of a blob: valid in `body` only.
    func withBlob<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func blob(_ column: Int32) -> [UInt8] {
        withBlob(column) { [UInt8]($0) }
    }
}
