import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// Starts that don't come to their end.
struct StartFaultTests {
    private static let start = WallTime(milliseconds: 1_700_000_000_000)

    private static func open(_ path: String, boot: String) throws(StoreError) -> SQLiteStore {
        var random = Seeded(state: 1)
        return try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: boot),
            now: start,
            hash: testHash,
            using: &random
        )
    }

    @Test(arguments: [DiskFault.Kind.kill, .powerCut, .write, .sync, .full])
    func `a first start that ends at any of its calls is got over by the next one (P12)`(kind: DiskFault.Kind) throws {
        for at in 1... {
            let folder = try TemporaryDirectory()
            let path = folder.file("queue.db")
            let disk = FaultDisk(folder.path, seed: UInt64(at))
            DiskFault(kind, at: at).arm(disk)
            if let store = try? Self.open(path, boot: "boot-1") { _ = consume store }
            disk.disarm()
            let isStruck = disk.struck > 0
            if disk.hasLostPower { disk.cutPower() } else { disk.restart() }
            do throws(StoreError) {
                let store = try Self.open(path, boot: "boot-2")
                #expect(store.totals.queued == 0)
            } catch {
                Issue.record("\(kind) at call \(at): \(error)")
            }
            if !isStruck { break }
        }
    }

    @Test func `a start after a power cut that fails before it begins leaves the check to the next one (P12)`()
        throws
    {
        let folder = try TemporaryDirectory()
        let path = folder.file("queue.db")
        var first = try Self.open(path, boot: "boot-1")
        _ = try first.commit([.begin(nil), .accept(StoreBench.event())], now: Self.start)
        _ = consume first
        for _ in 0..<2 {
            let store = try Self.open(path, boot: "boot-2")
            #expect(!store.identity.wasClean && !store.identity.sameBoot)
        }
        var settled = try Self.open(path, boot: "boot-2")
        _ = try settled.commit([.markUncertain([]), .begin(nil)], now: Self.start)
        _ = consume settled
        let next = try Self.open(path, boot: "boot-2")
        #expect(!next.identity.wasClean && next.identity.sameBoot)
    }

    @Test(arguments: 0..<20)
    func `what a failed sync left in the kernel alone is on disk before anything builds on it (P1, P2)`(seed: Int)
        throws
    {
        let folder = try TemporaryDirectory()
        let path = folder.file("queue.db")
        let disk = FaultDisk(folder.path, seed: UInt64(seed))
        var first = try Self.open(path, boot: "boot-1")
        _ = try first.commit([.accept(StoreBench.event())], now: Self.start)
        disk.arm(.failure, .sync, at: 1)
        #expect(throws: StoreError.self) { try first.commit([.accept(StoreBench.event())], now: Self.start) }
        _ = consume first
        var second = try Self.open(path, boot: "boot-1")
        #expect(second.identity.hadDiskError)
        _ = try second.commit([.accept(StoreBench.event())], now: Self.start)
        let answered = second.totals.queued
        _ = consume second
        disk.cutPower()
        let third = try Self.open(path, boot: "boot-2")
        #expect(third.totals.queued == answered)
    }

    @Test func `an error of the disk is known to the starts behind it, until one has settled it with a commit`() throws
    {
        let folder = try TemporaryDirectory()
        let path = folder.file("queue.db")
        let disk = FaultDisk(folder.path, seed: 1)
        var store = try Self.open(path, boot: "boot-1")
        #expect(!store.identity.hadDiskError)
        disk.arm(.failure, .write, at: 1)
        #expect(throws: StoreError.self) { try store.commit([.accept(StoreBench.event())], now: Self.start) }
        _ = consume store
        for _ in 0..<2 {
            let next = try Self.open(path, boot: "boot-1")
            #expect(next.identity.hadDiskError)
        }
        var settled = try Self.open(path, boot: "boot-1")
        _ = try settled.commit([.accept(StoreBench.event())], now: Self.start)
        _ = consume settled
        let last = try Self.open(path, boot: "boot-1")
        #expect(!last.identity.hadDiskError)
    }
}
