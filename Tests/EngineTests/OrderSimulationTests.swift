import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Operators who pause, resume, cancel, redrive and hurry events while functions fail and attempts are cut: every accepted
/// event ends as handed over, dead letter or cancelled, and what was told to be cancelled is never sent again (P2).
struct OrderSimulationTests {
    @Test(arguments: SimulationTests.seeds)
    func `whatever operators order, no event is lost and none is sent after it was cancelled (P2)`(seed: Int) {
        var random = Seeded(state: UInt64(seed) &* 104_729 &+ 3)
        var limits = DispatchLimits()
        limits.inFlightMax = Int.random(in: 2...12, using: &random)
        limits.windowEventsMax = Int.random(in: 12...40, using: &random)
        limits.functionEventsMax = Int.random(in: 3...12, using: &random)
        limits.claimEventsMax = Int.random(in: 2...8, using: &random)
        limits.claimScannedMax = Int.random(in: 4...30, using: &random)
        var policy = FunctionPolicy()
        policy.maxAttempts = Int.random(in: 1...4, using: &random)
        policy.maxDelay = .seconds(Int64.random(in: 1...60, using: &random))
        let simulation = Simulation(seed: UInt64(seed), policy: policy, limits: limits)
        let world = simulation.world
        let trouble = Trouble(&random)
        let operators = Operators(simulation)
        world.behaviour = { event, now in
            operators.started(event)
            return trouble.answer(event, now)
        }

        var tickets: [UInt64] = []
        for _ in 0..<Int.random(in: 30...90, using: &random) {
            var items: [IntakeItem] = []
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let isLater = Int.random(in: 0..<5, using: &random) == 0
                let delay: Span? = isLater ? .seconds(Int64.random(in: 1...60, using: &random)) : nil
                let function = "f\(Int.random(in: 0..<trouble.functions, using: &random))"
                let (ticket, item) = simulation.send(to: function, delay: delay)
                tickets.append(ticket)
                items.append(item)
            }
            simulation.step(items, operations: operators.order(&random))
        }
        while world.now.monotonic.nanoseconds < trouble.endsAt {
            simulation.step([], operations: operators.order(&random))
        }
        for _ in 0..<100 where operators.pending > 0 { simulation.step([], operations: operators.takeOut()) }
        // The last word: everything may go out.
        simulation.step([], operations: [operators.resume(GlobPattern("*"))])

