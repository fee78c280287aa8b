import OutboxCore

/// The idempotency keys that are remembered (P4): which event each one named last.
///
/// A journal that is only ever appended to, in segments; the newest entry of a key says what holds. A segment in use has a
/// table in memory that leads to its entries; when it is closed, the table is written in pages, a few with each commit,
/// and only a filter of three bytes a key stays. A segment is forgotten as a whole, once nothing in it may be asked for.
/// Segments and tables follow from the entries: whatever else of this is lost or damaged is made anew.
///
/// What a transaction adds stands in an overlay, and comes into tables and filters once it is on disk. One thread.
struct IdempotencyKeys: ~Copyable {
    /// An entry, and where it stands.
    struct Found {
        var entry: KeyEntry
        /// nil: it was added in this transaction.
        var segment: KeySegment?
        var ordinal = 0
        /// Of the segment that it is in, or will be.
        var lane: Int
    }

    let rows: KeyRows
    let hash: KeyHash
    let options: KeyOptions
    /// Those that are remembered, by number.
    private(set) var segments: [KeySegment]
    /// Their filters, the newest first.
    private var filters: [BlockFilter] = []
    private var overlay = KeyOverlay()
    private var nextNumber: Int64
    var staged = Staged()
    /// The held keys' segment in use is older than one whose keys it would take.
    private var closesHeld = false
    /// The segment whose living keys are being carried over, and from where on.
    var carrying: (segment: KeySegment, from: Int64)?
    /// Forgotten ones that are being deleted.
    var leaving: [Leaving]

    /// What the transaction changes beside the overlay.
    struct Staged {
        var appends: [(segment: KeySegment, lane: Int)] = []
        var opened: [KeySegment] = []
        var closed: [KeySegment] = []
        var keeps: [(segment: KeySegment, until: Int64)] = []
        var written: (segment: KeySegment, pages: Int, isLast: Bool)?
        var carrying: (segment: KeySegment, from: Int64)?
        var forgotten: KeySegment?
        /// What is left of the one that leaves; nil: nothing was done about it.
        var leaving: Leaving?
    }

    /// A forgotten segment and what is still there of it.
    struct Leaving {
        let number: Int64
        let capacity: Int
        /// Entries and pages that are deleted already, as far as this process knows.
        var entries = 0
        var pages = 0

        var isGone: Bool {
            entries >= capacity && pages >= KeyPages(segment: number, capacity: capacity).count
        }
    }

    init(_ connection: borrowing Connection, _ hash: KeyHash, _ options: KeyOptions) throws(SQLiteError) {
        let rows = try KeyRows(connection)
        var segments: [KeySegment] = []
        var leaving: [Leaving] = []
        var nextNumber: Int64 = 1
        for row in try KeyRows.segments(connection) {
            nextNumber = row.number + 1
            if row.state == .forgotten {
                leaving.append(Leaving(number: row.number, capacity: row.capacity))
            } else {
                segments.append(try rows.load(row, hash))
            }
        }
        self.rows = rows
        self.hash = hash
        self.options = options
        self.segments = segments
        self.leaving = leaving
        self.nextNumber = nextNumber
        refreshFilters()
    }

    /// Entries of all segments that are on disk.
    var count: Int { segments.reduce(0) { $0 + $1.count } }

    /// The same with what this transaction changes.
    var countAfter: Int { count + overlay.pending.count - (staged.forgotten?.count ?? 0) }

    // MARK: Asking

    /// The newest entry of a key, also one that frees it; nil: there is none.
    func find(_ key: Digest128) throws(SQLiteError) -> Found? {
        try find(key, hash(key))
    }

    private func find(_ key: Digest128, _ hash: UInt64) throws(SQLiteError) -> Found? {
        if !overlay.isEmpty, let pending = overlay.latest(key, hash) {
            return Found(entry: pending.entry, segment: nil, lane: pending.lane)
        }
        let bits = BlockFilter.bits(hash)
        var place = 0
        while let next = firstMatch(from: place, hash, bits) {
            if let found = try find(key, hash, in: segments[segments.count - 1 - next]) { return found }
            place = next + 1
        }
        return nil
    }

