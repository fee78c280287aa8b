import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Age, and a wall clock that jumps, on the virtual clock: nothing dies of either alone (P2, P5, P9).
struct AgeSimulationTests {
    @Test func `an event that failed while its route went down is not given up before the route is back`() {
        var policy = FunctionPolicy()
        policy.maxAge = .minutes(10)
        let simulation = Simulation(seed: 60, policy: policy)
        let world = simulation.world
        let slow = simulation.send(to: "slow").item
        // Its attempt takes so long that the route is down when it fails.
        world.behaviour = { event, now in
            if event.payload == slow.event.payload, world.attempts == 1 {
                return .answered(SimulationTests.failing, after: 700_000)
            }
            return now.monotonic.nanoseconds < 900 * 1_000_000_000
                ? .failed(.connect, sent: false, after: 1) : .accepted(after: 5)
        }
        simulation.step([slow])
        simulation.step([simulation.send(to: "other").item])
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 0)
        #expect(world.received.count == 2)
    }

    @Test(arguments: [Int64(-3600), 31_536_000, -1_000_000_000], [true, false])
    func `a jump of the wall clock under way kills nothing, and fresh events go on (P2, P9)`(
        step: Int64,
        isSynchronised: Bool
    ) {
        let simulation = Simulation(seed: 61)
        let world = simulation.world
        var items: [IntakeItem] = []
        for index in 0..<30 { items.append(simulation.send(to: "f\(index % 3)", expiresIn: .days(2)).item) }
        simulation.step(items)
        #expect(simulation.drain(within: .minutes(1)))
        world.isSynchronised = isSynchronised
        world.behaviour = { event, now in
            now.monotonic.nanoseconds < 300 * 1_000_000_000 && event.function.name == "f0"
                ? .answered(SimulationTests.failing, after: 5) : .accepted(after: 5)
        }
        items = []
        for index in 0..<30 { items.append(simulation.send(to: "f\(index % 3)", expiresIn: .days(2)).item) }
        world.wallOffset += step * 1000
        world.serverAhead = -step * 1000
        simulation.step(items)
        let drained = simulation.drain(within: .hours(1))
        #expect(drained)
        #expect(simulation.store.totals.dead == 0)
        #expect(world.received.count == 60)
    }
}
