import Engine
import Foundation
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Functions that disturb no other, and an outage that ends at a pace that hurts nobody.
struct NeighbourTests {
    @Test(arguments: [4, 12])
    func `a busy function gets slots enough beside slow ones that would take them all (P6)`(slow: Int) {
        let simulation = Simulation(seed: 41)
        let world = simulation.world
        // Quick at first, so that their limits have grown.
        world.behaviour = { event, now in
            guard event.function.name != "quick" else { return .accepted(after: 50) }
            return .accepted(after: now.monotonic.nanoseconds < 10_000_000_000 ? 50 : 20_000)
        }
        var sent: [EventID: MonotonicTime] = [:]
        var tickets: [UInt64: MonotonicTime] = [:]
        var slowest = Span.zero
        var count = 0
        while world.now.monotonic < MonotonicTime(nanoseconds: 60_000_000_000) {
            var items: [IntakeItem] = []
            if simulation.store.totals.queued < 2000 {
                items = (0..<500).map { simulation.send(to: "slow\($0 % slow)").item }
            }
            // 100 a second, once the others hold what they can get.
            while world.now.monotonic > MonotonicTime(nanoseconds: 20_000_000_000 + Int64(count) * 10_000_000) {
                let (ticket, item) = simulation.send(to: "quick")
                tickets[ticket] = world.now.monotonic
                items.append(item)
                count += 1
            }
            world.wakeAt = world.nanoseconds + 5_000_000
            simulation.step(items)
            for (ticket, at) in tickets {
                guard case .accepted(let id)? = simulation.producer.answers[ticket] else { continue }
                tickets[ticket] = nil
                sent[id] = at
            }
            for (id, at) in sent where world.received[id] != nil {
                slowest = max(slowest, world.now.monotonic.since(at))
                sent[id] = nil
            }
        }
        #expect(count > 3500)
        #expect(sent.count < 20, "\(sent.count) events of the quick function wait")
        #expect(slowest < .milliseconds(150), "one waited \(slowest.milliseconds) ms for its slot")
    }

    @Test func `six hours of outage charge nothing, and the backlog goes out evenly in the time computed (P5, P9)`() {
        let count = Self.waiting
        let policy = FunctionPolicy()
        let simulation = Simulation(seed: 42, policy: policy)
        let world = simulation.world
        let end = Span.hours(6)
        world.behaviour = { _, now in
            now.monotonic < MonotonicTime(nanoseconds: 0).advanced(by: end)
                ? .failed(.connect, sent: false, after: 1) : .accepted(after: 20)
        }
        for start in stride(from: 0, to: count, by: 1000) {
            simulation.step((start..<min(start + 1000, count)).map { _ in simulation.send(to: "orders").item })
        }
        while world.received.isEmpty { simulation.step() }
        let first = world.now.monotonic
        #expect(first.since(MonotonicTime(nanoseconds: 0)) < Span(milliseconds: end.milliseconds + 3000))
        var slots: [Int64: Int] = [:]
        var seen = world.received.count
        while simulation.store.totals.queued > 0, world.now.monotonic.since(first) < .hours(2) {
            simulation.step()
            slots[world.now.monotonic.since(first).milliseconds / 100, default: 0] += world.received.count - seen
            seen = world.received.count
        }
        let took = Double(world.now.monotonic.since(first).milliseconds) / 1000
        let computed = Double(count) / policy.drainRate!
        #expect(simulation.store.totals.queued == 0 && simulation.store.totals.dead == 0)
        #expect(world.received.count == count && world.received.values.allSatisfy { $0 == 1 })
        #expect((0.95 * computed...1.1 * computed + 2).contains(took), "\(took) s instead of \(computed) s")
        let mean = Double(count) / took / 10
        #expect(Double(slots.values.max() ?? 0) <= 3 * mean, "\(slots.values.max() ?? 0) in 100 ms, mean \(mean)")
        #expect(
            slots[0, default: 0] <= Int(1.5 * mean),
            "it begins slowly: \(slots[0, default: 0]) in the first 100 ms"
        )
        #expect(world.maxInFlight <= policy.maxInFlight)
    }

    /// `OUTBOX_OUTAGE_EVENTS=1000000 swift test -c release --filter NeighbourTests` for the whole of it.
    private static var waiting: Int {
        ProcessInfo.processInfo.environment["OUTBOX_OUTAGE_EVENTS"].flatMap(Int.init) ?? 20_000
    }
}
