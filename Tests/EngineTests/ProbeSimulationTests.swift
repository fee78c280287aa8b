import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// A suspended route is probed with whatever there is, wherever it waits (P9).
struct ProbeSimulationTests {
    private func run(_ simulation: Simulation, until seconds: Int64) {
        while simulation.world.now.monotonic.nanoseconds < seconds * 1_000_000_000 {
            simulation.world.wakeAt = simulation.world.nanoseconds + 100_000_000
            simulation.step()
        }
        simulation.world.wakeAt = .max
    }

    @Test func `a route is probed though its only event came while the memory was half full of others (P9)`() throws {
        var limits = DispatchLimits()
        limits.windowEventsMax = 8
        limits.claimEventsMax = 2
        let simulation = Simulation(seed: 70, limits: limits)
        let world = simulation.world
        world.behaviour = { event, _ in
            switch event.function.name {
            case "slow": .accepted(after: 20_000)
            case "lost": .failed(.connect, sent: false, after: 5)
            default: .accepted(after: 5)
            }
        }
        simulation.step((0..<4).map { _ in simulation.send(to: "slow").item })
        run(simulation, until: 1)
        // It suspends the route, and is gone before the probe.
        simulation.step([simulation.send(to: "lost", expiresIn: .milliseconds(200)).item])
        run(simulation, until: 10)
        try #require(simulation.store.totals.dead == 1)
        try #require(simulation.report().dispatch.routes[0].suspension != nil)
        simulation.step([simulation.send(to: "slow").item])
        #expect(simulation.drain(within: .minutes(1)))
        #expect(world.received.count == 5)
    }

    @Test func `while a probe's event waits out its backoff, the route is probed with another one (P9)`() throws {
        var policy = FunctionPolicy()
        policy.baseDelay = .hours(2)
        policy.maxDelay = .hours(4)
        let simulation = Simulation(seed: 71, policy: policy)
        let world = simulation.world
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < 5_000_000_000 ? .failed(.cut, sent: true, after: 5) : .accepted(after: 5)
        }
        simulation.step((0..<6).map { simulation.send(to: "f\($0)").item })
        run(simulation, until: 5)
        try #require(simulation.report().dispatch.routes[0].suspension != nil)
        run(simulation, until: 40)
        #expect(simulation.report().dispatch.routes[0].suspension == nil)
    }

    @Test func `probes of a long outage leave no debt to a low rate (P9)`() {
        var policy = FunctionPolicy()
        policy.rate = 0.1
        let simulation = Simulation(seed: 72, policy: policy)
        let world = simulation.world
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < 600_000_000_000 ? .failed(.connect, sent: false, after: 5) : .accepted(after: 5)
        }
        simulation.step((0..<4).map { _ in simulation.send(to: "orders").item })
        run(simulation, until: 600)
        // The probe's, and one every ten seconds.
        #expect(simulation.drain(within: .seconds(45)))
        #expect(world.received.count == 4)
    }
}
