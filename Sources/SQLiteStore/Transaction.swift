/// Begin, commit and roll back.
struct Transaction: ~Copyable {
    private let beginStatement: Statement
    private let commitStatement: Statement
    private let rollbackStatement: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let beginStatement = try connection.prepare("BEGIN IMMEDIATE")
        let commitStatement = try connection.prepare("COMMIT")
        let rollbackStatement = try connection.prepare("ROLLBACK")
        self.beginStatement = beginStatement
        self.commitStatement = commitStatement
        self.rollbackStatement = rollbackStatement
    }

    func begin() throws(SQLiteError) {
        try beginStatement.run()
    }

    func commit() throws(SQLiteError) {
        try commitStatement.run()
    }

    /// - Returns: whether it is known that nothing of the transaction is there.
    func rollBack(_ connection: borrowing Connection) -> Bool {
        // After some errors SQLite has rolled back by itself.
        if connection.isAutocommit { return true }
        do { try rollbackStatement.run() } catch { return false }
        return connection.isAutocommit
    }
}
