import OutboxCore

/// Operators' orders about single events.
extension SQLiteStore {
    /// Takes those that are queued out for good: their keys are free, a line stays in the history.
    mutating func cancel(_ ids: [EventID], now: WallTime) throws(SQLiteError) -> StoreReply {
        var cancelled: [EventID] = []
        for id in ids {
            guard let (sequence, head) = try events.find(id) else { continue }
            try history.addCancelled(sequence, head, now: now)
            counters.history += 1
            try freeKey(try events.key(sequence), of: head, sequence, now: now)
            try leaveQueue(sequence, head)
            cancelled.append(id)
        }
        return .found(cancelled)
    }

    /// Clears delay and backoff of those that are queued. A fresh row is left as it is: it has neither.
    func sendNow(_ ids: [EventID], now: WallTime) throws(SQLiteError) -> StoreReply {
        var found: [EventID] = []
        for id in ids {
            guard let (sequence, _) = try events.find(id) else { continue }
            try events.hurry(sequence, now: now)
            found.append(id)
        }
        return .found(found)
    }
}
