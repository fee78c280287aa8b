import Glibc
package import OutboxCore

/// A damaged database that was moved aside, whole: never opened, changed or deleted by the daemon again.
package struct DamagedFile: Hashable, Sendable {
    /// The database; `-wal`, `-shm` and `-flight` of it stand beside it under its name.
    package var path: String
    /// Of the database and its log.
    package var bytes: Int64
    /// When it was moved, as its name says (`20260301T120000Z`).
    package var movedAt: String

    /// What stands in a damaged database's name between the old name and the time.
    private static let infix = ".damaged-"
    private static let parts = ["-wal", "-shm", "-journal"]

    /// Moves the database at `path` aside with all that belongs to it, under a name that nothing has. A move that was cut
    /// off is completed by the next one, under the name that it had begun with.
    ///
    /// - Parameter flight: the flight file, which says what was in flight; moved along.
    /// - Throws: `StoreError.locked` if a process has the database open; `.failed`.
    package static func setAside(
        _ path: String,
        flight: String,
        now: WallTime
    ) throws(StoreError) -> DamagedFile {
        let lockPath = SQLiteStore.lockPath(path)
        let lock = try OwnerLock.take(lockPath)
        // Until all is moved nothing is opened here.
        OwnerLock.note(.damageAgain, lockPath)
        let target = try target(path, now)
        try move(path, to: target)
        for part in parts { try move(path + part, to: target + part) }
        try move(flight, to: target + "-flight")
        try DatabaseFile.syncFolder(of: path)
        OwnerLock.note(nil, lockPath)
        _ = consume lock
        return DamagedFile(path: target, bytes: size(target), movedAt: String(target.dropFirst((path + infix).count)))
    }

    /// Those that stand beside the database at `path`, oldest first; none where the folder can't be read.
    package static func all(_ path: String) -> [DamagedFile] {
        (try? found(path)) ?? []
    }

    /// As `all`. - Throws: `.failed` where the folder can't be read: for what must not go on as if there were none.
    static func found(_ path: String) throws(StoreError) -> [DamagedFile] {
        let (folder, name) = DatabaseFile.folderAndName(path)
        var times: [String] = []
        for found in try DatabaseFile.names(in: folder) where found.hasPrefix(name + infix) {
            let time = found.dropFirst((name + infix).count)
            if time.allSatisfy({ $0.isNumber || "TZ.".contains($0) }) { times.append(String(time)) }
        }
        return times.sorted().map { time in
            let target = path + infix + time
            return DamagedFile(path: target, bytes: size(target), movedAt: time)
        }
    }

    /// Whether a lock file, given whole, names a database that stood beside it.
    package static func wasOurs(lockFile: [UInt8]) -> Bool {
        OwnerRecord(lockFile).store != nil
    }

    private static func target(_ path: String, _ now: WallTime) throws(StoreError) -> String {
        if !exists(path), let begun = try found(path).last, !exists(begun.path + "-wal") { return begun.path }
        let plain = path + infix + Self.name(now)
        for number in 0..<1000 {
            let target = number == 0 ? plain : "\(plain).\(number)"
            if ([""] + parts + ["-flight"]).allSatisfy({ !exists(target + $0) }) { return target }
        }
        throw .failed("there are too many damaged files beside \(path): move them away")
    }

    private static func name(_ time: WallTime) -> String {
        // Years of four digits, whatever the clock says.
        let seconds = max(0, min(time.milliseconds / 1000, 253_402_300_799))
        let (year, month, day) = CivilTime.date(days: seconds / 86_400)
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let second = Int(seconds % 86_400)
        let date = digits(year, 4) + digits(month, 2) + digits(day, 2)
        return "\(date)T\(digits(second / 3600, 2))\(digits(second / 60 % 60, 2))\(digits(second % 60, 2))Z"
    }

    private static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    private static func size(_ path: String) -> Int64 {
        ["", "-wal"].reduce(0) { sum, part in
            var facts = stat()
            return stat(path + part, &facts) == 0 ? sum + Int64(facts.st_size) : sum
        }
    }

    private static func move(_ path: String, to target: String) throws(StoreError) {
        guard exists(path) else { return }
        guard rename(path, target) == 0 else {
            throw .failed("can't move \(path) to \(target): \(systemMessage(errno))")
        }
    }
}
