import OutboxCore

/// What an import may bring in now: it is held to the budgets that producers are held to.
extension Committer where Store: ~Copyable {
    /// The order with its room filled in, if it is an import.
    mutating func withRoom(_ command: StoreCommand, now: Moment) -> StoreCommand {
        guard case .bringIn(var records, _, let isTrial) = command else { return command }
        var room = ImportRoom()
        room.closed = blocking(now: now)?.reason ?? admission.closed
        room.events = max(0, admission.budgets.eventsMax - admission.events)
        room.bytes = max(0, admission.budgets.bytesMax - admission.bytes)
        room.keys = max(0, admission.budgets.keysMax - admission.keys)
        let names = store.names
        room.functions = max(0, limits.functionsMax - names.functions)
        room.producers = max(0, limits.producersMax - names.producers)
        for (index, record) in records.enumerated() {
            guard let function = record.function else { continue }
            let policy = settings.policies.policy(for: function)
            if room.shares[function] == nil {
                room.shares[function] = share(policy.share, of: admission.budgets, less: store.usage(of: function))
            }
            // `soft`: nothing dies.
            if policy.soft, case .event(var event) = record {
                event.event.expiresAt = nil
                records[index] = .event(event)
            }
        }
        return .bringIn(records, room: room, isTrial: isTrial)
    }

    private func share(_ share: Double, of budgets: QueueBudgets, less usage: FunctionUsage) -> FunctionUsage {
        FunctionUsage(
            events: Int((Double(budgets.eventsMax) * share).rounded(.up)) - usage.events,
            bytes: Int(Double(budgets.bytesMax) * share) - usage.bytes
        )
    }

    /// The delivery side looks for what is due now; what is promised for later it finds behind that.
    mutating func announceImport(_ records: [ImportedRecord], _ outcomes: [ImportOutcome], now: Moment) {
        var isQueued = false
        for case (.event(let event), .added) in zip(records, outcomes) {
            bytesSinceMeasure += event.event.payload.count + Self.rowBytes
            isQueued = isQueued || event.place == .queue
        }
        if isQueued { tellDelivery(.dueChanged(now.wall)) }
    }
}
