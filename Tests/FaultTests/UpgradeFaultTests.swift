import Glibc
import OutboxCore
import SQLiteStore
import Simulation
import TestSupport
import Testing

/// Upgrades that don't come to their end: the older version is there, or the newer one, whole.
struct UpgradeFaultTests {
    private static let start = WallTime(milliseconds: 1_700_000_000_000)

    private static func open(_ path: String) throws(StoreError) -> SQLiteStore {
        var random = Seeded(state: 1)
        return try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: "boot-1"),
            now: start,
            hash: testHash,
            using: &random
        )
    }

    private static func opens(_ path: String) -> Bool {
        do throws(StoreError) {
            let store = try open(path)
            _ = consume store
            return true
        } catch {
            return false
        }
    }

    private static let sums = [
        "events": "seq || id_tail || payload_digest || hex(payload) || coalesce(key_text, '')",
        "dead_letters": "seq || reason || hex(payload)", "history": "seq || handed_over_at",
        "idempotency_keys": "key_text || event_seq || hex(content_digest)", "functions": "name || queued || bytes",
        "attempts": "seq || n || outcome", "routes": "name || state_reason", "producers": "id || name",
    ]

    private static func contents(_ path: String) throws(StoreError) -> [[String]] {
        let database = try PlainConnection(path)
        var tables: [[String]] = []
        for (table, columns) in sums.sorted(by: { $0.key < $1.key }) {
            tables.append(try database.column("SELECT \(columns) FROM \(table) ORDER BY 1"))
        }
        return tables
    }

    /// The ends of a process and of the power for every version, all else for the one with the most steps.
    private static let cases =
        OlderDatabases.versions.flatMap { [($0, DiskFault.Kind.kill), ($0, .powerCut)] }
        + [.write, .sync, .full, .short, .read, .readOnly, .diskMemory].map { (OlderDatabases.versions[0], $0) }

    @Test(arguments: cases)
    func `an upgrade that ends at any call of its start is done by the next one (P2, P8)`(
        version: Int,
        kind: DiskFault.Kind
    ) throws {
        var starts = 0
        for at in 1... {
            let folder = try TemporaryDirectory(inMemory: true)
            let path = folder.file("queue.db")
            try PlainConnection.make(path, try OlderDatabases.sql(version: version))
            let before = try Self.contents(path)
            let disk = FaultDisk(folder.path, seed: UInt64(at))
            DiskFault(kind, at: at).arm(disk)
            if let store = try? Self.open(path) { _ = consume store }
            disk.disarm()
            let isStruck = disk.struck > 0
            if disk.hasLostPower { disk.cutPower() } else { disk.restart() }
            do throws(StoreError) {
                let found = Int(try PlainConnection(path).column("PRAGMA user_version")[0]) ?? 0
                #expect((version...OlderDatabases.versions.last! + 1).contains(found))
                var store = try Self.open(path)
                #expect(store.totals.queued == 4 && store.totals.dead == 1)
                let damage = try store.quickCheck()
                #expect(damage == [])
                _ = consume store
                #expect(try Self.contents(path) == before, "\(kind) at call \(at)")
            } catch {
                Issue.record("\(kind) at call \(at): \(error)")
            }
            if !isStruck { break }
            starts = at
        }
        #expect(starts >= 5)
    }

    @Test func `no step is taken before the copy and its name are on disk (P2)`() throws {
        let version = OlderDatabases.versions.last!
        var refusals = 0
        for at in 1... {
            let folder = try TemporaryDirectory(inMemory: true)
            let path = folder.file("queue.db")
            try PlainConnection.make(path, try OlderDatabases.sql(version: version))
            FaultCalls.arm(.sync, at: at, errno: EIO)
            let isUpgraded = Self.opens(path)
            if !FaultCalls.disarm() { break }
            if isUpgraded { continue }
            refusals += 1
            #expect(try PlainConnection(path).column("PRAGMA user_version") == ["\(version)"])
        }
        // Of the copy, and of its folder.
        #expect(refusals == 2)
    }
}
