/// The pages in which a segment's table and filter are written: each with a checksum behind its bytes.
struct KeyPages {
    static let slotsPerPage = 1000
    private static let linesPerPage = 63
    private static let filterBase: Int64 = 0x80_0000

    let segment: Int64
    let form: SegmentTable.Form
    let tablePages: Int
    let filterPages: Int

    init(segment: Int64, capacity: Int) {
        self.segment = segment
        form = SegmentTable.Form(capacity: capacity)
        tablePages = (form.slotCount + Self.slotsPerPage - 1) / Self.slotsPerPage
        filterPages = (BlockFilter.lines(capacity: capacity) + Self.linesPerPage - 1) / Self.linesPerPage
    }

    var count: Int { tablePages + filterPages }

    /// The page's row number, of all pages: those of the table first.
    func number(_ index: Int) -> Int64 {
        let page = index < tablePages ? Int64(index) : Self.filterBase + Int64(index - tablePages)
        return segment << 24 | page
    }

    /// The bytes that belong into a page.
    func bytes(
        _ index: Int,
        table: UnsafeMutableRawBufferPointer,
        filter: UnsafeMutableRawBufferPointer
    ) -> UnsafeMutableRawBufferPointer {
        let whole = index < tablePages ? table : filter
        let size = index < tablePages ? Self.slotsPerPage * 4 : Self.linesPerPage * BlockFilter.lineBytes
        let start = (index < tablePages ? index : index - tablePages) * size
        return UnsafeMutableRawBufferPointer(rebasing: whole[start..<min(start + size, whole.count)])
    }

    /// Slots of a page of the table.
    func slots(inPage page: Int) -> Int { min(Self.slotsPerPage, form.slotCount - page * Self.slotsPerPage) }

    /// Rows of all pages of a segment.
    static func range(of segment: Int64) -> Range<Int64> { segment << 24..<(segment + 1) << 24 }
}
