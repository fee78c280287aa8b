import Yams

/// Takes a YAML text apart, within bounds: configuration is small, and a file that isn't must not cost memory or time.
enum YAMLDocument {
    static let nodesMax = 20_000
    static let aliasesMax = 16

    /// Why a text is not one YAML document that we take, and where; line and column from 1.
    struct Fault: Error, Equatable {
        var line: Int = 1
        var column: Int = 1
        var what: String
        var meant: String
    }

    /// nil: the text is empty, or comments only.
    static func parse(_ text: String) throws(Fault) -> YAMLNode? {
        try refuseManyAliases(text)
        guard let root = try compose(text) else { return nil }
        var nodes = 0
        return try convert(root, nodes: &nodes)
    }

    private static func compose(_ text: String) throws(Fault) -> Node? {
        do {
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw fault(of: error)
        } catch {
            throw Fault(what: "not YAML", meant: "correct the file")
        }
    }

    private static func convert(_ node: Node, nodes: inout Int) throws(Fault) -> YAMLNode {
        let (line, column) = (node.mark?.line ?? 1, node.mark?.column ?? 1)
        nodes += 1
        if nodes > nodesMax {
            throw Fault(
                line: line,
                column: column,
                what: "more than \(nodesMax) values",
                meant: "make the file smaller, with fewer aliases"
            )
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(content: try content(of: scalar, line, column), line: line, column: column)
        case .sequence(let sequence):
            var list: [YAMLNode] = []
            for element in sequence { list.append(try convert(element, nodes: &nodes)) }
            return YAMLNode(content: .list(list), line: line, column: column)
        case .mapping(let mapping):
            var entries: [YAMLNode.Entry] = []
            for (key, value) in mapping { entries.append(try entry(key, value, nodes: &nodes)) }
            return YAMLNode(content: .map(entries), line: line, column: column)
        case .alias:
            throw Fault(line: line, column: column, what: "an alias", meant: "write the value out")
        }
    }

    private static func entry(_ key: Node, _ value: Node, nodes: inout Int) throws(Fault) -> YAMLNode.Entry {
        let (line, column) = (key.mark?.line ?? 1, key.mark?.column ?? 1)
        guard case .scalar(let name) = key else {
            throw Fault(line: line, column: column, what: "a key that is no name", meant: "write name: value")
        }
        if name.string == "<<" {
            throw Fault(line: line, column: column, what: "a merge key (<<)", meant: "write the values out")
        }
        return YAMLNode.Entry(key: name.string, line: line, column: column, value: try convert(value, nodes: &nodes))
    }

    private static func content(
        of scalar: Node.Scalar,
        _ line: Int,
        _ column: Int
    ) throws(Fault) -> YAMLNode.Content {
        let tag = scalar.tag.description
        let isPlain = scalar.style == .plain
        if !tag.isEmpty, isPlain || tag != Tag.Name.str.rawValue {
            throw Fault(line: line, column: column, what: "a YAML tag (!…)", meant: "remove it")
        }
        let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        return isNull ? .null : .scalar(scalar.string, isPlain: isPlain)
    }

    /// Aliases of aliases multiply; YAML readers stumble over that before anybody can count. Counts generously what may
    /// be an alias outside comments and quotes.
    private static func refuseManyAliases(_ text: String) throws(Fault) {
        var (line, count) = (1, 0)
        var before = UInt8(ascii: "\n")
        var isComment = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") { (line, isComment) = (line + 1, false) }
            let mayStart = " \t\n\r[{,:?-".utf8.contains(before)
            if byte == UInt8(ascii: "#"), mayStart { isComment = true }
            if byte == UInt8(ascii: "*"), mayStart, !isComment { count += 1 }
            if count > aliasesMax {
                throw Fault(
                    line: line,
                    what: "more than \(aliasesMax) aliases",
                    meant: "write the values out, and quote patterns that begin with *"
                )
            }
            before = byte
        }
    }
}

extension YAMLDocument {
    private static func fault(of error: YamlError) -> Fault {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            if problem.contains("nesting") {
                return Fault(line: mark.line, column: mark.column, what: "nested too deeply", meant: "correct the file")
            }
            let text = [context?.text, problem].compactMap(\.self).joined(separator: ": ")
            return Fault(line: mark.line, column: mark.column, what: "not YAML: \(text)", meant: hint(text))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\(forPeople($0))\"" }.joined(separator: ", ")
            return Fault(
                line: context.mark.line,
                column: context.mark.column,
                what: "duplicate key \(names)",
                meant: "it stands here and again further down in the same mapping: keep one"
            )
        case .reader(_, let offset, _, let text):
            let before = text.prefix(offset ?? 0).unicodeScalars
            let line = before.count { $0 == "\n" } + 1
            let column = before.reversed().prefix { $0 != "\n" }.count + 1
            return Fault(
                line: line,
                column: column,
                what: "not YAML: a control character",
                meant: "remove it; the file must be plain UTF-8 text"
            )
        default:
            return Fault(what: "not YAML", meant: "correct the file")
        }
    }

    private static func hint(_ problem: String) -> String {
        if problem.contains("alias") { return "a value that begins with * must be quoted, as in \"*-dev\"" }
        if problem.contains("another document") { return "keep one document: remove the line ---" }
        if problem.contains("cannot start any token") {
            return "indent with spaces, not tabs, and quote values that begin with @, ` or %"
        }
        if problem.contains("mapping values are not allowed") {
            return "quote a value that contains a colon and a space, and check the indentation"
        }
        return "check indentation, brackets and quotes around this place"
    }
}

/// A piece of the file as it may stand in an error text: short, and without control characters.
func forPeople(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? " " : String($0) }
    return shown.joined() + (text.unicodeScalars.count > 60 ? "…" : "")
}
