import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// The files that something is done with: each use of it in a folder of its own.
final class FileBench {
    let folder: TemporaryDirectory
    let disk: FaultDisk
    let queue: FullQueue
    /// Of a process beside.
    var store: SQLiteStore?
    var reader: SQLiteReader?
    var path: String { folder.file("queue.db") }
    var backup: String { folder.file("backup.db") }
    var aside: String { folder.file("aside.db") }

    init(_ queue: FullQueue) throws {
        self.queue = queue
        folder = try TemporaryDirectory(inMemory: true)
        disk = FaultDisk(folder.path, seed: 1)
    }

    /// Digests of the test's events are made of their length.
    static let hash: HashFunction = { StoreBench.digest(UInt64($0.count)) }

    /// A queue that was closed in order, with its lock file.
    func placeQueue() throws {
        try queue.place(path)
        try FullQueue.open(path).close(clean: true)
    }

    /// A process that accepts an event and goes on.
    func openStore() throws {
        store = try FullQueue.open(path)
        _ = try store!.commit([.begin(nil), .accept(StoreBench.event("b"))], now: FullQueue.now)
    }

    /// A queue as the end of a process leaves it, with something in its log.
    func placeUncleanQueue() throws {
        try queue.place(path)
        try openStore()
        store = nil
    }

    func placeCopy() throws {
        try placeQueue()
        var store = try FullQueue.open(path)
        let copy = try store.beginCopy()
        while !(try store.copy(pages: 100).isDone) {}
        try StoreFiles.take(copy, as: backup)
    }

    func placeBackup() throws {
        try placeCopy()
        try BackupFile.seal(backup, takenAt: FullQueue.now)
    }

    func restore(aside: String?) throws(StoreError) -> Restoration.Result {
        var random = Seeded(state: 3)
        let order = Restoration.Order(
            backup: backup,
            database: path,
            aside: aside,
            now: FullQueue.now,
            reason: { _ in "restored" }
        )
        return try Restoration.restore(order, hash: Self.hash, using: &random)
    }

    func facts() throws(StoreError) -> String { "\(try BackupFile.check(backup, hash: Self.hash))" }

    func verify() throws(StoreError) -> String {
        let found = try Verification.of(path, bootID: "boot-1", quick: false, hash: Self.hash)
        // A page that can't be read is no sound one.
        if let problem = found.file.first { throw .damaged(problem) }
        return "sound: \(found.isSound), in use: \(found.isInUse), \(found.looked.sorted { $0.key < $1.key })"
    }

    /// What the next start finds.
    func rowsAfterStart() throws(StoreError) -> [String] {
        let store = try FullQueue.open(path)
        _ = consume store
        return try FullQueue.rows(path)
    }

    /// No process is there any more.
    func giveUp() {
        store = nil
        reader = nil
        disk.restart()
    }
}

/// One thing that is done with files.
struct FileOperation: Sendable, CustomTestStringConvertible {
    let name: String
    let prepare: @Sendable (FileBench) throws -> Void
    /// Returns the answer, in short.
    let run: @Sendable (FileBench) throws(StoreError) -> String
    /// Looks, behind the fault, at what is there; what that comes to must be what it is without a fault.
    let after: @Sendable (FileBench, _ hasFailed: Bool) throws -> [String]

    var testDescription: String { name }

    init(
        _ name: String,
        _ prepare: @escaping @Sendable (FileBench) throws -> Void,
        run: @escaping @Sendable (FileBench) throws(StoreError) -> String,
        after: @escaping @Sendable (FileBench, _ hasFailed: Bool) throws -> [String]
    ) {
        self.name = name
        self.prepare = prepare
        self.run = run
        self.after = after
    }

    static let all = starts + backups + looks

    private static func start(
        _ name: String,
        _ prepare: @escaping @Sendable (FileBench) throws -> Void
    ) -> FileOperation {
        FileOperation(name, prepare) { (bench) throws(StoreError) in
            let store = try FullQueue.open(bench.path)
            return "\(store.totals)"
        } after: { bench, _ in
            // How the last process ended stands there, too.
            try bench.rowsAfterStart().map { $0.hasPrefix("meta ") ? "meta" : $0 }
        }
    }

    private static let starts: [FileOperation] = [
        start("first start") { _ in },
        start("start") { bench in try bench.placeQueue() },
        start("start after an unclean end") { bench in try bench.placeUncleanQueue() },
        start("start after an error of the disk") { bench in
            try bench.placeUncleanQueue()
            SQLiteStore.noteDamage(bench.path)
        },
        start("start with an upgrade") { bench in
            try PlainConnection.make(bench.path, try OlderDatabases.sql(version: OlderDatabases.versions.last!))
        },
        FileOperation("close") { bench in
            try bench.queue.place(bench.path)
            try bench.openStore()
        } run: { (bench) throws(StoreError) in
            try bench.store.take()!.close(clean: true)
            return "closed"
        } after: { bench, _ in
            try bench.rowsAfterStart().map { $0.hasPrefix("meta ") ? "meta" : $0 }
        },
    ]

