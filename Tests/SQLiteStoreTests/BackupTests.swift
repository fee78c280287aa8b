import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Stands for SHA-256: what is compared is only whether it is the same.
private func digest(_ bytes: [UInt8]) -> Digest256 {
    Digest256(words: (bytes.reduce(7) { $0 &* 31 &+ UInt64($1) }, 0, 0, 0))
}

private func event(_ number: Int, key: String? = nil) -> NewEvent {
    let payload = Array(#"{"n":\#(number)}"#.utf8)
    return NewEvent(
        function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "orders", qualifier: "-"),
        payload: payload,
        payloadDigest: digest(payload),
        producer: "uid:1",
        dedupe: key.map {
            DedupeKey(kind: .idempotencyKey, text: $0, contentDigest: digest(payload), window: .hours(24))
        }
    )
}

/// Copies to the end, with `between` after each slice.
private func copyWhole(
    _ store: inout SQLiteStore,
    pages: Int = 4,
    between: (inout SQLiteStore) throws -> Void = { _ in }
) throws -> String {
    let path = try store.beginCopy()
    while try !store.copy(pages: pages).isDone { try between(&store) }
    return path
}

private func accept(_ store: inout SQLiteStore, _ numbers: Range<Int>) throws -> [EventID] {
    try store.commit(numbers.map { .accept(event($0, key: "k\($0)")) }, now: startOfTest).compactMap {
        if case .accepted(let queued) = $0 { queued.id } else { nil }
    }
}

@Suite struct `a copy for a backup` {
    @Test func `holds what is committed between its slices (P2)`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<400)
        var number = 400
        let path = try copyWhole(&store) { store in
            guard number < 500 else { return }
            _ = try accept(&store, number..<number + 10)
            number += 10
        }
        let totals = store.totals
        try BackupFile.seal(path, takenAt: startOfTest)
        let facts = try BackupFile.check(path, hash: digest)
        #expect(number > 430)
        #expect(facts.events == totals.queued)
        #expect(facts.events == number)
        #expect(facts.keys == number)
        #expect(facts.lastSequence == totals.lastSequence)
        #expect(facts.takenAt == startOfTest)
        #expect(facts.damaged.isEmpty)
    }

    @Test func `is one plain file, for its owner alone`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<10)
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("copy") }
        #expect(names == ["queue.db.copy"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `that is given up leaves no file and harms nothing`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<200)
        let path = try store.beginCopy()
        _ = try store.copy(pages: 2)
        store.endCopy()
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try accept(&store, 200..<201).count == 1)
    }

    @Test func `that was left over is removed at the next start`() throws {
        let folder = try TemporaryDirectory()
        try Data("half".utf8).write(to: URL(filePath: folder.file("queue.db.copy")))
        try openAndDrop(folder.file("queue.db"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("queue.db.copy")))
    }

    @Test func `whose bytes were altered names the event`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        let ids = try accept(&store, 0..<3)
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        try PlainDatabase(path).execute("UPDATE events SET payload = x'00' WHERE seq = 2")
        #expect(try BackupFile.check(path, hash: digest).damaged == [ids[1]])
    }

    @Test func `that holds fewer rows than it counts is refused`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<3)
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        try PlainDatabase(path).execute("DELETE FROM events WHERE seq = 2")
        #expect(throws: StoreError.self) { try BackupFile.check(path, hash: digest) }
    }

    @Test func `whose keys are not as many as it counts is damaged`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<10)
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        try PlainDatabase(path).execute("UPDATE meta SET keys = keys + 1")
        let error = #expect(throws: StoreError.self) { try BackupFile.check(path, hash: digest) }
        #expect("\(try #require(error))".contains("its counter says"))
    }

    @Test func `of an older version counts the keys that it has`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("old.backup")
        try PlainDatabase(path).execute(try OlderDatabases.sql(version: 4))
        #expect(try BackupFile.check(path, hash: digest).keys > 0)
    }

    @Test func `that is cut off or empty is refused by its name`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        _ = try accept(&store, 0..<300)
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        let bytes = try Data(contentsOf: URL(filePath: path))
        for count in [bytes.count / 2, 5000, 50, 0] {
            try bytes.prefix(count).write(to: URL(filePath: path))
            let error = #expect(throws: StoreError.self) { try BackupFile.check(path, hash: digest) }
            #expect("\(try #require(error))".contains(path), "\(count) bytes")
        }
    }

    @Test func `passes for no queue`() throws {
        let folder = try TemporaryDirectory()
        var store = try openStore(folder.file("queue.db"))
        let path = try copyWhole(&store)
        try BackupFile.seal(path, takenAt: startOfTest)
        #expect(throws: StoreError.self) { try openAndDrop(path) }
    }
}

