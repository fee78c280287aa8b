import OutboxCore

/// Holds the rows of a table against their checksums, some hundred in a transaction.
struct RowVerification: ~Copyable {
    private let select: Statement
    private let table: String
    private let checkedFrom: Int64
    /// Each function's part of the checksums.
    private let functions: [Int64: UInt64]

    private static let pageRows = 500

    init(_ connection: borrowing Connection, _ table: String) throws(SQLiteError) {
        // Letters that died of damage are what they are.
        let meant = table == "events" ? "" : "AND condition <> 'corrupt'"
        let select = try connection.prepare(
            """
            SELECT seq, function_id, accepted_at, id_tail, \(PassedHeaders.columns), payload_digest, payload, row_check
            FROM \(table) WHERE seq > ?1 \(meant) ORDER BY seq LIMIT \(Self.pageRows)
            """
        )
        let checkedFrom = try connection.integer("SELECT checked_from FROM meta WHERE id = 1") ?? 0
        var functions: [Int64: UInt64] = [:]
        let names = try connection.prepare("SELECT id, partition, account, region, name, qualifier FROM functions")
        while try names.step() { functions[names.int64(0)] = RowCheck.part(of: FunctionIdentity(row: names, from: 1)) }
        self.select = select
        self.table = table
        self.checkedFrom = checkedFrom
        self.functions = functions
    }

    /// - Parameter tell: takes each row that isn't what was accepted.
    func walk(_ hash: HashFunction, _ tell: (Verification.Row) -> Void) throws(SQLiteError) {
        var last = Int64.min
        var isAtEnd = false
        while !isAtEnd {
            select.bind(last, at: 1)
            defer { select.reset() }
            var count = 0
            while try select.step() {
                count += 1
                last = select.int64(0)
                if let what = problem(hash) { tell(Verification.Row(table: table, sequence: last, what: what)) }
            }
            isAtEnd = count < Self.pageRows
        }
    }

    /// Of the row that `select` stands on; nil: it is what was accepted.
    private func problem(_ hash: HashFunction) -> String? {
        let isInForm =
            (1...3).allSatisfy { select.type($0) == .integer }
            && (4...7).allSatisfy { select.isNull($0) || select.type($0) == .text }
            && select.type(8) == .blob && select.type(9) == .blob
        guard isInForm else { return "a value of the wrong kind" }
        guard let function = functions[select.int64(1)] else { return "of a function that is not there" }
        let digest = Digest256(row: select, 8)
        if select.type(10) == .integer {
            let check = RowCheck.value(
                select.int64(0),
                WallTime(milliseconds: select.int64(2)),
                tail: select.int64(3),
                function,
                PassedHeaders(row: select, from: 4),
                digest
            )
            if check != select.int64(10) { return "it does not match its checksum" }
        } else if select.int64(0) >= checkedFrom {
            return "its checksum is gone"
        }
        return hash(select.blob(9)) == digest ? nil : "its payload does not match its checksum"
    }
}
