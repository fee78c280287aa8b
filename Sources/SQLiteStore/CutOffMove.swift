import Glibc
import OutboxCore

/// What a restore that was cut off in its last step had moved away of the queue that was there.
///
/// A file changes its status by being moved (POSIX `rename`, as file systems keep it): what was moved since the restore's
/// own file got its name was moved by that restore, whatever else stands in the folder.
struct CutOffMove {
    /// What stands in the name of a queue that was moved aside.
    static let infix = ".replaced"

    private let database: String
    /// Names that files were moved to, newest first.
    private let moved: [String]

    /// - Parameter ready: the restore's own file, which says when its last step began.
    init(of database: String, since ready: String) throws(StoreError) {
        self.database = database
        let (folder, name) = DatabaseFile.folderAndName(database)
        guard let began = Self.changedAt(ready) else {
            moved = []
            return
        }
        moved = try DatabaseFile.names(in: folder)
            .filter { $0.hasPrefix(name + Self.infix) }
            .sorted(by: >)
            .map { database + $0.dropFirst(name.count) }
            .filter { path in Self.changedAt(path).map { $0 >= began } ?? false }
    }

    /// Where all of it is; nil: it wasn't moved.
    var aside: String? {
        if StoreFiles.isThere(database) { return nil }
        return moved.first { path in !["-wal", "-journal"].contains { path.hasSuffix($0) } }
    }

    /// A log without its database, which was to follow, goes back: each is worth little without the other.
    func takeBack() throws(StoreError) {
        guard StoreFiles.isThere(database) else { return }
        for suffix in ["-wal", "-journal"] where !StoreFiles.isThere(database + suffix) {
            guard let log = moved.first(where: { $0.hasSuffix(suffix) }),
                !StoreFiles.isThere(String(log.dropLast(suffix.count)))
            else { continue }
            try StoreFiles.rename(log, to: database + suffix)
        }
    }

    private static func changedAt(_ path: String) -> Int? {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return nil }
        return facts.st_ctim.tv_sec * 1_000_000_000 + facts.st_ctim.tv_nsec
    }
}
