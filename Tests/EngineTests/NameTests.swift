import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Names of functions and producers: bounded, and forgotten when nothing needs them.
struct NameTests {
    private func limits(functions: Int, producers: Int = 100) -> CommitLimits {
        var limits = CommitLimits()
        limits.functionsMax = functions
        limits.producersMax = producers
        return limits
    }

    private func refusal(_ answer: AcceptAnswer?) -> String? {
        if case .overBudget(let reason, _)? = answer { reason } else { nil }
    }

    @Test func `past so many functions new names get 429 at once, known ones are still taken (P6, P7)`() {
        let simulation = Simulation(seed: 1, commitLimits: limits(functions: 50))
        simulation.world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
        let sent = (0..<80).map { simulation.send(to: "f\($0)") }
        simulation.step(sent.map(\.item))
        let refused = sent.compactMap { refusal(simulation.producer.answers[$0.ticket]) }
        #expect(refused.count == 30)
        #expect(refused.allSatisfy { $0.contains("50 functions") })
        #expect(simulation.store.names.functions == 50)
        let (known, item) = simulation.send(to: "f7")
        let (new, other) = simulation.send(to: "f60")
        simulation.step([item, other])
        if case .accepted? = simulation.producer.answers[known] {} else { Issue.record("a known function was refused") }
        #expect(refusal(simulation.producer.answers[new]) != nil)
    }

    @Test func `a name that was never accepted gets no metrics of its own`() {
        final class Box { var report: CommitReport? }
        let simulation = Simulation(seed: 1, commitLimits: limits(functions: 5))
        simulation.world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
        simulation.step((0..<9).map { simulation.send(to: "f\($0)").item })
        // Called back within the step, on this thread.
        nonisolated(unsafe) let box = Box()
        simulation.step([simulation.send(to: "f1").item], operations: [.report { box.report = $0 }])
        let accepts = box.report?.measures.accepts
        #expect(accepts?.rows.map(\.function.name).sorted() == (0..<5).map { "f\($0)" })
        #expect(accepts?.rows.reduce(0) { $0 + $1.counts[AcceptKind.accepted.rawValue] } == 6)
        #expect(accepts?.others[AcceptKind.refused.rawValue] == 4)
    }

    @Test func `past so many producers new ones get 429 at once (P7)`() {
        let simulation = Simulation(seed: 2, commitLimits: limits(functions: 50, producers: 3))
        let sent = (0..<5).map { number in
            var one = simulation.send(to: "orders")
            one.item.event.producer = "uid:\(number)"
            return one
        }
        simulation.step(sent.map(\.item))
        #expect(sent.compactMap { refusal(simulation.producer.answers[$0.ticket]) }.count == 2)
        #expect(simulation.store.names.producers == 3)
    }

    @Test func `functions are forgotten once their hand-overs are, and make room for new names`() {
        let simulation = Simulation(seed: 3, commitLimits: limits(functions: 50))
        simulation.step((0..<50).map { simulation.send(to: "f\($0)").item })
        #expect(simulation.drain(within: .minutes(1)))
        let tomorrow = simulation.world.now.monotonic.advanced(by: .hours(25))
        while simulation.world.now.monotonic < tomorrow {
            simulation.world.advance(.minutes(1))
            simulation.step()
        }
        #expect(simulation.store.names.functions == 1)
        let (ticket, item) = simulation.send(to: "new")
        simulation.step([item])
        if case .accepted? = simulation.producer.answers[ticket] {} else { Issue.record("no 202") }
    }

    @Test func `a suspension is forgotten a day after its trouble, when nothing of the function is queued`() {
        let simulation = withSuspension()
        pass(.hours(23), in: simulation)
        #expect(suspended(simulation) == 1)
        pass(.hours(2), in: simulation)
        #expect(suspended(simulation) == 0)
        #expect(simulation.store.totals.dead == 1)
    }

    @Test func `a clock that jumps ahead makes no trouble a day old: the suspension stays (P5)`() {
        let simulation = withSuspension()
        simulation.world.wallOffset += 31_536_000_000
        pass(.hours(23), in: simulation)
        #expect(suspended(simulation) == 1)
        pass(.hours(2), in: simulation)
        #expect(suspended(simulation) == 0)
    }

    private func withSuspension() -> Simulation {
        var policy = FunctionPolicy()
        policy.maxAttempts = 1
        let simulation = Simulation(seed: 4, policy: policy)
        simulation.world.behaviour = { event, _ in
            event.function.name == "gone" ? .answered(SimulationTests.missing, after: 5) : .accepted(after: 5)
        }
        simulation.step([simulation.send(to: "gone").item, simulation.send(to: "last").item])
        #expect(simulation.drain(within: .minutes(10)))
        #expect(suspended(simulation) == 1)
        return simulation
    }

    private func suspended(_ simulation: Simulation) -> Int {
        simulation.report().dispatch.functions.count { $0.suspension != nil }
    }

    private func pass(_ span: Span, in simulation: Simulation) {
        let end = simulation.world.now.monotonic.advanced(by: span)
        while simulation.world.now.monotonic < end {
            simulation.world.advance(.minutes(1))
            simulation.step()
        }
    }
}
