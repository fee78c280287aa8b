import Engine
import Foundation
import OutboxCore
import Simulation
import TestSupport
import Testing

@Suite("The reserve for a full disk")
struct ReserveTests {
    @Test(arguments: [16 << 20, 100 << 20, 500 << 20, 1 << 30, 1 << 40])
    func `holds the log that has to go into the file, and one commit more (P9)`(diskBytes: Int) {
        var limits = CommitLimits()
        limits.scale(toDiskBytes: diskBytes)
        #expect(limits.checkpoints.most + limits.commitBytesMax <= limits.ballastBytes)
        #expect(limits.checkpoints.idle <= limits.checkpoints.busy)
        #expect(limits.checkpoints.busy <= limits.checkpoints.most)
    }

    /// Another program takes at once what is given back.
    @Test func `is kept for outcomes where moving the log into the file finds no room (P2, P9)`() throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let calls = StoreCalls([:])
        calls.checkpointError = .full("test")
        var store = FailingStore(ModelStore(), calls)
        store.walBytes = 12 << 20
        var committer = quietCommitter(store, folder, ballastBytes: 4096, freeDisk: 1 << 40)
        let item = IntakeItem(event: StoreBench.event("a"), sink: Producer(), ticket: 0)
        for (milliseconds, intake) in [(Int64(0), [item]), (200, []), (400, [])] {
            let now = MonotonicTime(nanoseconds: milliseconds * 1_000_000)
            _ = committer.turn(
                intake: intake,
                commands: [],
                now: Moment(wall: WallTime(milliseconds: 1_700_000_000_000), monotonic: now)
            )
        }
        #expect(calls.checkpoints > 0)
        #expect(try Data(contentsOf: URL(filePath: folder.file("ballast"))).count == 4096)
    }
}
