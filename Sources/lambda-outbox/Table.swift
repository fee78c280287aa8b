/// Rows of text in columns. On a terminal with a heading, in a pipe without.
struct Table {
    private let heading: [String]
    private var rows: [[String]] = []

    init(_ heading: String...) {
        self.heading = heading
    }

    mutating func add(_ cells: String...) {
        precondition(cells.count == heading.count, "one cell a column")
        rows.append(cells.map(Printable.line))
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Columns padded to their widest cell, two spaces apart; no rows make no lines.
    func lines(withHeading: Bool) -> [String] {
        if rows.isEmpty { return [] }
        let shown = withHeading ? [heading] + rows : rows
        let widths = heading.indices.map { column in shown.map { $0[column].count }.max() ?? 0 }
        return shown.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    func print(to output: Output = .standard) {
        for line in lines(withHeading: output.isTerminal) { output.line(line) }
    }
}
