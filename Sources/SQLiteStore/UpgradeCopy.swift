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

    /// Removes what earlier upgrades left.
    static func removeAll(of database: String) {
        for version in 1...Migrator.newest { unlink(path(database, before: version)) }
    }

    /// Copies the file. Its log has been moved into it, and no connection to it is open in this process: closing a
    /// descriptor would drop its locks.
    ///
    /// - Returns: the copy's path; nil where it would take more than half of what is free on the disk, as a full disk must
    ///   not keep a daemon from starting.
    static func make(of database: String) throws(StoreError) -> String? {
        let target = path(database)
        let unfinished = target + ".new"
        unlink(unfinished)
        let source = open(database, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { throw problem("open", database) }
        defer { close(source) }
        let size = lseek(source, 0, SEEK_END)
        guard size >= 0, lseek(source, 0, SEEK_SET) == 0 else { throw problem("look at", database) }
        guard Int(size) <= free(beside: source) / 2 else { return nil }
        let copy = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard copy >= 0 else { throw problem("make", unfinished) }
        defer { close(copy) }
        do {
            try fill(copy, from: source, unfinished)
        } catch {
            unlink(unfinished)
            if case .full = error { return nil }
            throw error
        }
        guard rename(unfinished, target) == 0 else { throw problem("rename", unfinished) }
        try DatabaseFile.syncFolder(of: target)
        return target
    }

    private static func fill(_ copy: Int32, from source: Int32, _ path: String) throws(StoreError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count >= 0 else { throw problem("read for", path) }
            if count == 0 { break }
            var written = 0
            while written < count {
                let more = buffer.withUnsafeBytes { write(copy, $0.baseAddress! + written, count - written) }
                guard more > 0 else { throw problem("write", path) }
                written += more
            }
        }
        guard fsync(copy) == 0 else { throw problem("sync", path) }
    }

    private static func free(beside descriptor: Int32) -> Int {
        var facts = statvfs()
        guard fstatvfs(descriptor, &facts) == 0 else { return 0 }
        return Int(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }

    private static func problem(_ doing: String, _ path: String) -> StoreError {
        let reason = errno
        let text = "can't \(doing) \(path), a copy before the upgrade: \(systemMessage(reason))"
        return reason == ENOSPC || reason == EDQUOT ? .full(text) : .failed(text)
    }
}
