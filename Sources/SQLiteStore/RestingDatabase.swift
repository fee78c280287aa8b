import CSQLite
import Glibc
package import OutboxCore

/// A database that no daemon has open, looked at without a trace: nothing is written, made or recovered.
package enum RestingDatabase {
    /// What an operator would lose with it.
    package struct Waiting: Hashable, Sendable {
        /// Queued, in flight or uncertain.
        package var events: Int
        package var deadLetters: Int

        package var isNothing: Bool { events == 0 && deadLetters == 0 }
    }

    /// Looks while it has the owner's lock: no daemon starts meanwhile.
    ///
    /// - Throws: `StoreError.locked` if a process owns it, `.refused` if it isn't ours or of a newer version; `.failed`
    ///   if its truth can't be told from the file alone, as after an end that was not in order.
    package static func waiting(_ path: String) throws(StoreError) -> Waiting {
        let lock = try BorrowedLock.take(path + ".lock")
        defer { _ = lock }
        try checkClosed(path)
        do throws(SQLiteError) {
            return try counts(try Connection.open(immutableName(path), .immutable))
        } catch {
            throw error.storeError
        }
    }

    /// That it is ours, alone, and was closed in order. Under the owner's lock, before any connection to it.
    static func checkClosed(_ path: String) throws(StoreError) {
        guard try DatabaseFile.look(path, known: nil) == .ours else {
            throw .refused("there is no database at \(path)")
        }
        if let file = try DamagedFile.found(path).first {
            throw .failed("\(file.path) was moved aside and may hold events")
        }
        // What is in a log isn't in the file yet. To read it is to recover it, which leaves traces.
        for suffix in ["-wal", "-journal"] {
            var facts = stat()
            guard stat(path + suffix, &facts) == 0 else {
                guard errno == ENOENT else { throw .failed("can't look at \(path)\(suffix): \(systemMessage(errno))") }
                continue
            }
            guard facts.st_size == 0 else {
                throw .failed(
                    "\(path) was not closed in order: \(path)\(suffix) holds something (the daemon's next start takes it in)"
                )
            }
        }
    }

    /// The counters, and the tables themselves: one of them alone may be wrong. What is added to the schema and holds
    /// accepted events belongs here too.
    private static func counts(_ connection: borrowing Connection) throws(SQLiteError) -> Waiting {
        let meta = try MetaTable.read(connection)
        guard meta.clean else { throw SQLiteError.damaged("it was not closed in order", sql: "meta") }
        let isQueued = try connection.integer("SELECT EXISTS (SELECT 1 FROM events)") ?? 1
        let isDead = try connection.integer("SELECT EXISTS (SELECT 1 FROM dead_letters)") ?? 1
        return Waiting(
            events: max(meta.counters.totals.queued, Int(isQueued)),
            deadLetters: max(meta.counters.totals.dead, Int(isDead))
        )
    }

    /// As a URI that says: nobody changes it. So SQLite makes no log, no index of one and no lock. Right only under the
    /// owner's lock and without a log.
    static func immutableName(_ path: String) -> String {
        let plain = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        let escaped = path.utf8.flatMap { byte in
            plain.contains(byte)
                ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
        }
        return "file:" + String(decoding: escaped, as: UTF8.self) + "?immutable=1"
    }
}