    private func firstMatch(from place: Int, _ hash: UInt64, _ bits: UInt64) -> Int? {
        filters.withUnsafeBufferPointer { filters in
            var place = place
            while place < filters.count {
                if filters[place].mayContain(hash, bits: bits) { return place }
                place += 1
            }
            return nil
        }
    }

    /// The entry of the key with the highest ordinal.
    private func find(_ key: Digest128, _ hash: UInt64, in segment: KeySegment) throws(SQLiteError) -> Found? {
        var found: Found?
        func look(_ ordinal: Int) throws(SQLiteError) {
            guard ordinal >= found?.ordinal ?? 0, ordinal < segment.count,
                let entry = try rows.entry(ordinal, of: segment.number, ifOf: key)
            else { return }
            found = Found(entry: entry, segment: segment, ordinal: ordinal, lane: segment.lane)
        }
        if segment.table == nil {
            if let ordinals = try ordinalsOnDisk(hash, segment) {
                for ordinal in ordinals { try look(ordinal) }
                return found
            }
            // Damaged: its pages are made anew.
            let count = segment.count
            try rows.index(segment, self.hash)
            segment.count = count
        }
        try segment.table?.probe(hash, look)
        return found
    }

    /// What the pages of a segment's table say; nil: one of them is damaged or gone.
    private func ordinalsOnDisk(_ hash: UInt64, _ segment: KeySegment) throws(SQLiteError) -> [Int]? {
        let pages = KeyPages(segment: segment.number, capacity: segment.capacity)
        let form = pages.form
        var ordinals: [Int] = []
        var place = form.home(hash)
        for _ in 0...pages.tablePages {
            let page = place / KeyPages.slotsPerPage
            let slotCount = pages.slots(inPage: page)
            let number = pages.number(page)
            let isAtEnd = try rows.read(number, count: slotCount * 4, seed: self.hash.seed(ofPage: number)) { bytes in
                for slot in place - page * KeyPages.slotsPerPage..<slotCount {
                    let value = bytes.loadUnaligned(fromByteOffset: slot * 4, as: UInt32.self)
                    if value == SegmentTable.Form.empty { return true }
                    if let ordinal = form.ordinal(in: value, ifOf: hash) { ordinals.append(ordinal) }
                }
                return false
            }
            guard let isAtEnd else { return nil }
            if isAtEnd { return ordinals }
            place = page + 1 == pages.tablePages ? 0 : (page + 1) * KeyPages.slotsPerPage
        }
        // No empty slot anywhere: no table that this program made.
        return nil
    }

    // MARK: Adding, inside a transaction

    /// Appends an entry.
    ///
    /// - Parameter found: the entry that it takes the place of, as `find` has just told.
    mutating func add(_ entry: KeyEntry, replacing found: Found?, now: WallTime) {
        var entry = entry
        var lane = KeyLane.of(until: entry.until, now: now)
        var keepUntil = entry.until
        if let found {
            entry.replaces = true
            // A newer entry must stand behind the older one, and stay for as long.
            if let segment = found.segment {
                keepUntil = max(keepUntil, segment.keepUntil)
                // What frees a key stays in the older entry's lane, whose segments never go before one another: in another
                // it could be over first, since a segment in use is kept for longer with each entry that comes.
                if entry.isFree { lane = found.lane }
                if let active = active(lane), active.number < segment.number { lane = found.lane }
            } else {
                lane = found.lane
            }
        }
        overlay.add(entry, hash(entry.key), lane: lane, keepUntil: keepUntil)
    }