        #expect(simulation.drain(within: .hours(2)), "seed \(seed): \(simulation.report().dispatch)")
        #expect(operators.sentAfterwards == [], "seed \(seed): sent after the answer that they are cancelled")
        #expect(operators.sentWhilePaused == [], "seed \(seed): started while everything was paused")
        #expect(operators.pending == 0, "seed \(seed): orders without an answer")
        var reader = simulation.store
        for ticket in tickets {
            guard case .accepted(let id)? = simulation.producer.answers[ticket] else {
                Issue.record("seed \(seed): no 202 for a request that fits")
                continue
            }
            let state = try? reader.event(id)?.state
            switch state {
            case .handedOver: #expect(world.received[id, default: 0] >= 1, "seed \(seed): \(id)")
            case .cancelled: #expect(operators.cancelled.contains(id), "seed \(seed): \(id) was never cancelled")
            case .deadLetter: break
            default: Issue.record("seed \(seed): \(id) is \(String(describing: state))")
            }
            if trouble.cut[id] == nil, state != .cancelled {
                #expect(world.received[id, default: 0] <= 1, "seed \(seed): \(id) arrived twice without a cut")
            }
        }
        #expect(operators.cancelled.allSatisfy { (try? reader.event($0)?.state) == .cancelled }, "seed \(seed)")
    }

    @Test func `nothing of a paused function is started, and what waits is neither read nor charged (P5)`() {
        let simulation = Simulation(seed: 7)
        let world = simulation.world
        let items = (0..<300).map { _ in simulation.send(to: "orders").item }
        let pause = PauseRule(pattern: GlobPattern("ord*"), since: world.now.wall)
        simulation.step([], operations: [.operate([.pause(pause)]) { _ in }])
        simulation.step(items + [simulation.send(to: "billing").item])
        for _ in 0..<100 { simulation.step() }
        #expect(world.attempts == 1)
        #expect(simulation.report().dispatch.windowEvents == 0)

        world.advance(.hours(100))
        simulation.step([], operations: [.operate([.resume(GlobPattern("orders"))]) { _ in }])
        for _ in 0..<20 { simulation.step() }
        #expect(world.attempts == 1, "the pause of the wider pattern stays")
        simulation.step([], operations: [.operate([.resume(GlobPattern("ord*"))]) { _ in }])
        #expect(simulation.drain(within: .minutes(5)))
        #expect(world.received.count == 301)
        #expect(simulation.store.totals.dead == 0)
    }

    @Test func `a pause holds after a restart, for functions that were never seen, too`() throws {
        var store = ModelStore()
        let before = Simulation(seed: 8, store: store)
        _ = try store.commit(
            [.pause(PauseRule(pattern: GlobPattern("*"), since: before.world.now.wall))],
            now: before.world.now.wall
        )
        let simulation = Simulation(seed: 9, store: store)
        simulation.step([simulation.send(to: "orders").item])
        for _ in 0..<50 { simulation.step() }
        #expect(simulation.world.attempts == 0)
        simulation.step([], operations: [.operate([.resume(GlobPattern("*"))]) { _ in }])
        #expect(simulation.drain(within: .minutes(1)))
    }

    @Test func `a resumed function that is suspended is probed within 10 s`() {
        let simulation = Simulation(seed: 10)
        let world = simulation.world
        world.behaviour = { _, _ in .answered(SimulationTests.missing, after: 5) }
        simulation.step([simulation.send(to: "orders").item])
        let longAgo = world.now.monotonic.advanced(by: .hours(2))
        while world.now.monotonic < longAgo { simulation.step() }
        let pause = PauseRule(pattern: GlobPattern("orders"), since: world.now.wall)
        simulation.step([], operations: [.operate([.pause(pause)]) { _ in }])
        let paused = world.attempts
        let later = world.now.monotonic.advanced(by: .hours(2))
        while world.now.monotonic < later { simulation.step() }
        #expect(world.attempts == paused, "a paused function isn't probed")
        world.behaviour = { _, _ in .accepted(after: 5) }
        simulation.step([], operations: [.operate([.resume(GlobPattern("orders"))]) { _ in }])
        #expect(simulation.drain(within: .seconds(11)))
    }

    @Test func `an event that is forced is the next probe, at once`() throws {
        let simulation = Simulation(seed: 11)
        let world = simulation.world
        world.behaviour = { _, _ in .answered(SimulationTests.missing, after: 5) }
        let sent = (0..<30).map { _ in simulation.send(to: "orders") }
        simulation.step(sent.map(\.item))
        let end = world.now.monotonic.advanced(by: .hours(1))
        while world.now.monotonic < end { simulation.step() }
        guard case .accepted(let id)? = simulation.producer.answers[sent[29].ticket] else {
            throw StoreError.failed("no answer")
        }
        let first = Box<EventID?>(nil)
        let before = world.now.monotonic
        world.behaviour = { event, _ in
            first.value = first.value ?? event.id
            return .accepted(after: 5)
        }
        simulation.step([], operations: [.operate([.sendNow([id], force: true)]) { _ in }])
        while first.value == nil { simulation.step() }
        #expect(first.value == id)
        #expect(world.now.monotonic.since(before) < .seconds(1))
    }
}

