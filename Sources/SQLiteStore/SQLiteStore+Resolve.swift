import OutboxCore

extension SQLiteStore {
    /// Records what came of an attempt.
    mutating func resolve(_ resolution: Resolution, now: WallTime) throws(SQLiteError) -> StoreReply {
        let sequence = resolution.sequence
        switch resolution.fate {
        case .handedOver:
            guard let head = try events.head(sequence) else { return .notFound }
            try history.add(resolution, head, now: now)
            counters.history += 1
            if Planted.keyLeavesWithEvent { try freeKey(try events.key(sequence), of: head, sequence, now: now) }
            try leaveQueue(sequence, head)
        case .waits(let dueAt):
            guard try events.wait(resolution, dueAt: dueAt) else { return .notFound }
            try attempts.append(resolution.attempt, to: sequence)
        case .dead(let condition, let reason):
            guard try events.wait(resolution, dueAt: nil), let head = try events.head(sequence) else {
                return .notFound
            }
            try attempts.append(resolution.attempt, to: sequence)
            try die(sequence, head, condition, reason: reason, lastError: resolution.attempt, now: now)
        }
        return .done
    }

    /// Makes a queued event a dead letter without an attempt.
    mutating func bury(
        _ sequence: Int64,
        _ condition: DeadLetterCondition,
        reason: String,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        guard let head = try events.head(sequence) else { return .notFound }
        let lastError = head.attempts > 0 ? try attempts.last(sequence) : nil
        try die(sequence, head, condition, reason: reason, lastError: lastError, now: now)
        return .done
    }

    mutating func die(
        _ sequence: Int64,
        _ head: EventHead,
        _ condition: DeadLetterCondition,
        reason: String,
        lastError: AttemptRecord?,
        now: WallTime
    ) throws(SQLiteError) {
        try deadLetters.add(
            sequence,
            of: head.function,
            diedAt: now,
            condition,
            reason: reason,
            errorCode: lastError?.code,
            fingerprint: Fingerprint(
                condition: condition,
                function: functionTable.function(head.function),
                code: lastError?.code,
                message: lastError?.message
            )
        )
        try leaveQueue(sequence, head)
        counters.totals.dead += 1
        counters.totals.deadBytes += head.payloadBytes
        functionTable.count(head.function, dead: 1, bytes: head.payloadBytes)
    }

    mutating func leaveQueue(_ sequence: Int64, _ head: EventHead) throws(SQLiteError) {
        try events.delete(sequence)
        counters.totals.queued -= 1
        counters.totals.queuedBytes -= head.payloadBytes
        functionTable.count(head.function, queued: -1, bytes: -head.payloadBytes)
    }

    /// Marks those of the events that are queued.
    func markUncertain(_ ids: [EventID]) throws(SQLiteError) -> StoreReply {
        for id in ids {
            guard let (sequence, _) = try events.find(id) else { continue }
            try events.markUncertain(sequence)
        }
        return .done
    }
}
