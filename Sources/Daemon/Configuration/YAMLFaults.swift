import Yams

/// Says in plain words what a YAML reader stumbled over, and where the mistake is rather than where it was noticed.
struct YAMLFaultFinder {
    private let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        var lines: [[Unicode.Scalar]] = [[]]
        var before: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if scalar == "\n", before == "\r" {
                // The second half of one line end.
            } else if Self.lineEnds.contains(scalar) {
                lines.append([])
            } else {
                lines[lines.count - 1].append(scalar)
            }
            before = scalar
        }
        self.lines = lines
    }

    /// As the YAML reader counts lines.
    private static let lineEnds: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]

    func fault(of error: YamlError) -> YAMLDocument.Fault {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            fault(problem, Place(mark), context?.text ?? "", context.map { Place($0.mark) } ?? Place(mark))
        case .duplicatedKeysInMapping(let keys, let context): duplicates(keys, Place(context.mark))
        case .reader(_, let offset, _, let text): controlCharacter(text, offset ?? 0)
        default: YAMLDocument.Fault(what: "not YAML", meant: "correct the file")
        }
    }

    /// From 1.
    private struct Place {
        var line: Int
        var column: Int

        init(line: Int, column: Int) { (self.line, self.column) = (line, column) }
        init(_ mark: Mark) { (line, column) = (mark.line, mark.column) }
    }

    private func make(_ place: Place, _ what: String, _ meant: String) -> YAMLDocument.Fault {
        YAMLDocument.Fault(line: place.line, column: place.column, what: what, meant: meant)
    }

    /// - Parameter start: where the thing began that the reader was at.
    private func fault(_ problem: String, _ place: Place, _ context: String, _ start: Place) -> YAMLDocument.Fault {
        if problem.contains("nesting") { return make(place, "nested too deeply", "correct the file") }
        if let placeholder = placeholder(near: place) { return placeholder }
        if problem.contains("alias") {
            return make(
                place,
                "an alias that no anchor (&…) stands for",
                "a value that begins with * must be quoted, as in \"*-dev\""
            )
        }
        if problem.contains("another document") {
            return make(place, "a second document", "keep one: remove the line ---, and join what stands below it")
        }
        if problem.contains("cannot start any token") { return strangeStart(place) }
        if problem.contains("mapping values are not allowed") { return secondColon(place) }
        if context.contains("quoted scalar") {
            return make(start, "a quote that is opened here and never closed", "close it, or remove it")
        }
        if problem.contains("node content") { return nothing(place) }
        if context.contains("flow") { return bracket(place, start) }
        if problem.contains("could not find expected ':'") {
            return make(start, "a line that is no KEY: VALUE", "write a colon and a space after the key, or remove it")
        }
        if problem.contains("<document start>") {
            return make(
                place,
                "text that belongs to no key",
                "write SECTION:, and below it its keys, indented, as KEY: VALUE"
            )
        }
        if problem.contains("block sequence entries") {
            return make(place, "a - in the line of its key", "begin the list in the next line, or write [A, B]")
        }
        if problem.contains("expected key") || problem.contains("expected '-' indicator") { return stray(place) }
        return make(
            place,
            "not YAML: \([context, problem].filter { !$0.isEmpty }.joined(separator: ": "))",
            "check indentation, brackets and quotes around this place"
        )
    }

    // MARK: What each may come from

    private func strangeStart(_ place: Place) -> YAMLDocument.Fault {
        let character = character(at: place)
        if character == "\t" {
            return make(place, "a tab", "indent with spaces; YAML takes no tabs there")
        }
        let shown = character.map { quoted(String($0)) } ?? "this character"
        return make(place, "\(shown) can't begin a value", "put the value in quotes")
    }

    private func secondColon(_ place: Place) -> YAMLDocument.Fault {
        let indent = indent(of: place.line)
        let above = (1..<max(1, place.line)).last { !isEmpty($0) }
        if let above, indent > self.indent(of: above), text(above).contains(": ") {
            return make(
                Place(line: place.line, column: indent + 1),
                "indented deeper than line \(above), which has a value of its own",
                "indent it like line \(above): by \(self.indent(of: above)) spaces"
            )
        }
        return make(
            place,
            "a second colon in one line",
            "write the inner key in a line of its own, indented, or quote a value that holds a colon and a space"
        )
    }

    private func bracket(_ place: Place, _ start: Place) -> YAMLDocument.Fault {
        let open = character(at: start) == "[" ? "[" : "{"
        let close = open == "[" ? "]" : "}"
        if place.line != start.line {
            return make(
                start,
                "a \(open) that is opened here and not closed",
                "close it with \(close), and put commas between what is in it"
            )
        }
        return make(place, "no comma and no \(close) where one must stand", "put a comma between, or quote the value")
    }

    private func nothing(_ place: Place) -> YAMLDocument.Fault {
        if let open = openBracket(before: place), open.line != place.line { return bracket(place, open) }
        return make(place, "nothing where a value must stand", "write a value, or remove what stands before it")
    }

    private func stray(_ place: Place) -> YAMLDocument.Fault {
        let indent = indent(of: place.line)
        if let character = character(at: place), "]}".unicodeScalars.contains(character) {
            return make(place, "a \(character) that nothing has opened", "remove it")
        }
        guard place.column == indent + 1 else {
            return make(place, "text behind the end of a value", "remove it, or quote the whole value")
        }
        let isItem = text(place.line).dropFirst(indent).hasPrefix("-")
        let above = (1..<max(1, place.line)).compactMap { isItem ? dashIndent(of: $0) : keyIndent(of: $0) }
        let fitting = Set(above).subtracting([indent]).sorted().map(String.init)
        return make(
            place,
            "indented by \(indent) space\(indent == 1 ? "" : "s"), which fits nothing above it",
            fitting.isEmpty ? "check the line" : "indent it like its neighbours (\(fitting.joined(separator: ", ")))"
        )
    }

    /// nil: the line begins no item of a list.
    private func dashIndent(of line: Int) -> Int? {
        let indent = indent(of: line)
        return text(line).dropFirst(indent).hasPrefix("-") ? indent : nil
    }

    /// Where the line's key begins, behind the dashes before it; nil: there is none.
    private func keyIndent(of line: Int) -> Int? {
        isEmpty(line) ? nil : scalars(of: line).prefix { $0 == " " || $0 == "-" }.count
    }

    private func placeholder(near place: Place) -> YAMLDocument.Fault? {
        let line = scalars(of: place.line)
        for (index, pair) in zip(line, line.dropFirst()).enumerated() where pair.1 == "{" && pair.0 == "$" {
            return make(
                Place(line: place.line, column: index + 1),
                "a placeholder (${…})",
                "write the value itself: nothing is replaced in this file"
            )
        }
        return nil
    }

    private func duplicates(_ keys: [String], _ place: Place) -> YAMLDocument.Fault {
        let names = keys.prefix(3).map(quoted).joined(separator: ", ")
        let areNumbers = keys.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        let meant =
            areNumbers
            ? "write a large number without commas"
            : "it stands here and again further down in the same mapping: keep one"
        return make(place, "duplicate key \(names)", meant)
    }

    private func controlCharacter(_ text: String, _ offset: Int) -> YAMLDocument.Fault {
        let before = text.prefix(offset).unicodeScalars
        let column = before.reversed().prefix { $0 != "\n" }.count + 1
        return make(
            Place(line: before.count { $0 == "\n" } + 1, column: column),
            "a control character",
            "remove it; the file must be plain UTF-8 text"
        )
    }

    // MARK: The text

    private func character(at place: Place) -> Unicode.Scalar? {
        let line = scalars(of: place.line)
        return line.indices.contains(place.column - 1) ? line[place.column - 1] : nil
    }

    /// The last bracket that was opened and not closed; quotes and comments are passed over.
    private func openBracket(before place: Place) -> Place? {
        var open: [Place] = []
        for line in 1..<max(2, place.line + 1) {
            var quote: Unicode.Scalar?
            var before: Unicode.Scalar = " "
            for (index, scalar) in scalars(of: line).enumerated() {
                if line == place.line, index + 1 >= place.column { break }
                if let opened = quote {
                    if scalar == opened { quote = nil }
                } else if scalar == "#", before == " " {
                    break
                } else if scalar == "\"" || scalar == "'" {
                    quote = scalar
                } else if scalar == "[" || scalar == "{" {
                    open.append(Place(line: line, column: index + 1))
                } else if scalar == "]" || scalar == "}" {
                    _ = open.popLast()
                }
                before = scalar
            }
        }
        return open.last
    }

    /// From 1; empty past the end.
    private func scalars(of line: Int) -> [Unicode.Scalar] {
        lines.indices.contains(line - 1) ? lines[line - 1] : []
    }

    private func text(_ line: Int) -> String {
        String(String.UnicodeScalarView(scalars(of: line)))
    }

    private func indent(of line: Int) -> Int {
        scalars(of: line).prefix { $0 == " " }.count
    }

    /// Nothing in it, or a comment only.
    private func isEmpty(_ line: Int) -> Bool {
        let first = scalars(of: line).first { !" \t\r".unicodeScalars.contains($0) }
        return first == nil || first == "#"
    }
}
