import OutboxCore

extension SQLiteStore {
    /// Forgets hand-over history and keys; the reply counts the rows of both that were dealt with.
    mutating func trim(
        historyBefore: WallTime,
        historyMax: Int,
        limit: Int,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        let lines = try trimHistory(before: historyBefore, max: historyMax, limit: limit)
        return .trimmed(lines + (try trimKeys(limit: limit, now: now)))
    }

    private mutating func trimHistory(before: WallTime, max: Int, limit: Int) throws(SQLiteError) -> Int {
        var removed = 0
        for line in try history.oldest(limit: limit) {
            guard line.handedOverAt < before || counters.history > max else { break }
            if line.hasAttemptLines { try attempts.deleteLines(of: line.sequence) }
            try history.delete(line.sequence)
            counters.history -= 1
            removed += 1
        }
        return removed
    }

    private func trimKeys(limit: Int, now: WallTime) throws(SQLiteError) -> Int {
        let expired = try keys.expired(now: now, limit: limit)
        for (place, sequence) in expired {
            if try isAlive(sequence) {
                try keys.keepWhileAlive(place, of: sequence)
            } else {
                try keys.free(place, of: sequence)
            }
        }
        return expired.count
    }
}
