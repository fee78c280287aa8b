internal import Engine
internal import OutboxCore

extension CommitSettings {
    init(_ configuration: Configuration) {
        var budgets = QueueBudgets()
        budgets.bytesMax = Int(configuration.queue.maxBytes)
        budgets.eventsMax = Int(configuration.queue.maxEvents)
        budgets.keysMax = Int(configuration.queue.maxKeys)
        budgets.freeDiskMin = Int(configuration.queue.minFreeDisk)
        self.init(
            budgets: budgets,
            history: (configuration.history.keep, Int(configuration.history.maxEvents)),
            roomWait: configuration.door.wait,
            policies: configuration.policies
        )
    }
}
