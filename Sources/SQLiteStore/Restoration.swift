package import OutboxCore

/// Puts a backup in the place of a queue whose daemon is stopped.
package enum Restoration {
    /// What to do.
    package struct Order: Sendable {
        package var backup: String
        package var database: String
        /// Where a database goes that is there already; nil: it is in the way.
        package var aside: String?
        /// Why nothing is sent at first, for people.
        package var reason: @Sendable (BackupFile.Facts) -> String
        package var now: WallTime

        package init(
            backup: String,
            database: String,
            aside: String?,
            now: WallTime,
            reason: @escaping @Sendable (BackupFile.Facts) -> String
        ) {
            self.backup = backup
            self.database = database
            self.aside = aside
            self.now = now
            self.reason = reason
        }
    }

    /// What was done.
    package struct Result: Hashable, Sendable {
        package var facts: BackupFile.Facts
        /// Where the database went that was there.
        package var movedTo: String?
    }

    /// Stands between a database's name and a time where it was moved aside.
    package static let asideInfix = CutOffMove.infix

    /// What is made of the backup before it gets the database's name.
    private static func unfinished(_ database: String) -> String { database + ".restoring" }
    /// The same, whole, as long as the database that is in the way is being moved.
    private static func ready(_ database: String) -> String { database + ".restored" }

    /// Of a restore that was cut off before its last step nothing is left; one that had begun it has to be done again, and
    /// a place where no queue was gets none that is empty.
    ///
    /// - Throws: `.refused` where a start would be half of a restore.
    static func settle(_ database: String) throws(StoreError) {
        let left = [ready(database), unfinished(database)].filter(StoreFiles.isThere)
        guard let first = left.first else { return }
        let move = try CutOffMove(of: database, since: ready(database))
        try move.takeBack()
        guard StoreFiles.isThere(database), first == unfinished(database) else {
            let words = "a restore was cut off: do it again (lambda-outbox restore), or "
            let aside = move.aside.map { "what was there is \($0): give that, with its -wal, its name back, and " }
            throw .refused("\(words)\(aside ?? "")remove \(first) to do without it")
        }
        StoreFiles.remove(first)
    }

    /// Checks the backup, then copies it beside the database, makes a queue of the copy and gives it the database's name.
    /// Until that last step everything is as it was.
    ///
    /// - Throws: `.locked` if a daemon has the database open; `.refused` if the backup is none, or a database is in the
    ///   way; `.failed` if the backup is damaged or a file can't be written; `.full` if there is no room.
    package static func restore(
        _ order: Order,
        hash: HashFunction,
        using random: inout some RandomNumberGenerator
    ) throws(StoreError) -> Result {
        let lock = try OwnerLock.take(SQLiteStore.lockPath(order.database))
        defer { _ = lock }
        // At once, and before it gets its name: whatever ends this, the daemon's user can open what it leaves.
        StoreFiles.giveToFolderOwner([SQLiteStore.lockPath(order.database)])
        let facts = try BackupFile.check(order.backup, hash: hash)
        guard facts.takenAt != nil else {
            throw .refused("\(order.backup) was not made by lambda-outbox backup; it was left untouched")
        }
        try CutOffMove(of: order.database, since: ready(order.database)).takeBack()
        let inTheWay = StoreFiles.parts(of: order.database).filter(StoreFiles.isThere)
        if !inTheWay.isEmpty, order.aside == nil {
            throw .refused("\(inTheWay[0]) is there already; nothing was changed")
        }
        let unfinished = unfinished(order.database)
        do throws(StoreError) {
            try StoreFiles.copy(order.backup, to: unfinished)
            do throws(SQLiteError) {
                let connection = try Connection.open(unfinished, .readWrite)
                let old = try MetaTable.read(connection).generation
                var generation: UInt16 = random.next()
                while generation == old { generation = random.next() }
                try BackupFile.unseal(
                    connection,
                    generation: generation,
                    reason: order.reason(facts),
                    now: order.now
                )
            } catch {
                throw error.storeError
            }
            try StoreFiles.sync(unfinished)
            StoreFiles.giveToFolderOwner([unfinished])
            if inTheWay.isEmpty, !StoreFiles.isThere(ready(order.database)) {
                try StoreFiles.rename(unfinished, to: order.database)
            } else {
                try replace(order.database, by: unfinished, aside: inTheWay.isEmpty ? nil : order.aside)
            }
        } catch {
            StoreFiles.remove(unfinished)
            // As long as the database is away that was there, no start may take its place for an empty one.
            if StoreFiles.isThere(order.database) { StoreFiles.remove(ready(order.database)) }
            throw error
        }
        // What was met in the database before says nothing of this one.
        OwnerLock.note(nil, SQLiteStore.lockPath(order.database))
        return Result(facts: facts, movedTo: inTheWay.isEmpty ? nil : order.aside)
    }

    /// Two files can't change names at once: until it is done no daemon starts (`settle`).
    private static func replace(_ database: String, by unfinished: String, aside: String?) throws(StoreError) {
        let ready = ready(database)
        try StoreFiles.rename(unfinished, to: ready)
        if let aside { try StoreFiles.move(database, aside: aside) }
        try StoreFiles.rename(ready, to: database)
    }
}
