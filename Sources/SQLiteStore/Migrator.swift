/// Brings a database to the newest schema. How to add a step stands at the head of migrations/v0001_initial.sql.
enum Migrator {
    /// One step a version, the first is version 1.
    static let steps: [[UInt8]] = [
        PackageResources.v0001_initial_sql, PackageResources.v0002_orders_sql,
        PackageResources.v0003_time_sql, PackageResources.v0004_checks_sql,
        PackageResources.v0005_keys_sql,
    ]

    static var newest: Int64 { Int64(steps.count) }

    /// Runs the missing steps, each in one transaction together with its version number.
    static func migrate(_ connection: borrowing Connection) throws(SQLiteError) {
        let version = try connection.integer("PRAGMA user_version") ?? 0
        for number in steps.indices where number >= Int(version) {
            try connection.execute("BEGIN IMMEDIATE")
            do {
                try connection.execute(String(decoding: steps[number], as: UTF8.self))
                try connection.execute("PRAGMA user_version = \(number + 1)")
                try connection.execute("COMMIT")
            } catch {
                if !connection.isAutocommit { try connection.execute("ROLLBACK") }
                throw error
            }
        }
    }
}