private final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// Operators at random, and what they were told. Only the simulation's own thread.
private final class Operators {
    private let simulation: Simulation
    /// Told to be cancelled.
    private(set) var cancelled: Set<EventID> = []
    private(set) var sentAfterwards: [EventID] = []
    private(set) var sentWhilePaused: [EventID] = []
    /// Orders under way.
    private(set) var pending = 0
    private var isAllPaused = false
    /// What the delivery side let go, to be taken out in the next round.
    private var withdrawn: [[EventID]] = []

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func started(_ event: QueuedEvent) {
        if cancelled.contains(event.id) { sentAfterwards.append(event.id) }
        if isAllPaused { sentWhilePaused.append(event.id) }
    }

    /// What operators order in this round. Messages to the delivery side go their own way, as in the daemon.
    func order(_ random: inout Seeded) -> [CommitMessage] {
        // Called back on this thread, within a step.
        // Called back within a step, on the simulation's own thread.
        nonisolated(unsafe) let operators = self
        var messages = takeOut()
        let patterns = ["f0", "f1", "f*", "*"]
        let pattern = GlobPattern(patterns[Int.random(in: 0..<patterns.count, using: &random)])
        switch Int.random(in: 0..<14, using: &random) {
        case 0:
            let rule = PauseRule(pattern: pattern, since: simulation.world.now.wall)
            messages.append(.operate([.pause(rule)]) { _ in operators.paused(pattern) })
        case 1, 2:
            messages.append(resume(pattern))
        case 3: messages.append(.operate([.redrive(.all, limit: 3)]) { _ in })
        case 4:
            let ids = some(&random)
            messages.append(.operate([.sendNow(ids, force: ids.count == 1)]) { _ in })
        case 5, 6, 7: cancel(some(&random))
        default: break
        }
        return messages
    }

    func resume(_ pattern: GlobPattern) -> CommitMessage {
        // Called back on this thread, within a step.
        // Called back within a step, on the simulation's own thread.
        nonisolated(unsafe) let operators = self
        return .operate([.resume(pattern)]) { _ in if pattern.text == "*" { operators.isAllPaused = false } }
    }

    /// What the delivery side has let go.
    func takeOut() -> [CommitMessage] {
        // Called back on this thread, within a step.
        // Called back within a step, on the simulation's own thread.
        nonisolated(unsafe) let operators = self
        defer { withdrawn = [] }
        return withdrawn.map { ids in .operate([.cancel(ids)]) { operators.ended(ids, $0) } }
    }

    private func some(_ random: inout Seeded) -> [EventID] {
        var reader = simulation.store
        let filter = EventFilter(condition: nil)
        let queued = (try? reader.queued(filter, after: nil, limit: 200))?.events ?? []
        let dead = (try? reader.deadLetters(filter, after: nil, limit: 5)) ?? []
        let all = (queued + dead).map(\.id)
        if all.isEmpty { return [] }
        return (0..<Int.random(in: 1...3, using: &random)).map { _ in all[Int.random(in: 0..<all.count, using: &random)]
        }
    }

    private func paused(_ pattern: GlobPattern) {
        // From the time on at which the delivery side has the news.
        guard pattern.text == "*" else { return }
        // Called back within a step, on the simulation's own thread.
        nonisolated(unsafe) let operators = self
        simulation.world.toDelivery.append(.snapshot { _ in operators.isAllPaused = true })
    }

    private func cancel(_ ids: [EventID]) {
        guard !ids.isEmpty else { return }
        pending += 1
        // Called back within a step, on the simulation's own thread.
        nonisolated(unsafe) let operators = self
        simulation.world.toDelivery.append(
            .withdraw(ids.map(\.sequence)) { flying in
                let left = ids.filter { !(flying ?? []).contains($0.sequence) }
                operators.withdrawn.append(left)
            }
        )
    }

    private func ended(_ ids: [EventID], _ result: Result<[StoreReply], StoreError>) {
        pending -= 1
        if case .success(let replies) = result, case .found(let gone)? = replies.first {
            cancelled.formUnion(gone)
            simulation.world.toDelivery.append(.returned(gone: ids.map(\.sequence), kept: []))
        } else {
            simulation.world.toDelivery.append(.returned(gone: [], kept: ids.map(\.sequence)))
        }
    }
}
