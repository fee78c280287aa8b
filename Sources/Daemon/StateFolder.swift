internal import Engine
internal import Glibc
internal import SQLiteStore

/// Looks at the folder of the database before anything in it is touched: nobody else may put files there, and no file of
/// somebody else is taken over because of its name. Reads only.
struct StateFolder {
    let files: StateFiles
    private let user: uid_t

    /// - Parameter forOwner: root looks at it for the user whose folder it is, and gives that user what it puts there.
    init(_ files: StateFiles, forOwner: Bool = false) {
        self.files = files
        var status = stat()
        let isForOther = forOwner && geteuid() == 0 && stat(files.folder, &status) == 0
        user = isForOther ? status.st_uid : geteuid()
    }

    /// For people: what is wrong, and what to do; nil: nothing. What isn't there is no problem of this kind.
    var problem: String? {
        if let problem = folderProblem { return problem }
        return fileProblem(files.ballast, isOurs: isBallast) ?? fileProblem(files.flight, isOurs: isFlight)
    }

    private var folderProblem: String? {
        var status = stat()
        let folder = files.folder
        guard stat(folder, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT != S_IFDIR { return "\(folder) is no folder; name one for the queue" }
        if status.st_uid != user && status.st_uid != 0 {
            return "the folder \(folder) belongs to user \(status.st_uid), not to \(user), who runs this: "
                + "run it as that user, or choose another folder"
        }
        if status.st_mode & (S_IWGRP | S_IWOTH) != 0 {
            return "others than its owner may write to the folder \(folder), and so replace the queue: "
                + "run chmod go-w \(folder), or choose a folder of your own"
        }
        return nil
    }

    /// With our database beside it, whatever a file holds is ours.
    private func fileProblem(_ path: String, isOurs: ([UInt8]) -> Bool) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == user else {
            return "\(path) is not a file of this daemon: move it away, or choose another folder"
        }
        if Self.isDatabase(files.database) || hasOwned { return nil }
        if let bytes = Self.read(path, max: Self.bytesMax), isOurs(bytes) { return nil }
        return "\(path) holds something else than this daemon's files of that name, and there is no queue beside it: "
            + "move it away, or choose another folder"
    }

    /// Whether a database of ours stood here, however damaged it is now: the lock file says so.
    private var hasOwned: Bool {
        Self.read("\(files.database).lock", max: 4096).map { DamagedFile.wasOurs(lockFile: $0) } ?? false
    }

    // MARK: What our files look like

    /// More than any of them holds.
    private static let bytesMax = 32 << 20

    /// Zeros only.
    private func isBallast(_ bytes: [UInt8]) -> Bool {
        !bytes.contains { $0 != 0 }
    }

    /// With its head; or, of an older version, slots of 16 bytes, each empty or an event's id: a UUIDv7 as two numbers of
    /// this machine.
    private func isFlight(_ bytes: [UInt8]) -> Bool {
        FlightFile.hasHead(bytes)
            || bytes.count % 16 == 0
                && bytes.withUnsafeBytes { buffer in
                    stride(from: 0, to: buffer.count, by: 16).allSatisfy { offset in
                        let high = buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                        let low = buffer.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
                        return (high == 0 && low == 0) || ((high >> 12) & 0xF == 7 && low >> 62 == 0b10)
                    }
                }
    }

    /// By SQLite's header and the application id in it. Before any connection to it: closing a descriptor would drop
    /// SQLite's locks.
    private static func isDatabase(_ path: String) -> Bool {
        guard let header = read(path, upTo: 72), header.count == 72 else { return false }
        return header.starts(with: "SQLite format 3\0".utf8) && header[68...].elementsEqual("obox".utf8)
    }

    /// The whole file; nil: it can't be read, or is larger.
    private static func read(_ path: String, max: Int) -> [UInt8]? {
        read(path, upTo: max + 1).flatMap { $0.count > max ? nil : $0 }
    }

    private static func read(_ path: String, upTo count: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(count, 64 << 10))
        while bytes.count < count {
            let length = Glibc.read(descriptor, &chunk, min(chunk.count, count - bytes.count))
            if length < 0 && errno == EINTR { continue }
            guard length >= 0 else { return nil }
            if length == 0 { break }
            bytes += chunk[..<length]
        }
        return bytes
    }
}
