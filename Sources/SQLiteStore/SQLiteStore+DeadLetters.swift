import OutboxCore

extension SQLiteStore {
    mutating func redrive(
        _ selection: DeadLetterSelection,
        limit: Int,
        keepExpiry: Bool,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        var moved: [EventID] = []
        var bytes = 0
        for letter in try selected(selection, limit: limit) {
            if moved.count >= limit || bytes >= StoreCommand.movedBytesMax { break }
            guard let head = try find(letter) else { continue }
            if keepExpiry, let expiry = head.expiresAt, expiry <= now { continue }
            bytes += head.event.payloadBytes
            try deadLetters.redrive(letter.sequence, head, now: now)
            leaveDeadLetters(head.event)
            counters.totals.queued += 1
            counters.totals.queuedBytes += head.event.payloadBytes
            functionTable.count(head.event.function, queued: 1, bytes: head.event.payloadBytes)
            moved.append(head.event.id(letter.sequence))
        }
        return .moved(moved)
    }

    mutating func purge(_ selection: DeadLetterSelection, limit: Int, now: WallTime) throws(SQLiteError) -> StoreReply {
        var moved: [EventID] = []
        var bytes = 0
        for letter in try selected(selection, limit: limit) {
            if moved.count >= limit || bytes >= StoreCommand.movedBytesMax { break }
            if Planted.purgeTakesRedriven, let id = letter.id { _ = try cancel([id], now: now) }
            guard let head = try find(letter) else { continue }
            bytes += head.event.payloadBytes
            try freeKey(try deadLetters.key(letter.sequence), of: head.event, letter.sequence, now: now)
            try attempts.deleteLines(of: letter.sequence)
            try deadLetters.delete(letter.sequence, head)
            leaveDeadLetters(head.event)
            moved.append(head.event.id(letter.sequence))
        }
        return .moved(moved)
    }

    private mutating func leaveDeadLetters(_ head: EventHead) {
        counters.totals.dead -= 1
        counters.totals.deadBytes -= head.payloadBytes
        functionTable.count(head.function, dead: -1, bytes: -head.payloadBytes)
    }

    /// A dead letter that is meant; `id` where it was asked for by its id.
    private typealias Letter = (sequence: Int64, id: EventID?)

    /// In the order given for ids, else oldest first.
    private func selected(_ selection: DeadLetterSelection, limit: Int) throws(SQLiteError) -> [Letter] {
        switch selection {
        case .ids(let ids):
            var letters: [Letter] = []
            for id in ids {
                if let (sequence, _) = try deadLetters.find(id) { letters.append((sequence: sequence, id: id)) }
            }
            return letters
        case .function(let pattern):
            return try oldest(EventFilter(function: pattern), limit: limit)
        case .matching(let filter):
            return try oldest(filter, limit: limit)
        case .all:
            return try deadLetters.oldest(limit: limit).map { (sequence: $0, id: nil) }
        }
    }

    private func oldest(_ filter: EventFilter, limit: Int) throws(SQLiteError) -> [Letter] {
        let sequences = try deadLetters.oldest(limit: limit) { key, condition in
            if let wanted = filter.condition, wanted.rawValue != condition { return false }
            guard let pattern = filter.function else { return true }
            return functionTable.function(key).map(pattern.matches) ?? false
        }
        return sequences.map { (sequence: $0, id: nil) }
    }

    private func find(_ letter: Letter) throws(SQLiteError) -> DeadLetterTable.Head? {
        guard let head = try deadLetters.head(letter.sequence) else { return nil }
        return letter.id == nil || head.event.id(letter.sequence) == letter.id ? head : nil
    }
}