    private static let backups: [FileOperation] = [
        FileOperation("seal") { bench in
            try bench.placeCopy()
        } run: { (bench) throws(StoreError) in
            try BackupFile.seal(bench.backup, takenAt: FullQueue.now)
            return "sealed"
        } after: { bench, hasFailed in
            // What the journal of a seal that was cut off holds is taken back by the next one.
            if hasFailed { try? BackupFile.seal(bench.backup, takenAt: FullQueue.now) }
            return [try bench.facts()]
        },
        FileOperation("check a backup") { bench in
            try bench.placeBackup()
        } run: { (bench) throws(StoreError) in
            try bench.facts()
        } after: { bench, _ in
            [try bench.facts()]
        },
        FileOperation("restore") { bench in
            try bench.placeBackup()
            for name in ["", "-wal", "-shm"] { StoreFiles.remove(bench.path + name) }
        } run: { (bench) throws(StoreError) in
            "\(try bench.restore(aside: nil))"
        } after: { bench, hasFailed in
            if hasFailed, (try? FullQueue.rows(bench.path)) == nil { _ = try bench.restore(aside: nil) }
            return [try bench.facts()] + (try bench.rowsAfterStart())
        },
        FileOperation("restore in the place of another") { bench in
            try bench.placeBackup()
            try bench.openStore()
            bench.store = nil
        } run: { (bench) throws(StoreError) in
            "\(try bench.restore(aside: bench.aside).facts)"
        } after: { bench, hasFailed in
            if hasFailed { _ = try? bench.restore(aside: bench.aside) }
            return [try bench.facts()] + (try bench.rowsAfterStart()) + (try FullQueue.rows(bench.aside))
        },
        FileOperation("set aside") { bench in
            try bench.placeUncleanQueue()
        } run: { (bench) throws(StoreError) in
            let flight = bench.folder.file("flight")
            return try DamagedFile.setAside(bench.path, flight: flight, now: FullQueue.now).movedAt
        } after: { bench, _ in
            let flight = bench.folder.file("flight")
            var rows: [String] = []
            // The move of a part that failed is done by the next one, under the same name.
            _ = try DamagedFile.setAside(bench.path, flight: flight, now: FullQueue.now.advanced(by: .hours(1)))
            for file in DamagedFile.all(bench.path) { rows += try FullQueue.rows(file.path) }
            return rows
        },
        FileOperation("take") { bench in
            try bench.placeBackup()
        } run: { (bench) throws(StoreError) in
            try StoreFiles.take(bench.backup, as: bench.aside)
            return "taken"
        } after: { bench, hasFailed in
            if hasFailed { try? StoreFiles.take(bench.backup, as: bench.aside) }
            return [try "\(BackupFile.check(bench.aside, hash: FileBench.hash))"]
        },
        FileOperation("publish") { bench in
            try bench.placeBackup()
        } run: { (bench) throws(StoreError) in
            try StoreFiles.sync(bench.backup)
            try StoreFiles.publish(bench.backup, as: bench.aside)
            return "published"
        } after: { bench, hasFailed in
            if hasFailed { try? StoreFiles.publish(bench.backup, as: bench.aside) }
            return [try "\(BackupFile.check(bench.aside, hash: FileBench.hash))"]
        },
    ]

    private static func look(
        _ name: String,
        _ prepare: @escaping @Sendable (FileBench) throws -> Void,
        run: @escaping @Sendable (FileBench) throws(StoreError) -> String
    ) -> FileOperation {
        FileOperation(name, prepare, run: run) { bench, _ in
            let rows = [try run(bench)]
            bench.store = nil
            bench.reader = nil
            return rows + (try bench.rowsAfterStart())
        }
    }

    private static func question<Answer>(
        _ name: String,
        _ ask: @escaping @Sendable (inout SQLiteReader, FullQueue) throws(StoreError) -> Answer
    ) -> FileOperation {
        look(name) { bench in
            try bench.queue.place(bench.path)
            try bench.openStore()
            bench.reader = try SQLiteReader.open(bench.path)
        } run: { (bench) throws(StoreError) in
            "\(try ask(&bench.reader!, bench.queue))"
        }
    }

    private static let looks: [FileOperation] = [
        look("what waits in a closed queue") { bench in
            try bench.placeQueue()
        } run: { (bench) throws(StoreError) in
            "\(try RestingDatabase.waiting(bench.path))"
        },
        look("verify a closed queue") { bench in
            try bench.placeQueue()
        } run: { (bench) throws(StoreError) in
            try bench.verify()
        },
        look("verify a queue with a log") { bench in
            try bench.placeUncleanQueue()
        } run: { (bench) throws(StoreError) in
            try bench.verify()
        },
        look("verify beside the owner") { bench in
            try bench.queue.place(bench.path)
            try bench.openStore()
        } run: { (bench) throws(StoreError) in
            try bench.verify()
        },
        look("open a reader") { bench in
            try bench.queue.place(bench.path)
            try bench.openStore()
        } run: { (bench) throws(StoreError) in
            let reader = try SQLiteReader.open(bench.path)
            _ = consume reader
            return "open"
        },
        question("events by id") { (reader, queue) throws(StoreError) in
            var found: [EventDetail?] = []
            for id in queue.ids { found.append(try reader.event(id)) }
            return found
        },
        question("payloads") { (reader, queue) throws(StoreError) in
            var found: [Int?] = []
            for id in queue.ids { found.append(try reader.payload(id)?.count) }
            return found
        },
        question("queued events") { (reader, _) throws(StoreError) in
            try reader.queued(EventFilter(function: GlobPattern("b")), after: nil, limit: 9)
        },
        question("dead letters") { (reader, _) throws(StoreError) in
            let filters = [EventFilter(), EventFilter(function: GlobPattern("b")), EventFilter(condition: .rejected)]
            var found: [[EventDetail]] = []
            for filter in filters { found.append(try reader.deadLetters(filter, after: nil, limit: 9)) }
            return found
        },
        question("groups of dead letters") { (reader, _) throws(StoreError) in try reader.deadLetterGroups() },
        question("the oldest") { (reader, _) throws(StoreError) in "\(try reader.oldestQueued() as Any)" },
        question("waiting rows") { (reader, _) throws(StoreError) in
            let some = try reader.waitingRows([2, 8, 99])
            return "\(some) \(try reader.waitingRows(after: 0, limit: 9)) \(try reader.dueRows(after: nil, limit: 9))"
        },
    ]
}
