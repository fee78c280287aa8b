import OutboxCore

/// Holds segments of keys, and what was made of them, against their entries.
enum KeyVerification {
    /// For people: what is wrong with the keys. In one transaction of the caller's.
    static func problems(_ connection: borrowing Connection) throws(SQLiteError) -> [String] {
        let rows = try KeyRows(connection)
        let hash = try KeySecret.read(connection)
        var found: [String] = []
        for segment in try KeyRows.segments(connection) where segment.state != .forgotten {
            if segment.state == .indexed, hash == nil { return found + ["the secret of the index of keys is gone"] }
            found += try problems(segment, rows, hash ?? KeyHash(secret: (0, 0)))
        }
        return found
    }

    private static func problems(
        _ row: KeySegmentRow,
        _ rows: borrowing KeyRows,
        _ hash: KeyHash
    ) throws(SQLiteError) -> [String] {
        var found: [String] = []
        let segment = row.segment
        let damagedRows = try rows.index(segment, hash)
        if damagedRows > 0 { found.append("\(damagedRows) damaged rows of keys in segment \(row.number)") }
        if row.state != .active, row.keys != segment.count {
            found.append("segment \(row.number) has \(segment.count) keys, and its row says \(row.keys ?? 0)")
        }
        guard row.state == .indexed, let table = segment.table else { return found }
        let pages = KeyPages(segment: row.number, capacity: row.capacity)
        var wrongPages = 0
        for index in 0..<pages.count {
            let number = pages.number(index)
            let expected = UnsafeRawBufferPointer(
                pages.bytes(index, table: table.bytes, filter: segment.filter.bytes)
            )
            let isRight = try rows.read(number, count: expected.count, seed: hash.seed(ofPage: number)) { bytes in
                bytes.elementsEqual(expected)
            }
            if isRight != true { wrongPages += 1 }
        }
        if wrongPages > 0 { found.append("\(wrongPages) pages of the index of keys in segment \(row.number)") }
        return found
    }

    /// Entries of all segments that are remembered, counted.
    static let count = """
        SELECT coalesce(sum((length(entries) - 4) / \(KeyEntry.byteCount)), 0) FROM key_entries
        WHERE position >> 24 IN (SELECT segment FROM key_segments WHERE state < \(KeySegment.State.forgotten.rawValue))
        """
}
