/// Walks a table's tree from its root, page by page, rows in order. Goes on behind everything that can't be read.
struct TreeWalk {
    private let table: Table
    private var places: [Place]
    /// How deep the leaves are; nil: none was met yet.
    private var leafDepth: Int?

    /// A page to be read, and between which row numbers its rows must be.
    private struct Place {
        var page: Int
        var above: Int = 0
        var depth = 0
        var after: Int64?
        var through: Int64?

        func allows(_ row: Int64) -> Bool {
            (after.map { row > $0 } ?? true) && (through.map { row <= $0 } ?? true)
        }
    }

    init(_ table: Table, root: Int) {
        self.table = table
        places = [Place(page: root)]
    }

    /// Reads one more page; nil: that was all.
    mutating func next(_ forest: inout Forest) -> Finding? {
        guard let place = places.popLast() else { return nil }
        var finding = Finding()
        guard forest.claim(place.page, for: table) else {
            finding.problems.append(lost(place, "a page leads to one that isn't there, or belongs elsewhere"))
            return finding
        }
        guard let view = forest.page(place.page) else {
            finding.problems.append(lost(place, "the page can't be read"))
            return finding
        }
        guard let page = TreePage(view, number: place.page), page.kind.isIndex == table.isWithoutRowID else {
            finding.problems.append(lost(place, "the page is none of its table"))
            return finding
        }
        finding = PageRows.read(page, number: place.page, &forest)
        if page.kind == .tableLeaf {
            for index in finding.rows.indices {
                finding.rows[index].isOutOfLine = finding.rows[index].number.map { !place.allows($0) } ?? false
            }
        }
        if isOfAnother(page, finding.rows, place, forest) {
            forest.release(place.page)
            return Finding(problems: [lost(place, "a page leads to one of another place")])
        }
        for index in finding.problems.indices { finding.problems[index].table = table.rawValue }
        if page.kind.isInterior { descend(page, place) } else { leafDepth = leafDepth ?? place.depth }
        return finding
    }

    /// Whether a pointer that was damaged led here: what stands here isn't what should, and the pointer map agrees.
    private func isOfAnother(_ page: TreePage, _ rows: [FoundRow], _ place: Place, _ forest: Forest) -> Bool {
        guard place.depth > 0, forest.source.parent(of: place.page) != place.above else { return false }
        if page.kind == .tableInterior {
            let keys = page.cells.compactMap { page.cell(at: $0)?.row }
            return !keys.isEmpty && !keys.contains(where: place.allows)
        }
        let whole = rows.filter { $0.record?.isWhole == true }
        if whole.isEmpty { return false }
        return whole.allSatisfy { row in row.isOutOfLine || row.record.map { !table.fits($0) } ?? true }
    }

    private mutating func descend(_ page: TreePage, _ place: Place) {
        var children: [Place] = []
        var after = place.after
        for cell in page.cells.compactMap({ page.cell(at: $0) }) {
            guard let child = cell.child else { continue }
            var next = place
            next.page = child
            next.after = after
            if let key = cell.row, place.allows(key), after.map({ key > $0 }) ?? true {
                next.through = key
                after = key
            } else if page.kind == .tableInterior {
                // The key is damaged: nothing can be said of the rows around it.
                next.after = place.after
                after = place.after
            }
            children.append(next)
        }
        if let rightmost = page.rightmost {
            var last = place
            last.page = rightmost
            last.after = after
            children.append(last)
        }
        for index in children.indices {
            children[index].depth = place.depth + 1
            children[index].above = place.page
        }
        places += children.reversed()
    }

    private func lost(_ place: Place, _ reason: String) -> Unreadable {
        var problem = Unreadable(page: place.page, table: table.rawValue, reason: reason)
        if let leafDepth, place.depth == leafDepth { problem.rowsAtLeast = 1 }
        if let after = place.after, let through = place.through, after < through {
            problem.sequences = after + 1...through
        }
        return problem
    }
}

/// Reads the rows of one page, whatever table it is of.
enum PageRows {
    static func read(_ page: TreePage, number: Int, _ forest: inout Forest) -> Finding {
        var finding = Finding()
        if page.brokenCells > 0 {
            finding.problems.append(
                Unreadable(
                    page: number,
                    reason: "cells of the page are out of place",
                    rowsAtLeast: page.kind == .tableInterior ? 0 : page.brokenCells
                )
            )
        }
        for offset in page.cells {
            guard let cell = page.cell(at: offset) else {
                finding.problems.append(
                    Unreadable(
                        page: number,
                        reason: "a cell makes no sense",
                        rowsAtLeast: page.kind == .tableInterior ? 0 : 1
                    )
                )
                continue
            }
            guard let length = cell.length else { continue }
            let bytes = forest.bytes(of: cell, in: page)
            finding.rows.append(FoundRow(record: Record(bytes, length: length), number: cell.row, page: number))
        }
        return finding
    }
}