@Suite struct `a restore` {
    /// A backup with events, and what became of the queue since.
    private func backup(_ folder: TemporaryDirectory) throws -> (path: String, ids: [EventID]) {
        var store = try openStore(folder.file("queue.db"))
        let ids = try accept(&store, 0..<20)
        _ = try store.commit([.bury(sequence: 3, .moved, reason: "test")], now: startOfTest)
        let copy = try copyWhole(&store)
        try BackupFile.seal(copy, takenAt: startOfTest)
        let path = folder.file("monday.backup")
        try StoreFiles.publish(copy, as: path)
        _ = try accept(&store, 20..<25)
        try store.close(clean: true)
        return (path, ids)
    }

    private func restore(_ path: String, to database: String, aside: String? = nil) throws -> Restoration.Result {
        var random = SeededGenerator(seed: 9)
        let order = Restoration.Order(backup: path, database: database, aside: aside, now: startOfTest) { _ in
            "restored"
        }
        return try Restoration.restore(order, hash: digest, using: &random)
    }

    @Test func `brings events under their ids, uncertain and paused, in a new generation`() throws {
        let folder = try TemporaryDirectory()
        let (path, ids) = try backup(folder)
        let before = try openStore(folder.file("queue.db")).identity.generation
        let database = folder.file("restored.db")
        #expect(try restore(path, to: database).facts.events == 19)
        var store = try openStore(database)
        #expect(store.identity.generation != before)
        #expect(try store.pauses().map(\.pattern.text) == ["*"])
        #expect(try store.pauses().map(\.reason) == ["restored"])
        for (place, id) in ids.enumerated() where place != 2 {
            let event = try #require(try store.queued(id))
            #expect(event.uncertain)
            #expect(event.payload == Array(#"{"n":\#(place)}"#.utf8))
        }
        var reader = try SQLiteReader.open(database)
        #expect(try reader.event(ids[2])?.state == .deadLetter)
        #expect(try reader.event(ids[2])?.uncertain == true)
    }

    @Test func `gives no id again that was given before`() throws {
        let folder = try TemporaryDirectory()
        let (path, ids) = try backup(folder)
        let database = folder.file("restored.db")
        _ = try restore(path, to: database)
        var store = try openStore(database)
        let new = try accept(&store, 100..<105)
        #expect(Set(new).isDisjoint(with: ids))
        #expect(new.allSatisfy { $0.generation != ids[0].generation })
        for id in ids where id.sequence != 3 { #expect(try store.queued(id)?.id == id) }
    }

    @Test func `refuses where a database is, and leaves everything as it is`() throws {
        let folder = try TemporaryDirectory()
        let (path, _) = try backup(folder)
        let before = try contents(folder)
        #expect(throws: StoreError.self) { try restore(path, to: folder.file("queue.db")) }
        var after = try contents(folder)
        // The owner's name in it is another one.
        after["queue.db.lock"] = before["queue.db.lock"]
        #expect(after == before)
    }

    @Test func `moves a database aside whole, with its log`() throws {
        let folder = try TemporaryDirectory()
        let (path, _) = try backup(folder)
        try Data("log".utf8).write(to: URL(filePath: folder.file("queue.db-wal")))
        let before = try contents(folder)
        let result = try restore(path, to: folder.file("queue.db"), aside: folder.file("queue.db.old"))
        let after = try contents(folder)
        #expect(result.movedTo == folder.file("queue.db.old"))
        #expect(after["queue.db.old"] == before["queue.db"])
        #expect(after["queue.db.old-wal"] == before["queue.db-wal"])
        #expect(after["queue.db-wal"] == nil)
        #expect(after["monday.backup"] == before["monday.backup"])
    }

    @Test func `refuses while a daemon has the database open`() throws {
        let folder = try TemporaryDirectory()
        let (path, _) = try backup(folder)
        let store = try openStore(folder.file("queue.db"))
        #expect(throws: StoreError.self) {
            try restore(path, to: folder.file("queue.db"), aside: folder.file("queue.db.old"))
        }
        try store.close(clean: true)
    }

    @Test func `refuses a damaged backup, and a database that is none`() throws {
        let folder = try TemporaryDirectory()
        let (path, _) = try backup(folder)
        var bytes = try Data(contentsOf: URL(filePath: path))
        for offset in 8 * 4096..<9 * 4096 { bytes[offset] = 0 }
        try bytes.write(to: URL(filePath: folder.file("damaged.backup")))
        #expect(throws: StoreError.self) { try restore(folder.file("damaged.backup"), to: folder.file("a.db")) }
        #expect(throws: StoreError.self) { try restore(folder.file("queue.db"), to: folder.file("b.db")) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0 == "a.db" || $0 == "b.db" || $0.hasSuffix(".restoring") })
    }
}
