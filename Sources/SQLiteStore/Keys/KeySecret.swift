/// The secret of a database that places of keys depend on.
enum KeySecret {
    /// Reads it; one that is not there yet, or damaged, is drawn anew, and every segment will be indexed by it.
    static func readOrDraw(
        _ connection: borrowing Connection,
        using random: inout some RandomNumberGenerator
    ) throws(SQLiteError) -> KeyHash {
        if let hash = try read(connection) { return hash }
        let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        try connection.execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            let update = try connection.prepare("UPDATE meta SET key_secret = ?1")
            let code = bytes.withUnsafeBytes { secret in
                update.bindInPlace(secret, at: 1)
                return update.stepCode()
            }
            _ = try update.stepped(code)
            update.reset()
            try connection.execute("UPDATE key_segments SET state = 1 WHERE state = 2")
            try connection.execute("COMMIT")
        } catch {
            if !connection.isAutocommit { try connection.execute("ROLLBACK") }
            throw error
        }
        return KeyHash(secret: bytes)!
    }

    /// nil: there is none.
    static func read(_ connection: borrowing Connection) throws(SQLiteError) -> KeyHash? {
        let select = try connection.prepare("SELECT key_secret FROM meta WHERE typeof(key_secret) = 'blob'")
        return try select.step() ? KeyHash(secret: select.blob(0)) : nil
    }
}