    /// Appends an entry anew, for as long as its event may live.
    mutating func hold(_ found: Found, in segment: KeySegment, now: WallTime) {
        var entry = found.entry
        entry.replaces = true
        let keepUntil = max(segment.keepUntil, now.advanced(by: KeyLane.heldFor).milliseconds)
        if let active = active(KeyLane.held), active.number < segment.number { closesHeld = true }
        overlay.add(entry, hash(entry.key), lane: KeyLane.held, keepUntil: keepUntil)
    }

    private func active(_ lane: Int) -> KeySegment? {
        segments.last { $0.lane == lane && $0.state == .active }
    }

    // MARK: The end of a transaction

    /// Writes what was added; the last thing of a transaction that concerns keys.
    mutating func flush(now: WallTime) throws(SQLiteError) {
        for lane in 0..<KeyLane.count {
            let added = overlay.lanes[lane]
            var target = active(lane)
            if let active = target,
                active.isOld(now, options) || active.count + added.count > active.capacity
                    || lane == KeyLane.held && closesHeld
            {
                try rows.update(active, keepUntil: active.keepUntil, .closed)
                staged.closed.append(active)
                target = nil
            }
            if added.isEmpty { continue }
            let segment: KeySegment
            if let target { segment = target } else { segment = try open(lane, atLeast: added.count, now: now) }
            try keep(segment, until: overlay.keepUntil[lane], now: now)
            var ordinal = segment.count
            for start in stride(from: 0, to: added.count, by: KeyRow.entriesMax) {
                let range = start..<min(start + KeyRow.entriesMax, added.count)
                let position = KeyRow.position(segment: segment.number, ordinal: ordinal)
                try rows.append(range, { overlay.pending[added[$0]].entry }, position: position)
                ordinal += range.count
            }
            staged.appends.append((segment, lane))
        }
    }

    private mutating func open(_ lane: Int, atLeast entries: Int, now: WallTime) throws(SQLiteError) -> KeySegment {
        let held = segments.reduce(0) { $0 + ($1.lane == lane ? $1.count : 0) }
        let segment = KeySegment(
            number: nextNumber,
            lane: lane,
            capacity: max(min(max(held / 2, options.capacityMin), options.capacityMax), entries),
            openedAt: now.milliseconds,
            keepUntil: overlay.keepUntil[lane],
            state: .active
        )
        segment.makeTable()
        nextNumber += 1
        try rows.open(segment)
        staged.opened.append(segment)
        return segment
    }

    /// Notes a little more than is needed: not with every commit.
    private mutating func keep(_ segment: KeySegment, until: Int64, now: WallTime) throws(SQLiteError) {
        guard until > segment.keepUntil || staged.opened.last === segment else { return }
        let slack = max(0, until - now.milliseconds) / 64
        let (sum, overflow) = until.addingReportingOverflow(slack)
        let until = overflow ? until : sum
        try rows.update(segment, keepUntil: until, .active)
        staged.keeps.append((segment, until))
    }

    /// The transaction is on disk.
    mutating func committed() {
        if !staged.closed.isEmpty || !staged.opened.isEmpty || staged.forgotten != nil {
            for segment in staged.closed { segment.state = .closed }
            segments += staged.opened
            segments.removeAll { $0 === staged.forgotten }
            refreshFilters()
        }
        for (segment, until) in staged.keeps { segment.keepUntil = until }
        for (segment, lane) in staged.appends {
            var ordinal = segment.count
            for place in overlay.lanes[lane] {
                segment.insert(overlay.pending[place].hash, ordinal: ordinal)
                ordinal += 1
            }
            segment.count = ordinal
        }
        slicesCommitted()
        endTransaction()
    }

    /// Nothing of the transaction is there.
    mutating func rolledBack() {
        nextNumber -= Int64(staged.opened.count)
        endTransaction()
    }

    private mutating func endTransaction() {
        closesHeld = false
        overlay.removeAll()
        staged = Staged()
    }

    private mutating func refreshFilters() {
        filters = segments.reversed().map(\.filter)
    }
}
