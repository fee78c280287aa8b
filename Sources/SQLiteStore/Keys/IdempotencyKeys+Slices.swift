import OutboxCore

/// Work on the segments, a slice with each commit.
extension IdempotencyKeys {
    /// Whether there is anything left to do, now.
    func hasWork(now: WallTime) -> Bool {
        !leaving.isEmpty || carrying != nil || nextToWrite != nil || nextToForget(now) != nil
    }

    private var nextToWrite: KeySegment? {
        segments.first { $0.state != .active && $0.table != nil && $0 !== carrying?.segment }
    }

    /// Older ones first: what took the place of an entry must not go before it.
    private func nextToForget(_ now: WallTime) -> KeySegment? {
        segments.first { $0.state != .active && $0.keepUntil <= now.milliseconds }
    }

    /// Inside a transaction, before `flush`.
    ///
    /// - Parameter entries: that the slice may look at, beside a least number.
    mutating func slice(
        now: WallTime,
        entries: Int,
        _ living: borrowing LivingEvents,
        _ events: borrowing EventTable,
        _ deadLetters: borrowing DeadLetterTable
    ) throws(SQLiteError) {
        let budget = options.sliceMin + entries
        try removeSome(budget)
        if let segment = nextToWrite, let table = segment.table { try writePages(segment, table, 4 + budget / 128) }
        if let (segment, from) = carrying {
            try carryOver(segment, from: from, budget, living, events, deadLetters, now: now)
        } else if let segment = nextToForget(now) {
            let from = KeyPages.range(of: segment.number).lowerBound
            try carryOver(segment, from: from, budget, living, events, deadLetters, now: now)
        }
    }

    // MARK: Pages of a closed segment

    private mutating func writePages(_ segment: KeySegment, _ table: SegmentTable, _ limit: Int) throws(SQLiteError) {
        let pages = KeyPages(segment: segment.number, capacity: segment.capacity)
        let range = segment.pagesWritten..<min(segment.pagesWritten + limit, pages.count)
        if segment.state == .indexed, range.lowerBound == 0 {
            // Written anew: until the last page, those of before don't count.
            try rows.update(segment, keepUntil: segment.keepUntil, .closed)
        }
        for index in range {
            let number = pages.number(index)
            let bytes = pages.bytes(index, table: table.bytes, filter: segment.filter.bytes)
            try rows.write(number, bytes, seed: hash.seed(ofPage: number))
        }
        let isLast = range.upperBound == pages.count
        if isLast { try rows.update(segment, keepUntil: segment.keepUntil, .indexed) }
        staged.written = (segment, range.upperBound, isLast)
    }

    // MARK: A segment that is over

    /// Appends anew what is still the newest of its key while its event lives; behind the last of them the segment is
    /// forgotten.
    private mutating func carryOver(
        _ segment: KeySegment,
        from: Int64,
        _ budget: Int,
        _ living: borrowing LivingEvents,
        _ events: borrowing EventTable,
        _ deadLetters: borrowing DeadLetterTable,
        now: WallTime
    ) throws(SQLiteError) {
        var looked: [(ordinal: Int, entry: KeyEntry)] = []
        let end = KeyPages.range(of: segment.number).upperBound
        let next = try rows.scan(from: from, before: end, entries: budget) { position, entries in
            for (place, entry) in entries.enumerated() where !entry.isFree {
                looked.append((KeyRow.ordinal(position) + place, entry))
            }
        }
        for index in try living.candidates(looked.map(\.entry.event)) {
            let (ordinal, entry) = looked[index]
            guard let newest = try find(entry.key), newest.segment === segment, newest.ordinal == ordinal else {
                continue
            }
            var isAlive = try events.find(entry.event) != nil
            if !isAlive { isAlive = try deadLetters.find(entry.event) != nil }
            if isAlive { hold(newest, in: segment, now: now) }
        }
        if let next {
            staged.carrying = (segment, next)
        } else {
            try rows.update(segment, keepUntil: segment.keepUntil, .forgotten)
            staged.forgotten = segment
        }
    }

    /// Deletes some of what a forgotten segment left.
    private mutating func removeSome(_ budget: Int) throws(SQLiteError) {
        guard var first = leaving.first else { return }
        let entries = first.entries..<min(first.entries + 2 * budget, first.capacity)
        if !entries.isEmpty {
            let start = KeyRow.position(segment: first.number, ordinal: entries.lowerBound)
            let end = KeyPages.range(of: first.number).upperBound
            try rows.delete(
                entries: start..<(entries.upperBound == first.capacity ? end : start + Int64(entries.count))
            )
            first.entries = entries.upperBound
        }
        let pages = KeyPages(segment: first.number, capacity: first.capacity)
        let last = min(first.pages + 4 + budget / 64, pages.count)
        for index in first.pages..<last {
            let number = pages.number(index)
            try rows.delete(pages: number..<number + 1)
        }
        first.pages = last
        if first.isGone { try rows.remove(segment: first.number) }
        staged.leaving = first
    }

    // MARK: The end of the transaction

    mutating func slicesCommitted() {
        if let (segment, pages, isLast) = staged.written {
            segment.pagesWritten = pages
            if isLast {
                segment.state = .indexed
                segment.dropTable()
            }
        }
        if let left = staged.leaving {
            if left.isGone { leaving.removeFirst() } else { leaving[0] = left }
        }
        if let gone = staged.forgotten {
            leaving.append(Leaving(number: gone.number, capacity: gone.capacity))
            carrying = nil
        } else if let next = staged.carrying {
            carrying = next
        }
    }
}
