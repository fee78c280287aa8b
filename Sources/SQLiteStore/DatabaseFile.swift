import Glibc
import OutboxCore

/// The database as a file: looked at before SQLite touches it, and created whole.
enum DatabaseFile {
    /// "obox": in the file's header, so that `file` and we know whose it is.
    static let applicationID: Int64 = 0x6F62_6F78
    static let pageSize: Int64 = 4096

    enum Finding: Equatable { case absent, ours }

    /// Reads the header with plain system calls, so that a file that isn't ours stays as it is, byte for byte, and
    /// nothing appears beside it. Only for the owner, before any SQLite connection to it: closing a descriptor drops
    /// SQLite's locks.
    ///
    /// - Parameter known: what the lock file names: a database of ours stood here.
    /// - Throws: `StoreError.damaged` where that one doesn't look like ours any more; `.refused` where nothing says that
    ///   it ever was.
    static func look(_ path: String, known: OwnerRecord.Store?) throws(StoreError) -> Finding {
        func notOurs(_ text: String) -> StoreError {
            known == nil ? .refused("\(path) \(text); it was left untouched") : .damaged("\(path) \(text)")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = errno
            guard reason == ENOENT else { throw .failed("can't open \(path): \(systemMessage(reason))") }
            return try absent(path, known)
        }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let length = pread(descriptor, &header, header.count, 0)
        guard length >= 0 else { throw .failed("can't read \(path): \(systemMessage(errno))") }
        if length == 0 {
            if known != nil { throw notOurs("is empty") }
            return try absent(path, known)
        }
        guard length == header.count, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw notOurs("is not an SQLite database")
        }
        guard number(header, at: 68) == applicationID else { throw notOurs("is the database of another program") }
        try checkVersion(number(header, at: 60), path, known)
        return .ours
    }

    static func checkVersion(_ version: Int64, _ path: String, _ known: OwnerRecord.Store?) throws(StoreError) {
        guard version > Migrator.newest else { return }
        let isKnownOlder = known.map { $0.schema <= Migrator.newest } ?? false
        if let known, isKnownOlder, version > Migrator.newest + nearVersions {
            throw .damaged("\(path) has schema version \(version), and had \(known.schema)")
        }
        throw .refused(
            "\(path) has schema version \(version), newer than this program knows (\(Migrator.newest)); "
                + "it was left untouched: install the version that wrote it, or a later one"
                + (isKnownOlder ? "; if no later one was ever used here, it is damaged: move it aside" : "")
        )
    }

    /// Versions that a later program may well have, whose file somebody may have brought here: it must not be taken for
    /// damaged. A changed bit makes a greater number of it, most times.
    private static var nearVersions: Int64 { 8 }

    /// A log without its database may hold accepted events, and would be replayed into a new file.
    private static func absent(_ path: String, _ known: OwnerRecord.Store?) throws(StoreError) -> Finding {
        for suffix in ["-wal", "-journal"] {
            var status = stat()
            if stat(path + suffix, &status) == 0, status.st_size > 0 {
                let text = "\(path)\(suffix) is there but its database \(path) is missing or empty"
                throw known == nil ? .refused("\(text); nothing was touched") : .damaged(text)
            }
        }
        return .absent
    }

    private static func number(_ header: [UInt8], at offset: Int) -> Int64 {
        Int64(header[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    /// Creates the database under another name, whole, then gives it its own: whatever happens there is no half of one.
    static func create(_ path: String, meta: MetaRow, now: WallTime) throws(StoreError) {
        let unfinished = path + ".new"
        for leftover in [unfinished, unfinished + "-journal"] where unlink(leftover) != 0 && errno != ENOENT {
            throw .failed("can't remove \(leftover): \(systemMessage(errno))")
        }
        let descriptor = open(unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("can't create \(unfinished): \(systemMessage(errno))") }
        close(descriptor)
        do {
            let connection = try Connection.open(unfinished, .readWrite)
            try Pragmas.setForLife(connection)
            try Migrator.migrate(connection)
            try MetaTable.create(connection, meta, now: now)
        } catch {
            throw error.storeError
        }
        guard rename(unfinished, path) == 0 else {
            throw .failed("can't rename \(unfinished) to \(path): \(systemMessage(errno))")
        }
        try syncFolder(of: path)
    }

    static func folderAndName(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// What is in a folder, in no order.
    static func names(in folder: String) throws(StoreError) -> [String] {
        guard let directory = opendir(folder) else {
            throw .failed("can't open the folder \(folder): \(systemMessage(errno))")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }

    /// Brings the names of a file's folder to the disk.
    static func syncFolder(of path: String) throws(StoreError) {
        let folder = folderAndName(path).folder
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("can't open the folder \(folder): \(systemMessage(errno))") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .failed("can't sync the folder \(folder): \(systemMessage(errno))") }
    }

    /// A new file for its owner alone. - Returns: nil, or what went wrong.
    static func createEmpty(_ path: String) -> String? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return "can't create \(path): \(systemMessage(errno))" }
        close(descriptor)
        return nil
    }

    /// Removes a file of ours, if it is there.
    static func remove(_ path: String) {
        unlink(path)
    }

    /// Whose a folder is.
    static func owner(ofFolder path: String) -> (user: UInt32, group: UInt32)? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return (facts.st_uid, facts.st_gid)
    }

    /// Which file a path means: device and inode.
    struct Identity: Hashable {
        var device: UInt
        var inode: UInt
    }

    static func identity(_ path: String) -> Identity? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return Identity(device: UInt(facts.st_dev), inode: UInt(facts.st_ino))
    }
}
