import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Events that come in with ids from elsewhere, through the loops.
struct ImportSimulationTests {
    private func elsewhere(_ sequence: Int64, to function: String, from simulation: Simulation) -> ImportedEvent {
        var event = simulation.send(to: function).item.event
        event.deliverAt = nil
        let accepted = simulation.world.now.wall.advanced(by: .hours(-100))
        let id = EventID(acceptedAt: accepted, sequence: sequence, generation: 99, random: 1)
        return ImportedEvent(id: id, event: event, place: .queue)
    }

    // Written and read on the test's one thread, which runs the loops.
    private final class Box: @unchecked Sendable {
        var outcomes: [ImportOutcome] = []
    }

    private func bringIn(_ events: [ImportedEvent], _ simulation: Simulation) -> [ImportOutcome] {
        bringIn(events.map { .event($0) }, simulation)
    }

    private func bringIn(_ records: [ImportedRecord], _ simulation: Simulation) -> [ImportOutcome] {
        let box = Box()
        simulation.step(
            [],
            operations: [
                .operate([.bringIn(records, room: ImportRoom())]) { result in
                    if case .success(let replies) = result, case .broughtIn(let outcomes)? = replies.first {
                        box.outcomes = outcomes
                    }
                }
            ]
        )
        return box.outcomes
    }

    @Test func `imported events arrive once each beside those of producers, which lose no place (P2, P3)`() {
        let simulation = Simulation(seed: 31)
        let world = simulation.world
        simulation.step((0..<20).map { _ in simulation.send(to: "orders").item })
        let old = (1...200).map { elsewhere($0, to: $0 % 2 == 0 ? "orders" : "billing", from: simulation) }
        for start in stride(from: 0, to: 200, by: 50) {
            #expect(bringIn(Array(old[start..<start + 50]), simulation).allSatisfy { $0 == .added })
            simulation.step((0..<10).map { _ in simulation.send(to: "orders").item })
        }
        #expect(bringIn(old, simulation).allSatisfy { if case .here = $0 { true } else { false } })
        #expect(simulation.drain(within: .minutes(10)))
        #expect(world.received.count == 260)
        #expect(world.received.values.allSatisfy { $0 == 1 })
        #expect(old.allSatisfy { world.received[$0.id] == 1 })
        #expect(bringIn(old, simulation).allSatisfy { $0 == .here(.handedOver) })
    }

    @Test func `imported events wait for a start of the daemon, and are found by it (P2)`() {
        let store = ModelStore()
        let before = Simulation(seed: 32, store: store)
        before.step(
            [],
            operations: [
                .operate([.pause(PauseRule(pattern: GlobPattern("*"), since: before.world.now.wall))]) { _ in }
            ]
        )
        let old = (1...30).map { elsewhere($0, to: "orders", from: before) }
        #expect(bringIn(old, before).allSatisfy { $0 == .added })
        let simulation = Simulation(seed: 33, store: store, wall: before.world.now.wall)
        simulation.step([], operations: [.operate([.resume(GlobPattern("*"))]) { _ in }])
        #expect(simulation.drain(within: .minutes(10)))
        #expect(Set(simulation.world.received.keys) == Set(old.map(\.id)))
    }

    @Test func `an import is held to the budgets and says so, and goes on where it stopped (P7)`() {
        var budgets = QueueBudgets()
        budgets.eventsMax = 5
        let simulation = Simulation(seed: 34, budgets: budgets)
        simulation.step(
            [],
            operations: [
                .operate([.pause(PauseRule(pattern: GlobPattern("*"), since: simulation.world.now.wall))]) { _ in }
            ]
        )
        // Half of the queue is one function's share.
        let old = (1...8).map { elsewhere($0, to: "f\($0)", from: simulation) }
        let outcomes = bringIn(old, simulation)
        #expect(outcomes.prefix(5).allSatisfy { $0 == .added })
        #expect(outcomes.dropFirst(5).allSatisfy { $0 == .noRoom("the queue holds queue.max_events events") })
        simulation.step([], operations: [.operate([.resume(GlobPattern("*"))]) { _ in }])
        #expect(simulation.drain(within: .minutes(10)))
        #expect(bringIn(old, simulation).suffix(3).allSatisfy { $0 == .added })
        #expect(simulation.drain(within: .minutes(10)))
        #expect(simulation.world.received.count == 8)
    }

    @Test func `keys come in as far as queue.max_keys allows (P7)`() {
        var budgets = QueueBudgets()
        budgets.keysMax = 3
        let simulation = Simulation(seed: 36, budgets: budgets)
        let keys = (1...5).map { number in
            ImportedRecord.key(
                ImportedKey(
                    digest: Digest128(high: UInt64(number), low: 0),
                    content: Digest128(high: 1, low: 1),
                    event: EventID(acceptedAt: simulation.world.now.wall, sequence: 9, generation: 99, random: 1),
                    rememberedUntil: simulation.world.now.wall.advanced(by: .hours(1))
                )
            )
        }
        let outcomes = bringIn(keys, simulation)
        #expect(
            outcomes == Array(repeating: .added, count: 3) + Array(repeating: .noRoom(Admission.keysReason), count: 2)
        )
    }

    @Test func `nothing comes in while the disk is below its floor (P7)`() {
        let simulation = Simulation(seed: 35)
        simulation.world.freeDisk = 1 << 20
        simulation.step()
        guard case .noRoom? = bringIn([elsewhere(1, to: "orders", from: simulation)], simulation).first else {
            Issue.record("it came in")
            return
        }
        #expect(simulation.store.totals.queued == 0)
    }
}
