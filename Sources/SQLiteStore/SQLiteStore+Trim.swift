import OutboxCore

extension SQLiteStore {
    /// Forgets hand-over history, and goes on with the work on keys, of which each commit does a slice.
    mutating func trim(
        historyBefore: WallTime,
        historyMax: Int,
        limit: Int,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        let lines = try trimHistory(before: historyBefore, max: historyMax, limit: limit)
        let hasOldKeys = try moveOldKeys(limit: limit, now: now)
        return .trimmed(lines, more: lines >= limit || hasOldKeys || keys.hasWork(now: now))
    }

    private mutating func trimHistory(before: WallTime, max: Int, limit: Int) throws(SQLiteError) -> Int {
        // Mostly there is nothing to do, and a slice of lines need not be read for that.
        guard let first = try history.oldest(limit: 1).first, first.handedOverAt < before || counters.history > max
        else { return 0 }
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
}
