import Engine
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@testable import Daemon

/// A start that finds damage: goes on with a new database, or ends and leaves all as it is (P2, P12).
@Suite struct `A start over damage` {
    private let directory: TemporaryDirectory
    private let path: String
    private let now = Moment(
        wall: WallTime(milliseconds: 1_795_348_800_000),
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000)
    )

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("outbox.db")
    }

    private func open(
        _ onDamage: Configuration.Store.OnDamage,
        boot: String = "b"
    ) throws(StoreError) -> (start: StoreStart, announced: [CheckReason]) {
        var announced: [CheckReason] = []
        let opened = try OpenedStore.open(
            SQLiteStoreOptions(path: path, bootID: boot),
            onDamage: onDamage,
            flight: directory.file("flight"),
            now: now
        ) { announced.append($0) }
        let start = opened.start
        try opened.take().close(clean: false)
        return (start, announced)
    }

    /// 300 events in the file, which was closed in order.
    private func leave() throws {
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: path, bootID: "b")
        var store = try SQLiteStore.open(options, now: now.wall, hash: testHash, using: &random)
        let events = (0..<300).map { _ in StoreCommand.accept(StoreBench.event()) }
        _ = try store.commit([.begin(nil)] + events, now: now.wall)
        try store.close(clean: true)
    }

    private func overwrite(page: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: 0xAA, count: 4096))
        try bytes.write(to: URL(filePath: path))
    }

    @Test func `replace moves the file aside, and a new queue begins under a new generation`() throws {
        try leave()
        let before = try open(.stop).start
        try overwrite(page: 0)
        let damaged = try Data(contentsOf: URL(filePath: path))
        let start = try open(.replace).start
        let file = try #require(start.replaced?.file)
        #expect(start.replaced?.found.contains("not an SQLite database") == true)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == damaged)
        #expect(start.totals.queued == 0 && start.identity.created)
        #expect(start.identity.generation != before.identity.generation)
        #expect(start.leftInFlight == 0)
        #expect(DamagedFile.all(path) == [file])
        #expect(try open(.replace).start.replaced == nil)
    }

    @Test func `stop ends with what was found, and the file is as it was`() throws {
        try leave()
        try overwrite(page: 0)
        let damaged = try Data(contentsOf: URL(filePath: path))
        let error = #expect(throws: StoreError.self) { try open(.stop) }
        let problem = StartProblem(try #require(error), path: path)
        #expect(problem.exitCode == 1)
        for words in ["\(path) is damaged", "not an SQLite database", "salvage", "restore", "store.on_damage"] {
            #expect(problem.description.contains(words), "\(words)")
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == damaged)
        #expect(DamagedFile.all(path).isEmpty)
    }

    @Test func `a file that was never ours is refused, whatever on_damage says`() throws {
        try Data("hello".utf8).write(to: URL(filePath: path))
        for choice in Configuration.Store.OnDamage.allCases {
            let error = #expect(throws: StoreError.self) { try open(choice) }
            guard case .refused = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("hello".utf8))
    }

    @Test func `damage that only a check finds counts after a power cut, and after a reader met it`() throws {
        try leave()
        _ = try open(.stop)
        // In the midst of the queue: nothing that a start reads.
        let pages = try Data(contentsOf: URL(filePath: path)).count / 4096
        try overwrite(page: pages - 4)
        #expect(try open(.replace).start.replaced == nil)
        SQLiteStore.noteDamage(path)
        let found = try open(.replace)
        #expect(found.start.replaced != nil)
        #expect(found.announced == [.damage])
    }

    @Test(arguments: [("disk error", "b", "an error of the disk"), ("", "other", "an unclean end of the machine")])
    func `a check before READY says in the log what it is for`(mark: String, boot: String, words: String) throws {
        try leave()
        _ = try open(.stop)
        if !mark.isEmpty {
            let lock = URL(filePath: path + ".lock")
            var record = try Data(contentsOf: lock)
            // Where an earlier process leaves word of it.
            record.replaceSubrange(24..<24 + mark.utf8.count, with: Data(mark.utf8))
            try record.write(to: lock)
        }
        let announced = try open(.stop, boot: boot).announced
        #expect(announced.map(\.line) == ["checking the database after \(words)"])
        #expect(try open(.stop, boot: boot).announced.isEmpty)
    }

    @Test func `damage that comes back after a check that found none is believed`() throws {
        try leave()
        SQLiteStore.noteDamage(path)
        #expect(try open(.replace).start.replaced == nil)
        try Data("1\n".utf8 + Array(repeating: 32, count: 22) + Data("damage 2   \n".utf8)).write(
            to: URL(filePath: path + ".lock")
        )
        #expect(try open(.replace).start.replaced?.found.contains("twice") == true)
    }

    @Test func `the flight file goes with the damaged one: the new queue has nothing in flight`() throws {
        try leave()
        try overwrite(page: 0)
        try Data(repeating: 7, count: 64).write(to: URL(filePath: directory.file("flight")))
        let file = try #require(try open(.replace).start.replaced?.file)
        #expect(try Data(contentsOf: URL(filePath: file.path + "-flight")) == Data(repeating: 7, count: 64))
        #expect(!FileManager.default.fileExists(atPath: directory.file("flight")))
    }

    @Test(arguments: Configuration.Store.OnDamage.allCases)
    func `damage that is met under way ends it with the file, what was found, and what the next start does`(
        onDamage: Configuration.Store.OnDamage
    ) {
        let error = StoreError.damaged("event 7 is not where its number belongs")
        let problem = StartProblem(underWay: error, path: path, onDamage: onDamage)
        #expect(problem.exitCode == 1)
        let found = "\(path) is damaged: event 7 is not where its number belongs. Nothing more is written to it"
        #expect(problem.description.hasPrefix(found))
        #expect(problem.description.contains("the next start"))
        let words: [String] =
            switch onDamage {
            case .replace: ["moves it aside", "salvage"]
            case .stop: ["store.on_damage", "verify", "restore", "salvage"]
            }
        for word in words { #expect(problem.description.contains(word), "\(word)") }
    }

    @Test func `an end under way for anything else names the file, and what there is to do`() {
        let failed = StartProblem(underWay: .failed("disk I/O error"), path: path, onDamage: .replace)
        #expect(failed.description == "\(path): disk I/O error")
        #expect(failed.exitCode == 1)
        let full = StartProblem(underWay: .full("no space"), path: path, onDamage: .replace)
        #expect(full.description.contains("make room"))
    }

    @Test func `of two threads that meet damage the first one counts`() {
        let failure = StoreFailure()
        failure.happened(.damaged("one"))
        failure.happened(.failed("other"))
        #expect(failure.error == .damaged("one"))
    }
}
