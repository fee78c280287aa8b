import Glibc
import OutboxCore

/// The database as it was before its schema was changed: a copy beside it, for the case that the upgrade was a mistake.
///
/// Made before the first step; removed by the first start that finds that the newer version has ended in order. Starts that
/// fail keep it, and so does a stop: who wants to go back finds it.
enum UpgradeCopy {
    /// `<path>.before-v4` is what an upgrade to version 4 found.
    static func path(_ database: String, before version: Int64 = Migrator.newest) -> String {
        "\(database).before-v\(version)"
    }

    private static func unfinished(_ database: String, before version: Int64 = Migrator.newest) -> String {
        path(database, before: version) + ".new"
    }

    /// Removes what earlier upgrades left.
    static func removeAll(of database: String) {
        for version in 1...Migrator.newest {
            unlink(path(database, before: version))
            unlink(unfinished(database, before: version))
        }
    }

    /// Copies the file. Its log has been moved into it, and no connection to it is open in this process: closing a
    /// descriptor would drop its locks.
    ///
    /// - Returns: the copy's path; nil where it would take more than half of what is free on the disk, as a full disk must
    ///   not keep a daemon from starting.
    static func make(of database: String) throws(StoreError) -> String? {
        let target = path(database)
        let unfinished = unfinished(database)
        DatabaseFile.remove(unfinished)
        do throws(StoreError) {
            guard try hasRoom(forCopyOf: database) else { return nil }
            try StoreFiles.copy(database, to: unfinished)
            try StoreFiles.rename(unfinished, to: target)
            return target
        } catch {
            DatabaseFile.remove(unfinished)
            if case .full = error { return nil }
            throw error
        }
    }

    private static func hasRoom(forCopyOf database: String) throws(StoreError) -> Bool {
        let descriptor = open(database, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("can't open \(database): \(systemMessage(errno))") }
        defer { close(descriptor) }
        return Int(lseek(descriptor, 0, SEEK_END)) <= free(beside: descriptor) / 2
    }

    private static func free(beside descriptor: Int32) -> Int {
        var facts = statvfs()
        guard fstatvfs(descriptor, &facts) == 0 else { return 0 }
        return Int(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }
}
