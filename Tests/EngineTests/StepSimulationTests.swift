import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// What waits for a time while the wall clock steps: retries don't wait for the clock, promised times do (P9).
struct StepSimulationTests {
    private static let failing = SimulatedAnswer.answered(SimulationTests.failing, after: 5)

    @Test(arguments: [Int64(-60), -3600, -31_536_000, -1_000_000_000, 31_536_000])
    func `a retry comes within max_delay, whatever the wall clock does meanwhile (P9)`(step: Int64) {
        var policy = FunctionPolicy()
        policy.baseDelay = .seconds(20)
        policy.maxDelay = .seconds(20)
        let simulation = Simulation(seed: 70, policy: policy)
        let world = simulation.world
        world.behaviour = { _, _ in world.attempts <= 3 ? Self.failing : .accepted(after: 5) }
        simulation.step((0..<3).map { _ in simulation.send(to: "orders").item })
        while world.attempts < 3 { simulation.step() }
        for _ in 0..<5 { simulation.step() }
        world.wallOffset += step * 1000
        #expect(simulation.drain(within: .seconds(25)))
        #expect(world.received.count == 3)
    }

    @Test func `retries that an earlier process put off under a clock ahead come soon after a start (P9)`() {
        let before = Simulation(seed: 71)
        before.world.wallOffset += 31_536_000_000
        before.world.behaviour = { _, _ in Self.failing }
        before.step((0..<40).map { before.send(to: "f\($0 % 20)").item })
        while before.world.attempts < 40 { before.step() }
        for _ in 0..<5 { before.step() }
        let after = Simulation(seed: 72, store: before.store)
        #expect(after.drain(within: .minutes(1)))
        #expect(after.world.received.count == 40)
    }

    @Test func `an attempted event with a longer backoff keeps it over a start`() {
        var policy = FunctionPolicy()
        policy.baseDelay = .minutes(10)
        policy.maxDelay = .minutes(10)
        let before = Simulation(seed: 73, policy: policy)
        before.world.behaviour = { _, _ in Self.failing }
        before.step((0..<20).map { before.send(to: "f\($0)").item })
        while before.world.attempts < 20 { before.step() }
        for _ in 0..<5 { before.step() }
        let after = Simulation(seed: 74, store: before.store, policy: policy)
        while after.world.now.monotonic.nanoseconds < 5_000_000_000 { after.step() }
        #expect(after.world.attempts < 5)
        #expect(after.drain(within: .minutes(10)))
    }

    @Test(arguments: [Int64(-3600), 0, 20, 3600])
    func `a delayed event goes out when the wall clock says so, neither before nor later`(step: Int64) {
        let simulation = Simulation(seed: 75)
        let world = simulation.world
        let promised = world.now.wall.advanced(by: .minutes(1))
        simulation.step([simulation.send(to: "orders", delay: .minutes(1)).item])
        world.wallOffset += step * 1000
        var sentAt: WallTime?
        world.behaviour = { _, now in
            sentAt = now.wall
            return .accepted(after: 5)
        }
        let stepped = world.now.wall
        #expect(simulation.drain(within: .hours(2)))
        let due = max(promised, stepped)
        #expect(sentAt! >= due)
        #expect(sentAt! <= due.advanced(by: .seconds(2)))
    }

    @Test func `delayed events that had come due while paused are not lost when the clock steps back (P2, P9)`() {
        let simulation = Simulation(seed: 76)
        let world = simulation.world
        let pattern = GlobPattern("*")
        simulation.step(
            [],
            operations: [.operate([.pause(PauseRule(pattern: pattern, since: world.now.wall))]) { _ in }]
        )
        simulation.step((0..<30).map { _ in simulation.send(to: "orders", delay: .minutes(1)).item })
        while world.now.monotonic.nanoseconds < 90 * 1_000_000_000 { simulation.step() }
        world.wallOffset -= 3_600_000
        simulation.step([], operations: [.operate([.resume(pattern)]) { _ in }])
        for _ in 0..<20 { simulation.step() }
        #expect(world.attempts == 0)
        #expect(simulation.drain(within: .hours(1)))
        #expect(world.received.count == 30)
    }
}
