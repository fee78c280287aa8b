import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// `rate`, `drain_rate` and whose turn it is, in the simulation.
struct DrainTests {
    private func outage(until seconds: Int64, _ world: World) {
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < seconds * 1_000_000_000
                ? .failed(.connect, sent: false, after: 1) : .accepted(after: 5)
        }
    }

    private func fill(_ simulation: Simulation, _ function: String, _ count: Int) {
        simulation.step((0..<count).map { _ in simulation.send(to: function).item })
    }

    @Test func `a backlog goes out evenly at the drain rate, and fresh events pass it`() {
        var policy = FunctionPolicy()
        policy.drainRate = 100
        let simulation = Simulation(seed: 21, policy: policy)
        let world = simulation.world
        outage(until: 120, world)
        fill(simulation, "orders", 3000)
        while world.received.isEmpty { simulation.step() }
        let start = world.now.monotonic
        var slots: [Int64: Int] = [:]
        var before = world.received.count
        var slowest = Span.zero
        while simulation.store.totals.queued > 0, world.now.monotonic.since(start) < .minutes(2) {
            let isTime = world.now.monotonic.since(start) > .seconds(Int64(slowest == .zero ? 5 : 1000))
            if isTime {
                let sent = simulation.send(to: "orders")
                let from = world.now.monotonic
                simulation.step([sent.item])
                guard case .accepted(let id)? = simulation.producer.answers[sent.ticket] else { break }
                while world.received[id] == nil, world.now.monotonic.since(from) < .seconds(20) { simulation.step() }
                slowest = world.now.monotonic.since(from)
                #expect(
                    slowest < .milliseconds(200),
                    "a fresh event waited \(slowest.milliseconds) ms behind a backlog"
                )
            }
            simulation.step()
            slots[world.now.monotonic.since(start).milliseconds / 100, default: 0] += world.received.count - before
            before = world.received.count
        }
        let took = Double(world.now.monotonic.since(start).milliseconds) / 1000
        #expect(simulation.store.totals.queued == 0)
        #expect((27...33).contains(took), "3,000 events at 100/s took \(took) s")
        #expect((slots.values.max() ?? 0) <= 30, "a slot of 100 ms held \(slots.values.max() ?? 0)")
    }

    @Test func `without a drain rate a backlog goes out as fast as its limit in flight lets it`() {
        var policy = FunctionPolicy()
        policy.drainRate = nil
        let simulation = Simulation(seed: 22, policy: policy)
        outage(until: 120, simulation.world)
        fill(simulation, "orders", 3000)
        while simulation.world.received.isEmpty { simulation.step() }
        #expect(simulation.drain(within: .seconds(4)))
    }

    @Test func `rate limits fresh events too`() {
        var policy = FunctionPolicy()
        policy.rate = 50
        let simulation = Simulation(seed: 23, policy: policy)
        // Not the end of the draining: with nothing left to do the loop sleeps for a second before that is seen.
        var last = simulation.world.now.monotonic
        let start = last
        simulation.world.behaviour = { _, now in
            last = now.monotonic
            return .accepted(after: 5)
        }
        fill(simulation, "orders", 500)
        #expect(simulation.drain(within: .seconds(20)))
        let took = last.since(start)
        #expect(took > .milliseconds(9700) && took < .milliseconds(10_300), "took \(took.milliseconds) ms")
    }

    @Test func `rate limits a function whose queue is empty between its events, and forgets it afterwards`() {
        var policy = FunctionPolicy()
        policy.rate = 2
        let simulation = Simulation(seed: 25, policy: policy)
        let world = simulation.world
        for second in 0..<10 {
            while world.now.monotonic.nanoseconds < Int64(second) * 1_000_000_000 { simulation.step() }
            for _ in 0..<3 {
                simulation.step([simulation.send(to: "orders").item])
                while simulation.store.totals.queued > 0, world.attempts < 2 * (second + 1) { simulation.step() }
            }
        }
        #expect(world.attempts <= 2 * 10 + 1, "\(world.attempts) attempts in ten seconds")
        #expect(simulation.drain(within: .seconds(30)))
        while world.now.monotonic.nanoseconds < 120 * 1_000_000_000 { simulation.step() }
        #expect(simulation.report().dispatch.functions.isEmpty)
    }

    @Test func `a route at a tenth of an attempt a second costs no turn in between`() {
        let simulation = Simulation(seed: 24)
        let world = simulation.world
        world.behaviour = { _, _ in
            .answered(
                Answer(
                    status: 429,
                    code: "TooManyRequestsException",
                    requestID: "r",
                    reason: "CallerRateLimitExceeded"
                ),
                after: 5
            )
        }
        simulation.step((0..<200).map { simulation.send(to: "f\($0)").item })
        var steps = 0
        while world.now.monotonic.nanoseconds < 600 * 1_000_000_000 {
            simulation.step()
            steps += 1
        }
        // One look a second is the loop's own (`DispatchLimits.wakeMax`).
        #expect(steps < 1500, "\(steps) rounds in ten minutes")
        #expect(world.attempts < 600)
        world.behaviour = { _, _ in .accepted(after: 5) }
        #expect(simulation.drain(within: .minutes(3)))
    }
}
