import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// What waits on its way in: how much of it, how long, and what it is told.
struct IntakeTests {
    /// A queue that has no room for anything.
    static var full: QueueBudgets {
        var budgets = QueueBudgets()
        budgets.eventsMax = 0
        return budgets
    }

    private func limits(bytes: Int) -> CommitLimits {
        var limits = CommitLimits()
        limits.intakeBytesMax = bytes
        return limits
    }

    /// Items with a payload of a few bytes and this much client context.
    private func items(_ count: Int, context: Int, from simulation: Simulation) -> [IntakeItem] {
        (0..<count).map { _ in
            var item = simulation.send(to: "orders").item
            if context > 0 { item.event.headers.clientContext = String(repeating: "c", count: context) }
            return item
        }
    }

    @Test(arguments: [(context: 4096, mostTaken: 16), (context: 0, mostTaken: 64)])
    func `the mailbox counts headers and a row's own weight, not payloads alone (P7)`(
        context: Int,
        mostTaken: Int
    ) {
        let simulation = Simulation(seed: 1)
        let mailbox = CommitMailbox(limits: limits(bytes: 64 << 10))
        mailbox.submit(items(200, context: context, from: simulation))
        #expect(simulation.producer.answers.count >= 200 - mostTaken)
    }

    @Test(arguments: [(context: 4096, mostTaken: 16), (context: 0, mostTaken: 64)])
    func `what waits for room is bounded by all that it holds, not by payloads alone (P7)`(
        context: Int,
        mostTaken: Int
    ) {
        let simulation = Simulation(seed: 1, commitLimits: limits(bytes: 64 << 10), budgets: Self.full)
        simulation.step(items(200, context: context, from: simulation))
        #expect(simulation.producer.answers.count >= 200 - mostTaken)
    }

    // MARK: A stop

    @Test func `at a stop all who wait for room are told so at once, and nobody waits any more`() {
        let simulation = Simulation(seed: 2, budgets: Self.full)
        let (early, first) = simulation.send(to: "orders")
        simulation.step([first])
        #expect(simulation.producer.answers[early] == nil)
        simulation.step(operations: [.stopWaiting])
        #expect(simulation.producer.answers[early]?.isUnavailable == true)
        let (late, second) = simulation.send(to: "orders")
        simulation.step([second])
        #expect(simulation.producer.answers[late]?.isUnavailable == true)
    }

    // MARK: Repeats

    /// Why there is no room for a new event.
    enum Closed: String, CaseIterable {
        case queue, share, disk, full, keys
        case database = "locked database"
    }

    @Test(arguments: Closed.allCases)
    func `a repeat gets the first id, and 409 for other content, when there is no room for new events (P4)`(
        why: Closed
    ) throws {
        var budgets = QueueBudgets()
        var policy = FunctionPolicy()
        if why == .queue { budgets.eventsMax = 1 }
        if why == .keys { budgets.keysMax = 1 }
        if why == .share { (budgets.eventsMax, policy.share) = (10, 0.1) }
        let simulation = Simulation(seed: 3, policy: policy, budgets: budgets)
        simulation.world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
        let (first, item) = simulation.send(to: "orders", key: "k")
        simulation.step([item])
        guard case .accepted(let id)? = simulation.producer.answers[first] else {
            throw StoreError.failed("the first was not accepted")
        }
        if why == .disk { simulation.world.freeDisk = 0 }
        if why == .full { simulation.store.refuses = { $0.isAccept ? .full("test") : nil } }
        if why == .database { simulation.store.refuses = { _ in .busy("test") } }
        simulation.world.advance(.seconds(1))

        let (again, same) = simulation.send(to: "orders", key: "k")
        var (other, different) = simulation.send(to: "orders", key: "k")
        different.event.dedupe?.contentDigest = Digest256(words: (9, 9, 9, 9))
        let (new, unknown) = simulation.send(to: "orders", key: "another")
        simulation.step([same, different, unknown])
        if why == .database { simulation.step() }
        #expect(simulation.producer.answers[again] == .repeated(id, .queued))
        #expect(simulation.producer.answers[other] == .conflict(id))
        if case .accepted? = simulation.producer.answers[new] { Issue.record("there was no room for a new event") }
    }

    @Test func `past queue.max_keys events with a key get 503 at once, all others are taken (P7)`() {
        var budgets = QueueBudgets()
        budgets.keysMax = 2
        let simulation = Simulation(seed: 3, budgets: budgets)
        let tickets = (0..<4).map { number in
            let (ticket, item) = simulation.send(to: "orders", key: number == 3 ? nil : "k\(number)")
            simulation.step([item])
            return ticket
        }
        let answers = tickets.map { simulation.producer.answers[$0] }
        for place in [0, 1, 3] {
            guard case .accepted? = answers[place] else {
                Issue.record("\(place): \(String(describing: answers[place]))")
                continue
            }
        }
        guard case .unavailable(Admission.keysReason, let retryAfter)? = answers[2] else {
            Issue.record("\(String(describing: answers[2]))")
            return
        }
        #expect(retryAfter > .zero)
    }

