import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// A restore that is cut off, by Ctrl-C or by a power cut, is never taken for a queue (P2).
@Suite("A restore that was cut off")
struct CutOffRestoreTests {
    private let folder: TemporaryDirectory
    private let database: String
    private let backup: String

    /// A backup of 300 events. There is no queue at `database` yet.
    init() throws {
        folder = try TemporaryDirectory()
        database = folder.file("queue.db")
        backup = folder.file("monday.backup")
        let source = folder.file("source.db")
        var store = try openStore(source)
        _ = try store.commit((0..<300).map { _ in .accept(StoreBench.event(key: nil)) }, now: startOfTest)
        let copy = try store.beginCopy()
        while try !store.copy(pages: 100).isDone {}
        try BackupFile.seal(copy, takenAt: startOfTest)
        try StoreFiles.publish(copy, as: backup)
        try store.close(clean: true)
    }

    private func restore(aside: String? = nil) throws {
        var random = SeededGenerator(seed: 9)
        let order = Restoration.Order(backup: backup, database: database, aside: aside, now: startOfTest) { _ in "?" }
        _ = try Restoration.restore(order, hash: { _ in Digest256(words: (0, 0, 0, 0)) }, using: &random)
    }

    /// What a restore leaves that is killed.
    private func leave(_ suffix: String) throws {
        try FileManager.default.copyItem(atPath: backup, toPath: database + suffix)
    }

    private func leaveQueue() throws {
        var store = try openStore(database)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        try store.close(clean: true)
    }

    private var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("queue.db.resto") }
        }
    }

    private func changedAt(_ path: String) -> Int {
        var facts = stat()
        #expect(stat(path, &facts) == 0)
        return facts.st_ctim.tv_sec * 1_000_000_000 + facts.st_ctim.tv_nsec
    }

    private func start() throws(StoreError) -> Int {
        let store = try openStore(database)
        let queued = store.totals.queued
        try store.close(clean: true)
        return queued
    }

    /// How many events a start finds; nil: it is refused, and says what to do.
    private func queued() throws -> Int? {
        let text: String
        do throws(StoreError) {
            return try start()
        } catch {
            guard case .refused(let words) = error else { throw error }
            text = words
        }
        #expect(text.contains("lambda-outbox restore"))
        let name = try #require(names.first)
        #expect(text.contains(name))
        return nil
    }

    @Test func `before its last step leaves the queue as it was, and nothing else after the next start`() throws {
        try leaveQueue()
        try leave(".restoring")
        try leave(".restoring-journal")
        #expect(try queued() == 1)
        #expect(try names.isEmpty)
    }

    @Test func `where no queue was makes none that is empty`() throws {
        try leave(".restoring")
        #expect(try queued() == nil)
        #expect(!FileManager.default.fileExists(atPath: database))
        try restore()
        #expect(try queued() == 300)
        #expect(try names.isEmpty)
    }

    @Test(arguments: [false, true])
    func `in its last step has to be done again`(isQueueThere: Bool) throws {
        if isQueueThere { try leaveQueue() }
        try leave(".restored")
        #expect(try queued() == nil)
        try restore(aside: folder.file("queue.db.replaced"))
        #expect(try queued() == 300)
        #expect(try names.isEmpty)
        #expect(FileManager.default.fileExists(atPath: folder.file("queue.db.replaced")) == isQueueThere)
    }

    @Test func `and done without starts once what it left is removed`() throws {
        try leaveQueue()
        try leave(".restored")
        #expect(try queued() == nil)
        try FileManager.default.removeItem(atPath: database + ".restored")
        #expect(try queued() == 1)
    }

    /// What a restore leaves that is killed when it has moved the log of a queue of one event, and not its database.
    private func leaveHalfMoved() throws {
        let source = folder.file("other.db")
        var store = try openStore(source)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        try FileManager.default.copyItem(atPath: source, toPath: database)
        try leave(".restored")
        try FileManager.default.copyItem(atPath: source + "-wal", toPath: database + ".replaced-20260301T120000Z-wal")
        try store.close(clean: true)
    }

    @Test func `between a log and its database leaves the queue whole (P2)`() throws {
        try leaveHalfMoved()
        #expect(try queued() == nil)
        try FileManager.default.removeItem(atPath: database + ".restored")
        #expect(try queued() == 1)
    }

    @Test func `between a log and its database moves both together when it is done again (P2)`() throws {
        try leaveHalfMoved()
        let aside = folder.file("queue.db.replaced-20260301T120001Z")
        try restore(aside: aside)
        #expect(FileManager.default.fileExists(atPath: aside + "-wal"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("queue.db.replaced-20260301T120000Z-wal")))
        #expect(try queued() == 300)
    }

    @Test func `takes no log for that of the queue that was left by something else`() throws {
        try leaveQueue()
        let other = database + ".replaced-20260301T120000Z-wal"
        try Data("log".utf8).write(to: URL(filePath: other))
        try leave(".restored")
        // Both may be of one tick of the file system's clock.
        while changedAt(database + ".restored") <= changedAt(other) { chmod(database + ".restored", 0o600) }
        #expect(try queued() == nil)
        #expect(FileManager.default.fileExists(atPath: other))
    }

    @Test func `after the queue was moved says where that is`() throws {
        try leave(".restored")
        let aside = folder.file("queue.db.replaced-20260301T120000Z")
        try leave(".replaced-20260301T120000Z")
        let error = #expect(throws: StoreError.self) { try start() }
        #expect("\(try #require(error))".contains("what was there is \(aside)"))
    }

    @Test func `that can't move the queue aside leaves it as it was`() throws {
        try leaveQueue()
        try Data("x".utf8).write(to: URL(filePath: folder.file("queue.db.replaced-wal")))
        #expect(throws: StoreError.self) { try restore(aside: folder.file("queue.db.replaced")) }
        #expect(try queued() == 1)
        #expect(try names.isEmpty)
    }

    @Test func `leaves no journal that the next one would be undone by`() throws {
        // The journal of a large transaction that was killed, over a file of that name.
        try leave(".restoring")
        let dying = try PlainDatabase(database + ".restoring")
        try dying.execute("PRAGMA cache_size = 2; UPDATE events SET payload = x'AA'; BEGIN")
        try dying.execute("UPDATE events SET payload = x'BB'")
        let journal = try Data(contentsOf: URL(filePath: database + ".restoring-journal"))
        #expect(journal.count > 4 * 4096)
        try dying.execute("ROLLBACK")
        try journal.write(to: URL(filePath: database + ".restoring-journal"))
        try restore()
        let payloads = try PlainDatabase(database).rows("SELECT DISTINCT hex(payload) FROM events")
        #expect(try payloads == PlainDatabase(backup).rows("SELECT DISTINCT hex(payload) FROM events"))
        #expect(try queued() == 300)
    }
}
