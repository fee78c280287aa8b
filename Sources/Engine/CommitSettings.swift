package import OutboxCore

/// What the commit loop takes from the configuration, at its start and with each reload.
package struct CommitSettings: Sendable {
    package var budgets: QueueBudgets
    /// How long hand-overs are remembered, and how many of them.
    package var history: (keep: Span, eventsMax: Int)
    /// How long a request past a budget waits for room.
    package var roomWait: Span
    package var policies: PolicyTable

    package init(
        budgets: QueueBudgets = QueueBudgets(),
        history: (keep: Span, eventsMax: Int),
        roomWait: Span,
        policies: PolicyTable
    ) {
        self.budgets = budgets
        self.history = history
        self.roomWait = roomWait
        self.policies = policies
    }
}
