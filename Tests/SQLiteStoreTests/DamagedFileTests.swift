import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Databases that aren't what was written any more: told from foreign ones, and moved aside whole (P2, P12).
@Suite("Damaged files")
struct DamagedFileTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    /// Some commits of one event each, left as a killed process leaves them.
    private func leave(_ commits: Int, clean: Bool = false) throws {
        var store = try openStore(path)
        for _ in 0..<commits { _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest) }
        try store.close(clean: clean)
    }

    private func change(_ name: String, _ body: (inout Data) -> Void) throws {
        let url = URL(filePath: folder.file(name))
        var bytes = try Data(contentsOf: url)
        body(&bytes)
        try bytes.write(to: url)
    }

    /// What opening says of a damaged database; nil: nothing is wrong with it.
    private func damage(boot: String = "boot-1") throws -> String? {
        do throws(StoreError) {
            let store = try openStore(path, boot: boot)
            try store.close(clean: false)
            return nil
        } catch {
            guard case .damaged(let text) = error else { throw error }
            return text
        }
    }

    // MARK: The file

    @Test(arguments: [
        ("not an SQLite database", 0..<16, 7), ("the database of another program", 68..<72, 1),
        ("schema version 71", 63..<64, 66), ("not an SQLite database", 0..<100, 255),
    ])
    func `a head that was ours and isn't any more is damage`(expected: String, place: Range<Int>, flip: Int) throws {
        try leave(3, clean: true)
        try change("queue.db") { bytes in for offset in place { bytes[offset] ^= UInt8(flip) } }
        #expect(try damage()?.contains(expected) == true)
    }

    @Test func `a database that was ours and is empty, or gone while its log is there, is damage`() throws {
        try leave(3)
        try change("queue.db") { $0 = Data() }
        #expect(try damage()?.contains("empty") == true)
        try FileManager.default.removeItem(atPath: path)
        #expect(try damage()?.contains("missing") == true)
    }

    @Test(arguments: 1..<12)
    func `a page of zeros is damage at once, or when it is read`(page: Int) throws {
        try leave(200, clean: true)
        try change("queue.db") { $0.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(count: 4096)) }
        if try damage() != nil { return }
        var store = try openStore(path)
        #expect(try !store.integrityCheck().isEmpty)
        try store.close(clean: false)
    }

    @Test(arguments: [
        "DELETE FROM events", "DELETE FROM functions", "UPDATE meta SET queued = queued + 1",
        "UPDATE meta SET last_sequence = 1", "UPDATE functions SET queued = -1",
        "UPDATE events SET seq = 77 WHERE seq = 3",
        "UPDATE meta SET queued = 9223372036854775807", "DELETE FROM meta", "DROP TABLE attempts",
    ])
    func `counters and tables that contradict each other are damage`(sql: String) throws {
        try leave(3, clean: true)
        try PlainDatabase(path).execute(sql)
        #expect(try damage() != nil)
    }

    @Test func `rows that get lost while it runs are noticed once none is left, and known to the next start`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        #expect(try store.size().usedBytes > 0)
        try PlainDatabase(path).execute("DELETE FROM events; UPDATE functions SET queued = 1")
        let error = #expect(throws: StoreError.self) { try store.size() }
        guard case .damaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try store.close(clean: false)
        try PlainDatabase(path).execute("UPDATE meta SET queued = 0; UPDATE functions SET queued = 0")
        let next = try openStore(path)
        #expect(next.identity.damageSeen == 1)
        try next.close(clean: true)
        #expect(try openStore(path).identity.damageSeen == 0)
    }

    @Test func `a dead letter that an index has and the table has not is damage to a reader`() throws {
        try leave(3)
        var store = try openStore(path)
        let burials = [1, 2].map { StoreCommand.bury(sequence: $0, .expired, reason: "too old") }
        _ = try store.commit(burials, now: startOfTest)
        try store.close(clean: true)
        // As a page of the table that took another's place.
        let root = "(SELECT rootpage FROM sqlite_schema WHERE name = 'history')"
        try PlainDatabase(path).execute(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = \(root) WHERE name = 'dead_letters'"
        )
        var reader = try SQLiteReader.open(path)
        let error = #expect(throws: StoreError.self) {
            try reader.deadLetters(EventFilter(), after: nil, limit: 10)
        }
        guard case .damaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    // MARK: The log

    /// Where the frames of a log begin and end.
    private static let head = 32
    private static let frame = 4096 + 24

    @Test(arguments: [0, 1, 5, 10_000, -1, -4120], ["boot-1", "boot-2"])
    func `a log of which a committed page has changed is damage (P2)`(place: Int, boot: String) throws {
        try leave(10)
        try change("queue.db-wal") { bytes in
            let offset = place < 0 ? bytes.count + place : Self.head + place
            bytes[offset] ^= 0x10
        }
        #expect(try damage(boot: boot)?.contains("queue.db-wal is damaged") == true)
    }

    @Test func `without its index a log tells of a change where later commits stand behind it`() throws {
        try leave(10)
        try FileManager.default.removeItem(atPath: path + "-shm")
        try change("queue.db-wal") { $0[Self.head + 10_000] ^= 1 }
        #expect(try damage(boot: "boot-2")?.contains("damaged behind page") == true)
    }

    @Test func `a log that was cut, lost or beheaded in this boot is damage`() throws {
        try leave(10)
        let whole = try Data(contentsOf: URL(filePath: path + "-wal"))
        try change("queue.db-wal") { $0 = $0.prefix($0.count / 2) }
        #expect(try damage()?.contains("committed pages can be read") == true)
        try change("queue.db-wal") { $0 = Data() }
        #expect(try damage()?.contains("is gone") == true)
        try whole.write(to: URL(filePath: path + "-wal"))
        try change("queue.db-wal") { $0[9] ^= 1 }
        #expect(try damage()?.contains("head") == true)
        try whole.write(to: URL(filePath: path + "-wal"))
        #expect(try damage() == nil)
    }

    @Test func `what a power cut leaves behind the last commit is no damage`() throws {
        try leave(10)
        try change("queue.db-wal") { bytes in
            let last = bytes.suffix(Self.frame)
            bytes.append(last)
            bytes.append(Data(count: 3 * 4096))
        }
        #expect(try damage(boot: "boot-2") == nil)
    }

    @Test func `a log that begins anew over an older one is no damage`() throws {
        var store = try openStore(path)
        for _ in 0..<20 { _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest) }
        try store.checkpoint()
        _ = try store.commit([.accept(StoreBench.event(key: nil))], now: startOfTest)
        try store.close(clean: false)
        #expect(try damage() == nil)
        #expect(try damage(boot: "boot-2") == nil)
    }

    // MARK: Moving aside

    @Test func `a damaged database is moved aside with all that belongs to it, byte for byte, and a new one begins`()
        throws
    {
        try leave(10)
        try change("queue.db") { $0[0] ^= 1 }
        try Data("flight".utf8).write(to: URL(filePath: folder.file("flight")))
        let before = try contents(folder)
        let file = try DamagedFile.setAside(path, flight: folder.file("flight"), now: startOfTest)
        #expect(file.path == path + ".damaged-20231114T221320Z")
        let after = try contents(folder)
        for (name, kept) in [
            ("queue.db", ""), ("queue.db-wal", "-wal"), ("queue.db-shm", "-shm"), ("flight", "-flight"),
        ] {
            #expect(after[name] == nil)
            #expect(after["queue.db.damaged-20231114T221320Z" + kept] == before[name], "\(name)")
        }
        let store = try openStore(path)
        #expect(store.identity.created && store.identity.damageSeen == 0 && store.totals.queued == 0)
        try store.close(clean: true)
        #expect(DamagedFile.all(path) == [file])
    }

    @Test func `the new database's ids are of another generation, whatever is drawn`() throws {
        let first = try openStore(path, seed: 7)
        let generation = first.identity.generation
        try first.close(clean: true)
        _ = try DamagedFile.setAside(path, flight: folder.file("flight"), now: startOfTest)
        let second = try openStore(path, seed: 7)
        #expect(second.identity.generation != generation)
        try second.close(clean: true)
    }

    @Test func `nothing that was moved aside is ever overwritten`() throws {
        var files: [DamagedFile] = []
        for _ in 0..<3 {
            try leave(1, clean: true)
            files.append(try DamagedFile.setAside(path, flight: folder.file("flight"), now: startOfTest))
        }
        #expect(Set(files.map(\.path)).count == 3)
        #expect(DamagedFile.all(path).count == 3)
    }

    @Test func `a move that was cut off is completed under its name`() throws {
        try leave(10)
        let log = try Data(contentsOf: URL(filePath: path + "-wal"))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".damaged-20200101T000000Z")
        #expect(try damage()?.contains("missing") == true)
        let file = try DamagedFile.setAside(path, flight: folder.file("flight"), now: startOfTest)
        #expect(file.path.hasSuffix("damaged-20200101T000000Z"))
        #expect(try Data(contentsOf: URL(filePath: file.path + "-wal")) == log)
    }

    @Test func `while a process has it open nothing is moved`() throws {
        let store = try openStore(path)
        #expect(throws: StoreError.self) {
            try DamagedFile.setAside(path, flight: folder.file("flight"), now: startOfTest)
        }
        #expect(DamagedFile.all(path).isEmpty)
        try store.close(clean: true)
    }
}
