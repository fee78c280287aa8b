/// A page of a b-tree: its cells and children, as far as they make sense.
struct TreePage {
    enum Kind: UInt8 {
        case indexInterior = 2
        case tableInterior = 5
        case indexLeaf = 10
        case tableLeaf = 13

        var isInterior: Bool { self == .indexInterior || self == .tableInterior }
        var isIndex: Bool { self == .indexInterior || self == .indexLeaf }
    }

    let kind: Kind
    let view: ByteView
    /// Where cells begin.
    let cells: [Int]
    /// Cells whose place can't be.
    let brokenCells: Int
    /// The last child of an interior page.
    let rightmost: Int?

    /// Nil where the page is none of a b-tree.
    init?(_ view: ByteView, number: Int) {
        // The file's header stands before that of the first page.
        let header = number == 1 ? 100 : 0
        guard let kind = view.byte(header).flatMap(Kind.init(rawValue:)), let count = view.uint16(header + 3) else {
            return nil
        }
        let array = header + (kind.isInterior ? 12 : 8)
        guard array + count * 2 <= view.count else { return nil }
        let places = (0..<count).compactMap { view.uint16(array + $0 * 2) }
        self.kind = kind
        self.view = view
        cells = places.filter { $0 >= array + count * 2 && $0 <= view.count - 4 }
        brokenCells = count - cells.count
        rightmost = kind.isInterior ? view.uint32(header + 8) : nil
    }

    /// A cell's own bytes, and what leads to the rest of it.
    struct Cell {
        /// Row number, of a table.
        var row: Int64?
        /// The page with smaller rows, of an interior page.
        var child: Int?
        /// Length of the whole record; nil where the cell holds none.
        var length: Int?
        var local: Range<Int> = 0..<0
        /// The first page of what isn't here.
        var overflow: Int?
    }

    /// Nil where it can't be one.
    func cell(at offset: Int) -> Cell? {
        var cell = Cell()
        var position = offset
        if kind.isInterior {
            cell.child = view.uint32(position)
            position += 4
        }
        if kind == .tableInterior {
            guard let row = view.varint(position, end: view.count) else { return nil }
            cell.row = row.value
            return cell
        }
        guard let length = view.varint(position, end: view.count), (1...Self.lengthMax).contains(length.value) else {
            return nil
        }
        cell.length = Int(length.value)
        position = length.next
        if kind == .tableLeaf {
            guard let row = view.varint(position, end: view.count) else { return nil }
            cell.row = row.value
            position = row.next
        }
        let local = localBytes(Int(length.value))
        guard position + local <= view.count else { return nil }
        cell.local = position..<position + local
        if local < Int(length.value) {
            guard let next = view.uint32(position + local) else { return nil }
            cell.overflow = next
        }
        return cell
    }

    /// SQLite's own bound of a record.
    private static let lengthMax: Int64 = 1_000_000_000

    /// How much of a record stands in its cell (SQLite's file format, "Cell Payload Overflow Pages").
    private func localBytes(_ length: Int) -> Int {
        let usable = view.count
        let most = kind == .tableLeaf ? usable - 35 : (usable - 12) * 64 / 255 - 23
        if length <= most { return length }
        let least = (usable - 12) * 32 / 255 - 23
        let fitting = least + (length - least) % (usable - 4)
        return fitting <= most ? fitting : least
    }
}
