import Engine
import OutboxCore
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
}
