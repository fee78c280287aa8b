package import OutboxCore

/// Where a walk through queue and dead letters stands.
struct RowWalk {
    /// Which of `StoreQueries.walks` is under way.
    var query = 0
    /// The last row that was seen.
    var through: Int64 = 0
}

extension SQLiteReader {
    /// Walks on through queue and dead letters, by `limit` rows at most: pages that changed places, or an index that
    /// lacks a row, hide events from every scan without an error of SQLite's.
    ///
    /// - Returns: whether that was the end; the next call begins anew.
    /// - Throws: `StoreError.damaged` where a row can be passed but not found.
    package mutating func walkOn(rows limit: Int) throws(StoreError) -> Bool {
        var walk = walk
        let isThrough = try reading { (connection) throws(SQLiteError) in
            let scan = try connection.prepare(StoreQueries.walks[walk.query])
            scan.bind(walk.through, at: 1)
            scan.bind(limit, at: 2)
            var looked = 0
            while try scan.step() {
                let sequence = scan.int64(0)
                guard sequence > walk.through, scan.bool(1), scan.bool(2) else {
                    throw SQLiteError.damaged("row \(sequence) is there, and a look-up doesn't find it", sql: "walk")
                }
                walk.through = sequence
                looked += 1
            }
            return looked < limit
        }
        if isThrough { walk = RowWalk(query: (walk.query + 1) % StoreQueries.walks.count) }
        self.walk = walk
        return isThrough && walk.query == 0
    }
}
