import Engine
import OutboxCore
import SQLiteStore
import TestSupport

/// A queue in a real database, on a disk that fails and loses its power.
package struct FaultyDiskBacking {
    private let view: FaultDiskView

    /// - Parameter syncsCommits: false: as with `synchronous=NORMAL`, which a run must find.
    package init(seed: UInt64, syncsCommits: Bool = true) throws {
        var random = Seeded(state: seed ^ 0xD15C)
        let oneIn = [30, 100, 100, 400][random.int(0...3)]
        try self.init(script: .drawn(oneIn: oneIn), random: random, syncsCommits: syncsCommits)
    }

    init(script: FaultScript, random: Seeded, syncsCommits: Bool = true) throws {
        view = try FaultDiskView(script: script, random: random)
        if !syncsCommits { view.disk.skipCommitSyncs() }
    }

    /// One seed over it.
    package func run(seed: UInt64, trace: ((String) -> Void)? = nil) throws -> RunResult {
        var plan = Plan(seed: seed)
        // So that there are checkpoints in a run.
        let bytes = Int(20_000 + seed % 8 * 50_000)
        plan.commitLimits.checkpoints = .init(
            idle: bytes / (seed % 3 == 0 ? 8 : 1),
            busy: bytes,
            most: bytes * 3,
            commitsMin: Int(seed % 5) * 4
        )
        return try run(plan, trace: trace)
    }

    func run(_ plan: Plan, trace: ((String) -> Void)? = nil) throws -> RunResult {
        let held = FaultMemory.heldBytes
        var result = try process(plan, trace: trace)
        // I5: whatever went wrong, nothing of it is kept.
        if result.violation == nil, view.disk.openFiles > 0 || FaultMemory.heldBytes != held {
            let found = "\(view.disk.openFiles) open files, \(FaultMemory.heldBytes - held) bytes"
            result.violated("I5", expected: "no file and no memory of SQLite's behind the last process", found: found)
        }
        return result
    }

    private func process(_ plan: Plan, trace: ((String) -> Void)?) throws -> RunResult {
        let view = view
        let backing = Backing<DiskStore>(
            view: view,
            open: { boot, now throws(StoreError) in try view.open(boot: boot, now: now) },
            close: { store in (try? store.close(clean: true)) != nil }
        )
        defer {
            FaultMemory.disarm()
            view.letGo()
        }
        return try SeededRun(plan: plan, backing: backing, trace: trace).run()
    }

    /// Such calls so far.
    func count(_ calls: FaultDisk.Calls) -> Int { view.disk.count(calls) }

    var struck: Int { view.disk.struck }
}

/// What is on the faulty disk, and what a crash has left there.
private final class FaultDiskView: StoreView {
    private let folder: TemporaryDirectory
    let disk: FaultDisk
    private let faults: DiskFaults
    private let ledger = DiskLedger()
    private var random: Seeded
    private var record: Record?
    /// Keeps the files open while the oracle looks, so that the disk needn't compare them at each look.
    private var keeper: PlainConnection?
    private var reader: SQLiteReader?
    /// A commit that failed is there, but perhaps only in the kernel: until a start has made it safe, it may go with the
    /// power, which is right, as nobody was told of it. The oracle counts it by then: no further fault before that.
    private var isTentative = false
    private(set) var wasClean = true
    private(set) var isSameBoot = true

    init(script: FaultScript, random: Seeded) throws {
        var random = random
        folder = try TemporaryDirectory()
        disk = FaultDisk(folder.path, seed: random.next())
        faults = DiskFaults(disk, script: script, random: random.split())
        self.random = random
        ledger.disturb = { [faults] in faults.disturb() }
        ledger.settleDown = { [faults] in faults.settleDown() }
    }

    private var path: String { folder.file("queue.db") }

    func join(_ record: Record) {
        self.record = record
        faults.record = record
    }

    func calm() { faults.calm() }

    /// The run is over. Files are closed before the disk goes.
    func letGo() {
        record?.world.letGo()
        reader = nil
        keeper = nil
    }

    var hasLostPower: Bool { disk.hasLostPower }

    func open(boot: Int, now: WallTime) throws(StoreError) -> DiskStore {
        reader = nil
        keeper = nil
        faults.disturb()
        disk.hold(isTentative)
        defer {
            disk.hold(false)
            faults.settleDown()
        }
        let options = SQLiteStoreOptions(path: path, bootID: "boot-\(boot)", cacheKiB: 512)
        let store = try SQLiteStore.open(options, now: now, hash: testHash, using: &random)
        wasClean = store.identity.wasClean
        isSameBoot = store.identity.sameBoot
        isTentative = false
        return DiskStore(store, ledger: ledger)
    }

    // MARK: After a crash

    func settle(sameBoot: Bool) -> SettledCommit? {
        reader = nil
        keeper = nil
        faults.crashed()
        if sameBoot {
            disk.restart()
        } else {
            record?.occurrences.add("disk: power lost")
            disk.cutPower()
        }
        let found: Int
        do throws(StoreError) {
            found = try disk.held { () throws(StoreError) in try lastCommit() }
        } catch {
            record?.violated("I4", expected: "a sound database", found: "\(error)")
            return nil
        }
        let (kept, problem) = ledger.settle(found: found)
        if let problem { record?.violated("P1", expected: problem.expected, found: problem.found) }
        guard let kept, let replies = kept.replies else { return nil }
        record?.occurrences.add("disk: failed commit is there")
        isTentative = sameBoot
        return SettledCommit(commands: kept.commands, replies: replies, now: kept.now)
    }

    /// The number of the last commit that is there, from a database that has passed `integrity_check` (I4).
    private func lastCommit() throws(StoreError) -> Int {
        // Without a log there is no commit of ours yet; the next process has to get over a journal by itself.
        guard hasContent(path), !hasContent(path + "-journal") else { return 0 }
        let database = try PlainConnection(path)
        guard try database.column("SELECT name FROM sqlite_schema WHERE name = 'routes'") == ["routes"] else {
            return 0
        }
        let check = try database.column("PRAGMA integrity_check(5)")
        guard check == ["ok"] else { throw .failed("integrity_check: \(check)") }
        let mark = try database.column("SELECT state_reason FROM routes WHERE name = '\(DiskStore.markName)'")
        return mark.first.flatMap { Int($0) } ?? 0
    }

    private func openReader() throws(StoreError) {
        if reader != nil { return }
        keeper = try PlainConnection(path)
        _ = try keeper?.column("SELECT id FROM meta")
        reader = try SQLiteReader.open(path)
    }

    func queued(after: Int64?, limit: Int) throws(StoreError) -> QueuedPage {
        try disk.held { () throws(StoreError) in
            try openReader()
            // As the daemon does between questions: a sound queue gives it nothing to say.
            _ = try reader!.walkOn(rows: 20)
            return try reader!.queued(EventFilter(), after: after, limit: limit)
        }
    }

    func deadLetters(after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail] {
        try disk.held { () throws(StoreError) in
            try openReader()
            return try reader!.deadLetters(EventFilter(), after: after, limit: limit)
        }
    }

    func payload(_ id: EventID) throws(StoreError) -> [UInt8]? {
        try disk.held { () throws(StoreError) in
            try openReader()
            return try reader!.payload(id)
        }
    }
}
