package import AdminAPI
internal import Glibc
internal import OutboxCore
internal import SQLiteStore
internal import SigV4

/// Makes a backup of a copy that a daemon made, and a queue of a backup. In the process of the command.
package enum DatabaseBackup {
    /// Why it was not done; for people.
    package struct Problem: Error, Hashable, Sendable {
        package var text: String
        /// It can't be done like this at all.
        package var isRefusal = false
    }

    /// What a backup holds.
    package struct Facts: Hashable, Sendable {
        package var takenAt: Timestamp
        package var events: Int
        package var deadLetters: Int
        package var keys: Int
        /// Ids of events whose bytes don't fit their checksum.
        package var damaged: [String]
        /// Where a database went that was in the way of a restore.
        package var movedTo: String?
    }

    /// The name that a backup has until it is whole.
    private static func unfinished(_ path: String) -> String { path + ".unfinished" }

    /// What a backup of that name makes on the way: of no use to anybody if it ends before it is whole.
    package static func unfinishedFiles(_ path: String) -> [String] {
        ["", "-wal", "-journal", "-shm"].map { unfinished(path) + $0 }
    }

    /// Looks whether a backup of that name can be made, before anybody copies anything.
    package static func prepare(_ path: String) throws(Problem) {
        for name in [path, unfinished(path)] where access(name, F_OK) == 0 {
            throw Problem(text: "\(name) is there already; name another file", isRefusal: true)
        }
        guard access(folder(of: path), W_OK | X_OK) == 0 else {
            throw Problem(text: "can't write to the folder \(folder(of: path)): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes the daemon's copy, seals it, reads all of it again, and gives it its name. Whatever fails, no file of that name
    /// is left.
    ///
    /// - Parameter copied: a status with the state `copied`.
    package static func finish(_ copied: BackupStatus, as path: String) throws(Problem) -> Facts {
        guard let copy = copied.path, let copiedAt = copied.copiedAt else {
            throw Problem(text: "the daemon says that it has copied, and not where")
        }
        let unfinished = unfinished(path)
        do throws(StoreError) {
            try StoreFiles.take(copy, as: unfinished)
            try BackupFile.seal(unfinished, takenAt: WallTime(milliseconds: copiedAt.milliseconds))
            let facts = try BackupFile.check(unfinished, hash: { Digest256(bytes: SHA256.digest($0)) })
            guard facts.events == copied.events, facts.deadLetters == copied.deadLetters,
                facts.lastSequence == copied.lastSequence
            else {
                throw .failed("the copy holds something else than the queue did; nothing was kept of it")
            }
            try StoreFiles.sync(unfinished)
            try StoreFiles.publish(unfinished, as: path)
            return Facts(facts)
        } catch {
            StoreFiles.remove(unfinished)
            StoreFiles.remove(copy)
            throw Problem(error)
        }
    }

    /// Puts a backup in the place of a queue whose daemon is stopped.
    ///
    /// - Parameters:
    ///   - database: the path of its file.
    ///   - movesAside: whether a database that is there is moved aside; otherwise it is in the way.
    package static func restore(_ path: String, to database: String, movesAside: Bool) throws(Problem) -> Facts {
        let now = wallNow()
        let stamp = Timestamp(milliseconds: now.milliseconds).description.filter { $0.isNumber || $0 == "T" }.prefix(15)
        let order = Restoration.Order(
            backup: path,
            database: database,
            aside: movesAside ? "\(database)\(Restoration.asideInfix)-\(stamp)Z" : nil,
            now: now
        ) { facts in
            let takenAt = facts.takenAt.map { Timestamp(milliseconds: $0.milliseconds).description } ?? "?"
            return
                "restored from a backup of \(takenAt): keys and hand-overs since then are not known; events that were "
                + "queued then may have been handed over, and are marked uncertain"
        }
        if let problem = StateFolder(StateFiles(database: database), forOwner: true).problem {
            throw Problem(text: problem, isRefusal: true)
        }
        var random = SystemRandomNumberGenerator()
        do throws(StoreError) {
            let result = try Restoration.restore(
                order,
                hash: { Digest256(bytes: SHA256.digest($0)) },
                using: &random
            )
            var facts = Facts(result.facts)
            facts.movedTo = result.movedTo
            return facts
        } catch .locked {
            throw Problem(text: "a daemon has \(database) open: stop it first", isRefusal: true)
        } catch {
            throw Problem(error)
        }
    }

    private static func wallNow() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}

extension DatabaseBackup.Problem {
    fileprivate init(_ error: StoreError) {
        let isRefusal = if case .refused = error { true } else { false }
        self.init(text: StartProblem.words(error), isRefusal: isRefusal)
    }
}

extension DatabaseBackup.Facts {
    fileprivate init(_ facts: BackupFile.Facts) {
        self.init(
            takenAt: Timestamp(milliseconds: facts.takenAt?.milliseconds ?? 0),
            events: facts.events,
            deadLetters: facts.deadLetters,
            keys: facts.keys,
            damaged: facts.damaged.map(\.description)
        )
    }
}
