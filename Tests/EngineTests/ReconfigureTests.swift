import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// A new configuration takes hold while the loops run, and nothing is lost over it (P2).
struct ReconfigureTests {
    private static func settings(_ policy: FunctionPolicy, eventsMax: Int = 10_000_000) -> CommitMessage {
        var budgets = QueueBudgets()
        budgets.eventsMax = eventsMax
        return .reconfigure(
            CommitSettings(
                budgets: budgets,
                history: (.hours(24), 1_000_000),
                roomWait: .zero,
                policies: PolicyTable(defaults: policy)
            )
        )
    }

    @Test func `a function without trouble gets its new limit in flight at once`() {
        var policy = FunctionPolicy()
        policy.maxInFlight = 2
        let simulation = Simulation(seed: 1, policy: policy)
        simulation.world.behaviour = { _, _ in .accepted(after: 1000) }
        simulation.step((0..<40).map { _ in simulation.send(to: "f").item })
        for _ in 0..<6 { simulation.step() }
        #expect(simulation.world.maxInFlight == 2)

        policy.maxInFlight = 9
        simulation.world.toDelivery.append(.reconfigure(FlatDirectory(policy: policy)))
        for _ in 0..<6 { simulation.step() }

        #expect(simulation.world.maxInFlight == 9)
        #expect(simulation.drain(within: .minutes(5)))
    }

    @Test func `a smaller limit holds for what is started from now on`() {
        var policy = FunctionPolicy()
        policy.maxInFlight = 9
        let simulation = Simulation(seed: 1, policy: policy)
        simulation.world.behaviour = { _, _ in .accepted(after: 1000) }
        simulation.step((0..<200).map { _ in simulation.send(to: "f").item })
        for _ in 0..<4 { simulation.step() }

        policy.maxInFlight = 3
        simulation.world.toDelivery.append(.reconfigure(FlatDirectory(policy: policy)))
        while simulation.report().dispatch.inFlight > 3 { simulation.step() }
        simulation.world.maxInFlight = 0

        #expect(simulation.drain(within: .minutes(5)))
        #expect(simulation.world.maxInFlight == 3)
    }

    @Test func `fewer attempts bury what has had them, at its next failure`() {
        let simulation = Simulation(seed: 1)
        simulation.world.behaviour = { _, _ in .answered(SimulationTests.failing, after: 5) }
        simulation.step([simulation.send(to: "f").item])
        while simulation.world.attempts < 2 { simulation.step() }
        #expect(simulation.store.totals.dead == 0)

        var policy = FunctionPolicy()
        policy.maxAttempts = 3
        simulation.world.toDelivery.append(.reconfigure(FlatDirectory(policy: policy)))

        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 1)
        #expect(simulation.world.attempts == 3)
    }

    @Test func `a smaller budget refuses what comes, and keeps what is there (P2, P7)`() {
        let simulation = Simulation(seed: 1)
        simulation.world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
        simulation.step((0..<10).map { _ in simulation.send(to: "f").item })
        #expect(simulation.store.totals.queued == 10)

        let (ticket, item) = simulation.send(to: "f")
        simulation.step([item], operations: [Self.settings(FunctionPolicy(), eventsMax: 5)])
        for _ in 0..<3 { simulation.step() }

        guard case .overBudget? = simulation.producer.answers[ticket] else {
            Issue.record("taken past the new budget: \(String(describing: simulation.producer.answers[ticket]))")
            return
        }
        #expect(simulation.store.totals.queued == 10)
        simulation.world.behaviour = { _, _ in .accepted(after: 5) }
        #expect(simulation.drain(within: .minutes(20)))
        #expect(simulation.world.received.count == 10)
    }
}
