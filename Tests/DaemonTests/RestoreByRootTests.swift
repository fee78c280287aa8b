import AdminAPI
import Daemon
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// The daemon's folder belongs to its own user, and an operator restores as root.
@Suite("A restore by root into the folder of the daemon's user", .enabled(if: geteuid() == 0))  // only root gives away
struct RestoreByRootTests {
    private static let user: uid_t = 4711
    private let folder: TemporaryDirectory
    private let database: String
    private let backup: String

    /// A stopped queue of the user, and a backup outside its folder.
    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.file("state"), withIntermediateDirectories: false)
        database = folder.file("state/outbox.db")
        backup = folder.file("monday.backup")
        var random = SystemRandomNumberGenerator()
        let now = WallTime(milliseconds: 1_700_000_000_000)
        let options = SQLiteStoreOptions(path: database, bootID: "b")
        var store = try SQLiteStore.open(options, now: now, hash: testHash, using: &random)
        let copy = try store.beginCopy()
        while try !store.copy(pages: 100).isDone {}
        try BackupFile.seal(copy, takenAt: now)
        try StoreFiles.take(copy, as: backup)
        try store.close(clean: true)
        chmod(folder.file("state"), 0o700)
        try Data(count: 1 << 20).write(to: URL(filePath: folder.file("state/ballast")))
        for path in [folder.file("state")] + (try names).map({ folder.file("state/\($0)") }) {
            chown(path, Self.user, 4711)
        }
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.file("state")) }
    }

    /// Who owns the files in the folder.
    private var owners: Set<uid_t> {
        get throws {
            Set(
                try names.map { name in
                    var status = stat()
                    #expect(lstat(folder.file("state/\(name)"), &status) == 0)
                    return status.st_uid
                }
            )
        }
    }

    @Test func `is done, and all of it is that user's`() throws {
        let facts = try DatabaseBackup.restore(backup, to: database, movesAside: true)
        #expect(facts.movedTo != nil)
        #expect(try names.contains("outbox.db"))
        #expect(try owners == [Self.user])
    }

    @Test func `leaves nothing of root's behind where it fails`() throws {
        for name in try names where name.hasPrefix("outbox.db") { unlink(folder.file("state/\(name)")) }
        try Data("no backup".utf8).write(to: URL(filePath: backup))
        #expect(throws: DatabaseBackup.Problem.self) {
            try DatabaseBackup.restore(backup, to: database, movesAside: true)
        }
        #expect(try owners == [Self.user])
    }

    @Test func `takes over no file of somebody else`() throws {
        chown(folder.file("state/ballast"), 4712, 4712)
        let problem = #expect(throws: DatabaseBackup.Problem.self) {
            try DatabaseBackup.restore(backup, to: database, movesAside: true)
        }
        #expect(problem?.text.contains("ballast is not a file of this daemon") == true)
    }
}
