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

    private static let keyMeant = "write NAME: VALUE; a template's {{ … }} isn't replaced in this file"

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
            throw YAMLFaultFinder(text).fault(of: error)
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
            throw Fault(line: line, column: column, what: "a key that is no name", meant: keyMeant)
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

/// A piece of the file as it may stand in an error text: short, in one line, and without characters that would move a
/// terminal's cursor or turn the direction of writing.
func forPeople(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(60).map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: " "
        default: String(scalar)
        }
    }
    return shown.joined() + (text.unicodeScalars.count > 60 ? "…" : "")
}
