import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// The disk that the other tests injure does what disks do.
struct FaultDiskTests {
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    private func open(boot: String = "boot-1") throws(StoreError) -> SQLiteStore {
        var random = Seeded(state: 1)
        return try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: boot),
            now: start,
            hash: testHash,
            using: &random
        )
    }

    private let start = WallTime(milliseconds: 1_700_000_000_000)

    private func accept(_ store: inout SQLiteStore, _ count: Int = 1) -> StoreError? {
        do throws(StoreError) {
            _ = try store.commit((0..<count).map { _ in .accept(StoreBench.event()) }, now: start)
            return nil
        } catch {
            return error
        }
    }

    /// Events that the next process finds.
    private func queued() throws(StoreError) -> Int {
        let store = try open(boot: "boot-2")
        return store.totals.queued
    }

    @Test func `files of other folders are let alone`() throws {
        let disk = FaultDisk(folder.path, seed: 1)
        let other = try TemporaryDirectory()
        var random = Seeded(state: 1)
        disk.arm(.failure, .all, at: 1, stays: true)
        let options = SQLiteStoreOptions(path: other.file("queue.db"), bootID: "boot-1")
        let store = try SQLiteStore.open(options, now: start, hash: testHash, using: &random)
        try store.close(clean: true)
        #expect(disk.count(.all) == 0 && disk.struck == 0)
    }

    @Test(arguments: 0..<20)
    func `a power cut leaves every commit that was answered (P1, P2)`(cut: Int) throws {
        let disk = FaultDisk(folder.path, seed: UInt64(cut))
        var store = try open()
        for _ in 0..<10 { #expect(accept(&store) == nil) }
        if cut % 2 == 0 { try store.checkpoint() }
        _ = consume store
        disk.cutPower()
        #expect(try queued() == 10)
    }

    @Test func `commits that aren't synced are lost in a power cut: the check sees it`() throws {
        let disk = FaultDisk(folder.path, seed: 1)
        disk.skipCommitSyncs()
        var least = 10
        for _ in 0..<20 where least == 10 {
            var store = try open()
            let before = store.totals.queued
            for _ in 0..<10 { #expect(accept(&store) == nil) }
            _ = consume store
            disk.cutPower()
            do throws(StoreError) {
                least = min(least, try queued() - before)
            } catch {
                // A later commit that reached the disk shows that an earlier one is missing.
                guard case .damaged = error else { throw error }
                least = 0
            }
        }
        #expect(least < 10)
    }

    @Test func `the end of the process loses nothing that was written, synced or not`() throws {
        let disk = FaultDisk(folder.path, seed: 1)
        disk.skipCommitSyncs()
        var store = try open()
        for _ in 0..<10 { #expect(accept(&store) == nil) }
        disk.arm(.kill, .all, at: 1)
        guard case .failed = accept(&store) else {
            Issue.record("a commit after the end")
            return
        }
        #expect(disk.hasEnded && !disk.hasLostPower)
        _ = consume store
        disk.restart()
        #expect(try queued() == 10)
    }

    @Test(arguments: [FaultDisk.Fault.full, .short])
    func `a full disk is known not to hold the commit, and the next one works (P1)`(fault: FaultDisk.Fault) throws {
        let disk = FaultDisk(folder.path, seed: 1)
        var store = try open()
        disk.arm(fault, .write, at: 2)
        guard case .full = accept(&store) else {
            Issue.record("not full")
            return
        }
        #expect(store.totals.queued == 0)
        #expect(accept(&store) == nil)
        try store.close(clean: true)
        #expect(try queued() == 1)
    }

    @Test func `after a failed sync nothing is committed by this process`() throws {
        let disk = FaultDisk(folder.path, seed: 1)
        var store = try open()
        disk.arm(.failure, .sync, at: 1)
        for _ in 0..<2 {
            guard case .failed = accept(&store) else {
                Issue.record("a commit whose truth is unknown was answered")
                return
            }
        }
    }

    @Test(arguments: 0..<8)
    func `a sync that never reached the kernel, for want of memory, loses nothing that a later one makes safe`(
        seed: Int
    ) throws {
        let disk = FaultDisk(folder.path, seed: UInt64(seed))
        var store = try open()
        #expect(accept(&store) == nil)
        disk.arm(.noMemory, .sync, at: 1)
        guard case .failed = accept(&store) else {
            Issue.record("a commit whose truth is unknown was answered")
            return
        }
        _ = consume store
        disk.disarm()
        var next = try open()
        let there = next.totals.queued
        #expect(accept(&next) == nil)
        _ = consume next
        disk.cutPower()
        #expect(try queued() == there + 1)
    }

    @Test func `without memory a parameter is no NULL: the commit fails`() throws {
        var event = StoreBench.event()
        event.headers.tenantID = String(repeating: "t", count: 200)
        var failures = 0
        var at = 1
        while true {
            var store = try open()
            let before = store.totals.queued
            FaultMemory.arm(at: at)
            let error: StoreError?
            do throws(StoreError) {
                _ = try store.commit([.accept(event)], now: start)
                error = nil
            } catch let caught {
                error = caught
            }
            let hasStruck = FaultMemory.disarm()
            if error != nil { failures += 1 }
            if error != nil { #expect(store.totals.queued == before) }
            _ = consume store
            if !hasStruck { break }
            at += 1
        }
        #expect(failures > 0)
        var reader = try SQLiteReader.open(path)
        let page = try reader.queued(EventFilter(), after: nil, limit: 1000)
        #expect(!page.events.isEmpty)
        for detail in page.events { #expect(detail.headers.tenantID == event.headers.tenantID) }
    }

    @Test func `a copy that there is no memory for at any of its calls harms nothing, and the next one is made`() throws
    {
        var store = try open()
        #expect(accept(&store) == nil)
        for at in 1... {
            FaultMemory.arm(at: at)
            let hasBegun = (try? store.beginCopy()) != nil
            if !FaultMemory.disarm() { break }
            if hasBegun { store.endCopy() }
        }
        _ = try store.beginCopy()
        while !(try store.copy(pages: 100).isDone) {}
        store.endCopy()
        #expect(accept(&store) == nil)
        try store.close(clean: true)
    }
}
