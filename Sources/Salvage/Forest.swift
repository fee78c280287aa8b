/// The pages of a database, and which of them were looked at so far.
struct Forest {
    let source: PageSource
    /// The table whose tree a page was met in, readable or not: its place in `Table.allCases` and one more; 0: in none.
    private var owners: [UInt8]
    /// Pages that hold the rest of a row.
    private var holdsOverflow: [Bool]
    /// So that chains that cross each other can't keep it busy for ever.
    private var chainPagesLeft: Int
    /// Pages that the disk didn't give.
    private(set) var unreadable: Set<Int> = []

    init(_ source: PageSource) {
        self.source = source
        owners = Array(repeating: 0, count: source.count + 1)
        holdsOverflow = Array(repeating: false, count: source.count + 1)
        chainPagesLeft = 2 * source.count
    }

    mutating func page(_ number: Int) -> ByteView? {
        let page = source.page(number)
        if page == nil, (1...max(1, source.count)).contains(number) { unreadable.insert(number) }
        return page
    }

    func owner(of page: Int) -> Table? {
        guard owners.indices.contains(page), owners[page] > 0 else { return nil }
        return Table.allCases[Int(owners[page]) - 1]
    }

    /// False where there is no such page, or it was met before.
    mutating func claim(_ page: Int, for table: Table) -> Bool {
        guard page > 0, owners.indices.contains(page), owners[page] == 0 else { return false }
        owners[page] = UInt8(Table.allCases.firstIndex(of: table)! + 1)
        return true
    }

    mutating func release(_ page: Int) {
        owners[page] = 0
    }

    /// Whether a page belongs to what was read already.
    func isTaken(_ page: Int) -> Bool { owners[page] != 0 || holdsOverflow[page] }

    /// The table whose tree a page hangs in by the pointer map, though no page above leads to it.
    func adopter(of number: Int) -> Table? {
        var page = number
        for _ in 0..<Self.depthMax {
            guard let parent = source.parent(of: page) else { return nil }
            if let owner = owner(of: parent) { return owner }
            page = parent
        }
        return nil
    }

    /// More than any tree of 2^32 pages has.
    private static let depthMax = 40

    /// A cell's record, as far as its bytes can be found.
    mutating func bytes(of cell: TreePage.Cell, in page: TreePage) -> [UInt8] {
        let length = cell.length ?? 0
        var bytes = Array(page.view.bytes[cell.local])
        var next = cell.overflow
        var met: Set<Int> = []
        while bytes.count < length {
            guard let number = next, chainPagesLeft > 0, met.insert(number).inserted, let view = self.page(number)
            else { break }
            chainPagesLeft -= 1
            if source.use(of: number) != .tree { holdsOverflow[number] = true }
            bytes += view.bytes[4..<4 + min(length - bytes.count, view.count - 4)]
            next = view.uint32(0)
        }
        return bytes
    }
}

/// A row, or what is left of it.
struct FoundRow {
    /// nil: nothing of it can be told.
    var record: Record?
    /// Of tables with row numbers.
    var number: Int64?
    var page: Int
    /// The number is not where the tree says that it should be.
    var isOutOfLine = false
}

/// What one page brought.
struct Finding {
    var rows: [FoundRow] = []
    var problems: [Unreadable] = []
}
