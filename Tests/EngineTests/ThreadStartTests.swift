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

    @Test func `a read thread tells whoever asked what went wrong, and goes on`() async throws {
        let loop = ReadLoop<ModelStore>()
        loop.start(
            clock: SystemTime(),
            damaged: { error in #expect("\(error)".contains("test")) },
            open: { ModelStore() }
        )
        await #expect(throws: StoreError.damaged("test")) {
            try await loop.ask { (_) throws(StoreError) in throw .damaged("test") }
        }
        let groups = try await loop.ask { (reader) throws(StoreError) in try reader.deadLetterGroups() }
        #expect(groups.isEmpty)
        loop.stop()
    }

    @Test func `a delivery thread ends when it is told to, with nothing in flight`() async throws {
        let folder = try TemporaryDirectory()
        let loop = DeliveryLoop()
        loop.start(
            clock: SystemTime(),
            make: { () -> Deliverer<ScriptedTransport, Seeded>? in
                guard let flight = try? FlightFile.create(at: folder.file("flight"), bootID: "boot", count: 1) else {
                    return nil
                }
                return Deliverer(
                    network: ScriptedTransport(world: World()),
                    dispatcher: Dispatcher(
                        limits: DispatchLimits(),
                        directory: FlatDirectory(),
                        lastSequence: 0,
                        nextDue: nil
                    ),
                    random: Seeded(state: 1),
                    routes: [],
                    flight: flight,
                    clockTrust: ClockTrust { true },
                    post: { _ in },
                    log: { _ in }
                )
            }
        )
        #expect(await loop.report() != nil)
        await loop.drain(deadline: MonotonicTime(nanoseconds: .max))
        #expect(await loop.report() == nil)
    }

    @Test func `a drain waits for what is in flight, until its deadline`() {
        let simulation = Simulation(seed: 1)
        simulation.world.behaviour = { _, _ in .accepted(after: 60_000) }
        simulation.step([simulation.send(to: "orders").item])
        for _ in 0..<20 where simulation.world.attempts == 0 { simulation.step() }
        final class Box { var isDrained = false }
        // Called back within a step, on this thread.
        nonisolated(unsafe) let box = Box()
        let deadline = simulation.world.now.monotonic.advanced(by: .seconds(2))
        simulation.world.toDelivery.append(.drain(deadline: deadline) { box.isDrained = true })
        simulation.step()
        #expect(!box.isDrained && simulation.world.attempts == 1)
        while simulation.world.now.monotonic < deadline { simulation.step() }
        simulation.step()
        #expect(box.isDrained)
    }
}