    @Test func `keys of one commit count before it (P7)`() {
        var budgets = QueueBudgets()
        budgets.keysMax = 2
        let simulation = Simulation(seed: 3, budgets: budgets)
        let sent = (0..<5).map { simulation.send(to: "orders", key: "k\($0)") }
        simulation.step(sent.map(\.1))
        let accepted = sent.count { if case .accepted? = simulation.producer.answers[$0.0] { true } else { false } }
        #expect(accepted == 2)
    }

    // MARK: A locked database

    @Test func `while somebody else holds the database's lock requests wait, then get 503, and nothing is lost (P2)`() {
        let simulation = Simulation(seed: 4)
        let world = simulation.world
        let (before, item) = simulation.send(to: "orders")
        simulation.step([item])
        simulation.store.refuses = { _ in .busy("test") }
        let (early, first) = simulation.send(to: "orders")
        simulation.step([first])
        let refusedAt = world.now.monotonic.advanced(by: .seconds(6))
        while world.now.monotonic < refusedAt { simulation.step() }
        #expect(simulation.producer.answers[early]?.isUnavailable == true)
        let (late, second) = simulation.send(to: "orders")
        simulation.step([second])
        for _ in 0..<3 { simulation.step() }
        #expect(simulation.producer.answers[late] == nil)
        #expect(world.attempts == 1, "no attempt starts while an outcome waits")
        let tenMinutes = world.now.monotonic.advanced(by: .seconds(90))
        while world.now.monotonic < tenMinutes { simulation.step() }
        #expect((2...3).contains(world.warnings.count), "one warning a minute: \(world.warnings)")
        simulation.store.refuses = nil
        let (last, third) = simulation.send(to: "orders")
        simulation.step([third])
        #expect(simulation.drain(within: .minutes(1)))
        for ticket in [before, last] {
            guard case .accepted(let id)? = simulation.producer.answers[ticket] else {
                Issue.record("no 202")
                continue
            }
            #expect(world.received[id] == 1)
        }
    }

    @Test func `requests that waited for a locked database are taken when it is free again`() {
        let simulation = Simulation(seed: 5)
        simulation.store.refuses = { _ in .busy("test") }
        let (ticket, item) = simulation.send(to: "orders")
        simulation.step([item])
        simulation.store.refuses = nil
        #expect(simulation.drain(within: .seconds(4)))
        for _ in 0..<100 where simulation.producer.answers[ticket] == nil { simulation.step() }
        guard case .accepted? = simulation.producer.answers[ticket] else {
            Issue.record("no 202: \(String(describing: simulation.producer.answers[ticket]))")
            return
        }
    }

    // MARK: Damage

    @Test func `a damaged row becomes a dead letter, and the others arrive (P12)`() {
        var limits = CommitLimits()
        // Nothing is sent straight from memory.
        limits.announcedBytesMax = 0
        let simulation = Simulation(seed: 7, commitLimits: limits)
        simulation.store.damaged = [2]
        simulation.step((0..<5).map { _ in simulation.send(to: "orders").item })
        #expect(simulation.drain(within: .minutes(1)))
        #expect(simulation.world.received.count == 4)
        #expect(simulation.store.totals.dead == 1)
        #expect(simulation.world.warnings.count == 1)
    }

    // MARK: Operators

    @Test func `an order for which the disk has no space costs no producer his 202`() {
        let simulation = Simulation(seed: 6)
        simulation.store.refuses = { if case .redrive = $0 { .full("test") } else { nil } }
        let (ticket, item) = simulation.send(to: "orders")
        final class Box { var result: Result<[StoreReply], StoreError>? }
        // Called back within the step, on this thread.
        nonisolated(unsafe) let box = Box()
        simulation.step([item], operations: [.operate([.redrive(.all, limit: 10)]) { box.result = $0 }])
        guard case .accepted? = simulation.producer.answers[ticket] else {
            Issue.record("no 202: \(String(describing: simulation.producer.answers[ticket]))")
            return
        }
        guard case .failure(.full)? = box.result else {
            Issue.record("the operator was told \(String(describing: box.result))")
            return
        }
    }
}

extension AcceptAnswer {
    fileprivate var isUnavailable: Bool {
        if case .unavailable = self { true } else { false }
    }
}

extension StoreCommand {
    fileprivate var isAccept: Bool {
        if case .accept = self { true } else { false }
    }
}
