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
        return try SQLiteStore.open(SQLiteStoreOptions(path: path, bootID: boot), now: start, using: &random)
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

    @Test func `a start after a power cut that fails before its first commit leaves the check to the next one (P12)`()
        throws
    {
        let folder = try TemporaryDirectory()
        let path = folder.file("queue.db")
        var first = try Self.open(path, boot: "boot-1")
        _ = try first.commit([.accept(StoreBench.event())], now: Self.start)
        _ = consume first
        for _ in 0..<2 {
            let store = try Self.open(path, boot: "boot-2")
            #expect(!store.identity.wasClean && !store.identity.sameBoot)
        }
        var settled = try Self.open(path, boot: "boot-2")
        _ = try settled.commit([.markUncertain([])], now: Self.start)
        _ = consume settled
        let next = try Self.open(path, boot: "boot-2")
        #expect(!next.identity.wasClean && next.identity.sameBoot)
    }
}
