import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Events that were refused, and taken out of the queue before they were judged.
struct TrialSimulationTests {
    @Test func `a letter redriven that was moved while on trial is judged by its new attempts (P2, P8)`() throws {
        let simulation = Simulation(seed: 60)
        let world = simulation.world
        let refusal = Answer(status: 400, code: "InvalidParameterValueException", requestID: "r")
        world.behaviour = { _, _ in .answered(refusal, after: 5) }
        simulation.step([simulation.send(to: "orders").item])
        while simulation.store.commits < 2 { simulation.step() }
        try #require(world.attempts == 1 && simulation.store.totals.queued == 1)

        let all = GlobPattern("*")
        simulation.step([], operations: [.operate([.pause(PauseRule(pattern: all, since: world.now.wall))]) { _ in }])
        world.toDelivery.append(.withdraw([1]) { _ in })
        simulation.step([], operations: [.operate([.bury(sequence: 1, .moved, reason: "moved")]) { _ in }])
        world.toDelivery.append(.returned(gone: [1], kept: []))
        simulation.step([], operations: [.operate([.redrive(.all, limit: 1)]) { _ in }])
        world.behaviour = { _, _ in .accepted(after: 5) }
        world.advance(.seconds(10))
        simulation.step([], operations: [.operate([.resume(all)]) { _ in }])
        #expect(simulation.drain(within: .minutes(1)))
        #expect(world.received.count == 1)
        #expect(simulation.store.totals.dead == 0)
    }
}
