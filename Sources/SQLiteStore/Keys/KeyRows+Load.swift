import OutboxCore

extension KeyRows {
    /// A segment as it stands on disk: with its filter, and with a table unless that is there in pages.
    func load(_ row: KeySegmentRow, _ hash: KeyHash) throws(SQLiteError) -> KeySegment {
        let segment = row.segment
        if row.state == .indexed, let keys = row.keys, try readFilter(segment, hash) {
            segment.count = min(keys, segment.capacity)
            return segment
        }
        try index(segment, hash)
        if row.state != .active, let keys = row.keys { segment.count = min(keys, segment.capacity) }
        return segment
    }

    /// - Returns: false if a page of it is damaged or gone.
    private func readFilter(_ segment: KeySegment, _ hash: KeyHash) throws(SQLiteError) -> Bool {
        let pages = KeyPages(segment: segment.number, capacity: segment.capacity)
        for index in pages.tablePages..<pages.count {
            let number = pages.number(index)
            let place = pages.bytes(index, table: segment.filter.bytes, filter: segment.filter.bytes)
            let isThere = try read(number, count: place.count, seed: hash.seed(ofPage: number)) { bytes in
                place.copyMemory(from: bytes)
                return true
            }
            if isThere == nil { return false }
        }
        return true
    }

    /// Makes a segment's table anew from its entries, and adds them to its filter.
    /// - Returns: how many rows are damaged.
    @discardableResult
    func index(_ segment: KeySegment, _ hash: KeyHash) throws(SQLiteError) -> Int {
        segment.makeTable()
        var damagedRows = 0
        let range = KeyPages.range(of: segment.number)
        _ = try scan(from: range.lowerBound, before: range.upperBound, entries: .max) { position, entries in
            let first = KeyRow.ordinal(position)
            damagedRows += entries.isEmpty ? 1 : 0
            // Nobody knows how many a damaged row held; the next one must not stand in its place.
            segment.count = max(segment.count, first + (entries.isEmpty ? KeyRow.entriesMax : entries.count))
            for (place, entry) in entries.enumerated() where first + place < segment.capacity {
                segment.insert(hash(entry.key), ordinal: first + place)
            }
        }
        return damagedRows
    }
}
