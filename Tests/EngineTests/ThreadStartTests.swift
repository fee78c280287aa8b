import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Threads whose owner could not build what they own: nobody who asks them is left waiting.
struct ThreadStartTests {
    @Test func `a read thread without a reader answers that the store is closed`() async throws {
        let loop = ReadLoop<ModelStore>()
        loop.start(clock: SystemTime()) { nil }
        await #expect(throws: StoreError.self) {
            _ = try await loop.ask { (reader) throws(StoreError) in try reader.deadLetterGroups() }
        }
        loop.stop()
    }

    @Test func `a commit thread without a store ends`() {
        let loop = CommitLoop(limits: CommitLimits())
        loop.start(
            clock: SystemTime(),
            make: { () -> Committer<ModelStore>? in nil },
            failed: { Issue.record("failed: \($0)") },
            close: { _ in Issue.record("there is no store to close") }
        )
        loop.stop()
        #expect(loop.lastRoundAt == nil)
    }

    @Test func `a delivery thread without a transport answers nobody and keeps nobody waiting`() async {
        let loop = DeliveryLoop()
        loop.start(clock: SystemTime(), make: { () -> Deliverer<ScriptedTransport, Seeded>? in nil })
        #expect(await loop.report() == nil)
        await loop.drain(deadline: MonotonicTime(nanoseconds: 0))
    }
}
