import Glibc
package import OutboxCore

/// Files of a database that no daemon has open: copied, moved and given away whole, on disk when a call returns.
package enum StoreFiles {
    /// A database may be any of these.
    static func parts(of database: String) -> [String] {
        ["", "-wal", "-journal", "-shm"].map { database + $0 }
    }

    static func isThere(_ path: String) -> Bool {
        access(path, F_OK) == 0 || errno != ENOENT
    }

    /// Copies a file to a new one, for its owner alone; one of that name that was left over is removed first.
    static func copy(_ path: String, to target: String) throws(StoreError) {
        remove(target)
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw .failed("can't open \(path): \(systemMessage(errno))") }
        defer { close(source) }
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed("can't create \(target): \(systemMessage(errno))") }
        defer { close(descriptor) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failed("can't read \(path): \(systemMessage(errno))") }
            if count == 0 { break }
            var done = 0
            while done < count {
                let written = chunk.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, count - done) }
                if written < 0, errno == EINTR { continue }
                guard written >= 0 else { throw problem("write", target) }
                done += written
            }
        }
        guard fsync(descriptor) == 0 else { throw problem("sync", target) }
    }

    private static func problem(_ verb: String, _ path: String) -> StoreError {
        let reason = errno
        let words = "can't \(verb) \(path): \(systemMessage(reason))"
        return reason == ENOSPC || reason == EDQUOT ? .full(words) : .failed(words)
    }

    /// Brings a file to the disk.
    package static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("can't open \(path): \(systemMessage(errno))") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw problem("sync", path) }
    }

    /// Gives a file another name, durably.
    static func rename(_ path: String, to target: String) throws(StoreError) {
        guard Glibc.rename(path, target) == 0 else { throw problem("rename \(path) to", target) }
        try DatabaseFile.syncFolder(of: target)
    }

    /// Gives a finished file its name, durably, unless there is one of that name.
    package static func publish(_ path: String, as target: String) throws(StoreError) {
        guard link(path, target) == 0 else {
            if errno == EEXIST { throw .refused("\(target) is there already; it was left untouched") }
            throw problem("make", target)
        }
        DatabaseFile.remove(path)
        try DatabaseFile.syncFolder(of: target)
    }

    /// Moves a copy that another process made to a new name; copies it where that is on another disk.
    package static func take(_ path: String, as target: String) throws(StoreError) {
        remove(target)
        if Glibc.rename(path, target) == 0 { return }
        guard errno == EXDEV else { throw problem("move \(path) to", target) }
        try copy(path, to: target)
        DatabaseFile.remove(path)
    }

    /// Removes a file that is of no use any more, with its journal: SQLite would undo another file's changes by that.
    package static func remove(_ path: String) {
        DatabaseFile.remove(path)
        DatabaseFile.remove(path + "-journal")
    }

    /// Moves a database with its log to another name; its shared memory is made anew. What fails is taken back: a database
    /// without its log lacks events, and with the shared memory of another one it looks as if its log were gone.
    static func move(_ database: String, aside: String) throws(StoreError) {
        for part in parts(of: aside) where isThere(part) {
            throw .refused("\(part) is there already; nothing was changed")
        }
        var moved: [String] = []
        do throws(StoreError) {
            // The log first: a database without its log would look whole.
            for suffix in ["-wal", "-journal", ""] where isThere(database + suffix) {
                guard Glibc.rename(database + suffix, aside + suffix) == 0 else {
                    throw problem("move \(database)\(suffix) to", aside + suffix)
                }
                moved.append(suffix)
            }
            guard unlink(database + "-shm") == 0 || errno == ENOENT else {
                throw problem("remove", database + "-shm")
            }
        } catch {
            for suffix in moved.reversed() { _ = Glibc.rename(aside + suffix, database + suffix) }
            throw error
        }
        try DatabaseFile.syncFolder(of: database)
    }

    /// Where root puts files into a daemon's folder they must be the daemon's. What can't be given away stays.
    static func giveToFolderOwner(_ paths: [String]) {
        guard geteuid() == 0, let first = paths.first,
            let owner = DatabaseFile.owner(ofFolder: DatabaseFile.folderAndName(first).folder)
        else {
            return
        }
        for path in paths { _ = lchown(path, owner.user, owner.group) }
    }
}
