import OutboxCore

/// The rows of the keys' three tables.
struct KeyRows: ~Copyable {
    private let insertEntries: Statement
    private let selectRow: Statement
    private let scanRows: Statement
    private let deleteEntries: Statement
    private let replacePage: Statement
    private let selectPage: Statement
    private let deletePages: Statement
    private let insertSegment: Statement
    private let updateSegment: Statement
    private let deleteSegment: Statement
    /// For one row, or one page and its checksum.
    private let buffer: UnsafeMutableRawPointer

    private static let bufferBytes = 4096
    /// Of the schema.
    static let firstVersion: Int64 = 5

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insertEntries = try connection.prepare("INSERT INTO key_entries VALUES (?1, ?2)")
        let selectRow = try connection.prepare(
            "SELECT position, entries FROM key_entries WHERE position <= ?1 ORDER BY position DESC LIMIT 1"
        )
        let scanRows = try connection.prepare(
            "SELECT position, entries FROM key_entries WHERE position >= ?1 AND position < ?2 ORDER BY position"
        )
        let deleteEntries = try connection.prepare("DELETE FROM key_entries WHERE position >= ?1 AND position < ?2")
        let replacePage = try connection.prepare("INSERT OR REPLACE INTO key_pages VALUES (?1, ?2)")
        let selectPage = try connection.prepare("SELECT data FROM key_pages WHERE page = ?1")
        let deletePages = try connection.prepare("DELETE FROM key_pages WHERE page >= ?1 AND page < ?2")
        let insertSegment = try connection.prepare(
            "INSERT INTO key_segments (segment, lane, capacity, opened_at, keep_until, state) VALUES (?1, ?2, ?3, ?4, ?5, 0)"
        )
        let updateSegment = try connection.prepare(
            "UPDATE key_segments SET keep_until = ?2, state = ?3, keys = ?4 WHERE segment = ?1"
        )
        let deleteSegment = try connection.prepare("DELETE FROM key_segments WHERE segment = ?1")
        self.insertEntries = insertEntries
        self.selectRow = selectRow
        self.scanRows = scanRows
        self.deleteEntries = deleteEntries
        self.replacePage = replacePage
        self.selectPage = selectPage
        self.deletePages = deletePages
        self.insertSegment = insertSegment
        self.updateSegment = updateSegment
        self.deleteSegment = deleteSegment
        buffer = .allocate(byteCount: Self.bufferBytes, alignment: 8)
    }

    deinit {
        buffer.deallocate()
    }

    // MARK: Entries

    /// Appends one row.
    func append(_ entries: Range<Int>, _ entry: (Int) -> KeyEntry, position: Int64) throws(SQLiteError) {
        for (place, index) in entries.enumerated() {
            entry(index).write(to: buffer + place * KeyEntry.byteCount)
        }
        let length = KeyRow.seal(buffer, count: entries.count, position: position)
        insertEntries.bind(position, at: 1)
        insertEntries.bindInPlace(UnsafeRawBufferPointer(start: buffer, count: length), at: 2)
        try insertEntries.run()
    }

    /// The entry of this ordinal, if it is of this key; nil also where its row is damaged.
    func entry(_ ordinal: Int, of segment: Int64, ifOf key: Digest128) throws(SQLiteError) -> KeyEntry? {
        selectRow.bind(KeyRow.position(segment: segment, ordinal: ordinal), at: 1)
        defer { selectRow.reset() }
        guard try selectRow.step() else { return nil }
        let position = selectRow.int64(0)
        let place = ordinal - KeyRow.ordinal(position)
        guard KeyRow.segment(position) == segment else { return nil }
        return selectRow.withBlob(1) { row in
            guard let start = row.baseAddress, (place + 1) * KeyEntry.byteCount <= row.count,
                KeyEntry.key(at: start + place * KeyEntry.byteCount) == key,
                place < KeyRow.count(row, position: position)
            else { return nil }
            return KeyEntry(from: start + place * KeyEntry.byteCount)
        }
    }

    /// Rows from a position on, until they held so many entries; a damaged one counts as one.
    /// - Parameter body: takes a row's position and its entries; none where it is damaged.
    /// - Returns: where to go on; nil: there are no more.
    func scan(
        from: Int64,
        before end: Int64,
        entries limit: Int,
        _ body: (_ position: Int64, _ entries: [KeyEntry]) throws(SQLiteError) -> Void
    ) throws(SQLiteError) -> Int64? {
        scanRows.bind(from, at: 1)
        scanRows.bind(end, at: 2)
        defer { scanRows.reset() }
        var looked = 0
        var last = from
        while try scanRows.step() {
            last = scanRows.int64(0)
            let entries = scanRows.withBlob(1) { row in
                (0..<KeyRow.count(row, position: last)).map {
                    KeyEntry(from: row.baseAddress! + $0 * KeyEntry.byteCount)
                }
            }
            try body(last, entries)
            looked += max(1, entries.count)
            if looked >= limit { return last + 1 }
        }
        return nil
    }

    func delete(entries: Range<Int64>) throws(SQLiteError) {
        deleteEntries.bind(entries.lowerBound, at: 1)
        deleteEntries.bind(entries.upperBound, at: 2)
        try deleteEntries.run()
    }

    // MARK: Pages

    func write(_ page: Int64, _ bytes: UnsafeMutableRawBufferPointer, seed: UInt32) throws(SQLiteError) {
        buffer.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        let sum = CRC32.of(UnsafeRawBufferPointer(bytes), seed: seed)
        buffer.storeBytes(of: sum.littleEndian, toByteOffset: bytes.count, as: UInt32.self)
        replacePage.bind(page, at: 1)
        replacePage.bindInPlace(UnsafeRawBufferPointer(start: buffer, count: bytes.count + 4), at: 2)
        try replacePage.run()
    }

    /// Lends the bytes of a page.
    /// - Returns: nil if it isn't there, has another length, or another checksum.
    func read<Result>(
        _ page: Int64,
        count: Int,
        seed: UInt32,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(SQLiteError) -> Result? {
        selectPage.bind(page, at: 1)
        defer { selectPage.reset() }
        guard try selectPage.step() else { return nil }
        return selectPage.withBlob(0) { data in
            guard data.count == count + 4 else { return nil }
            let bytes = UnsafeRawBufferPointer(rebasing: data[..<count])
            let sum = UInt32(littleEndian: data.loadUnaligned(fromByteOffset: count, as: UInt32.self))
            return CRC32.of(bytes, seed: seed) == sum ? body(bytes) : nil
        }
    }

    func delete(pages: Range<Int64>) throws(SQLiteError) {
        deletePages.bind(pages.lowerBound, at: 1)
        deletePages.bind(pages.upperBound, at: 2)
        try deletePages.run()
    }

    // MARK: Segments

    func open(_ segment: KeySegment) throws(SQLiteError) {
        insertSegment.bind(segment.number, at: 1)
        insertSegment.bind(segment.lane, at: 2)
        insertSegment.bind(segment.capacity, at: 3)
        insertSegment.bind(segment.openedAt, at: 4)
        insertSegment.bind(segment.keepUntil, at: 5)
        try insertSegment.run()
    }

    func update(_ segment: KeySegment, keepUntil: Int64, _ state: KeySegment.State) throws(SQLiteError) {
        updateSegment.bind(segment.number, at: 1)
        updateSegment.bind(keepUntil, at: 2)
        updateSegment.bind(state.rawValue, at: 3)
        updateSegment.bind(state == .active ? nil : Int64(segment.count), at: 4)
        try updateSegment.run()
    }

    func remove(segment: Int64) throws(SQLiteError) {
        deleteSegment.bind(segment, at: 1)
        try deleteSegment.run()
    }

    /// All of them, by number.
    static func segments(_ connection: borrowing Connection) throws(SQLiteError) -> [(KeySegmentRow)] {
        let sql = """
            SELECT segment, lane, capacity, opened_at, keep_until, state, keys FROM key_segments ORDER BY segment
            """
        let select = try connection.prepare(sql)
        var rows: [KeySegmentRow] = []
        while try select.step() {
            guard let state = KeySegment.State(rawValue: select.int64(5)), (0..<1 << 38).contains(select.int64(0)),
                (1...SegmentTable.Form.capacityMax).contains(select.int(2)), (0..<KeyLane.count).contains(select.int(1))
            else { throw SQLiteError.damaged("a segment of keys that can't be", sql: sql) }
            rows.append(
                KeySegmentRow(
                    number: select.int64(0),
                    lane: select.int(1),
                    capacity: select.int(2),
                    openedAt: select.int64(3),
                    keepUntil: select.int64(4),
                    state: state,
                    keys: select.optionalInt64(6).map { Int(clamping: $0) }
                )
            )
        }
        return rows
    }
}

/// A segment as its row says.
struct KeySegmentRow {
    var number: Int64
    var lane: Int
    var capacity: Int
    var openedAt: Int64
    var keepUntil: Int64
    var state: KeySegment.State
    /// nil: it isn't closed.
    var keys: Int?

    var segment: KeySegment {
        KeySegment(
            number: number,
            lane: lane,
            capacity: capacity,
            openedAt: openedAt,
            keepUntil: keepUntil,
            state: state
        )
    }
}
