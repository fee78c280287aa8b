/// Rows of text: on a terminal in aligned columns under a heading, in a pipe one line a row with tabs between the cells.
struct Table {
    /// Columns that the last cell gets even where the terminal has none left for it.
    private let lastWidthMin: Int
    private let heading: [String]
    private var rows: [(cells: [String], colours: [Int: Style.Colour])] = []

    init(_ heading: String..., lastWidthMin: Int = 12) {
        self.heading = heading
        self.lastWidthMin = lastWidthMin
    }

    /// - Parameter colours: of cells, by their column.
    mutating func add(_ cells: String..., colours: [Int: Style.Colour] = [:]) {
        precondition(cells.count == heading.count, "one cell a column")
        rows.append((cells.map(Printable.line), colours))
    }

    var isEmpty: Bool { rows.isEmpty }

    /// As the stream wants it; no rows make no lines.
    func lines(for style: Style) -> [String] {
        guard let width = style.width else { return rows.map { $0.cells.joined(separator: "\t") } }
        return aligned(withHeading: true, width: width, style: style)
    }

    /// Aligned columns, two spaces apart, as wide as they need to be; no rows make no lines.
    func lines(withHeading: Bool) -> [String] {
        aligned(withHeading: withHeading, width: nil, style: .plain)
    }

    func print(to output: Output = .standard) {
        for line in lines(for: output.style) { output.line(line) }
    }

    private func aligned(withHeading: Bool, width: Int?, style: Style) -> [String] {
        if rows.isEmpty { return [] }
        var shown = rows
        if withHeading {
            let bold = heading.indices.map { ($0, Style.Colour.bold) }
            shown.insert((heading, Dictionary(uniqueKeysWithValues: bold)), at: 0)
        }
        let last = heading.count - 1
        let widths = heading.indices.map { column in shown.map { TextWidth.of($0.cells[column]) }.max() ?? 0 }
        let room = width.map { max(lastWidthMin, $0 - widths[..<last].reduce(0) { $0 + $1 + 2 }) }
        return shown.map { row in
            // Padding is for what stands behind it: without that the line ends.
            let end = row.cells.lastIndex { !$0.isEmpty } ?? 0
            return row.cells[...end].enumerated().map { column, cell in
                let fitting = column == last ? room.map { TextWidth.cut(cell, to: $0) } ?? cell : cell
                let padding = column == end ? "" : TextWidth.pad("", to: widths[column] + 2 - TextWidth.of(fitting))
                return style.paint(fitting, row.colours[column]) + padding
            }.joined()
        }
    }
}
