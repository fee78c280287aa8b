import OutboxCore

/// Walks through the nodes of a configuration file; gathers values, where each came from, and every mistake.
struct ConfigurationReader {
    let file: String
    private(set) var values = Configuration()
    /// By full key: `queue.max_bytes`, `functions[0].max_age`.
    private(set) var sources: [String: ValueSource] = [:]
    /// Keys whose values couldn't be read, by full key.
    private(set) var failed: Set<String> = []
    private(set) var problems: [ConfigurationProblem] = []

    init(file: String) {
        self.file = file
    }

    /// Reads the whole document.
    mutating func read(_ root: YAMLNode) {
        guard case .map(let entries) = root.content else {
            if case .null = root.content { return }
            note(root, "the top level is \(root.kind)", meant: "write SECTION:, and below it its keys, indented")
            return
        }
        let level = ConfigurationLevel(
            keys: ConfigurationKeys.settings,
            later: LaterKeys.settings,
            others: ["functions"]
        )
        var found = values
        read(root, level, into: &found)
        values = found
        if let functions = entries.first(where: { $0.key == "functions" }) { readFunctions(functions.value) }
    }

    /// Rules start from `defaults`, wherever that stands in the file.
    private mutating func readFunctions(_ node: YAMLNode) {
        if case .null = node.content { return }
        guard case .list(let rules) = node.content else {
            note(
                node,
                "functions: \(node.kind) instead of a list",
                meant: "begin each rule with - match: PATTERN, and write its keys below it, without a -"
            )
            return
        }
        for rule in rules { readRule(rule) }
    }

    private mutating func readRule(_ node: YAMLNode) {
        let label = "functions[\(values.functions.count)]"
        guard let entries = entries(of: node, rule: label) else { return }
        var rule = Configuration.FunctionRule(match: GlobPattern(""), policy: values.defaults)
        if let match = entries.first(where: { $0.key == "match" }) {
            do throws(Misfit) {
                rule.match = try value(match.value, ValueKind<GlobPattern>.pattern.read)
            } catch {
                failed.insert("\(label).match")
                note(match.value, "\(label).match: \(error.what)", meant: error.meant)
            }
            sources["\(label).match"] = source(match.value)
        } else {
            failed.insert("\(label).match")
        }
        let level = ConfigurationLevel(
            keys: ConfigurationKeys.policy,
            later: LaterKeys.policy,
            others: ["match"],
            label: "\(label)."
        )
        read(node, level, into: &rule.policy)
        values.functions.append(rule)
    }

    /// nil: it is no rule at all. One without a match is named, and read nonetheless.
    private mutating func entries(of node: YAMLNode, rule label: String) -> [YAMLNode.Entry]? {
        guard case .map(let entries) = node.content else {
            note(node, "\(label): \(node.kind) instead of a rule", meant: "write - match: PATTERN, then its keys")
            return nil
        }
        if !entries.contains(where: { $0.key == "match" }) {
            note(
                node,
                "\(label) has no match",
                meant: "add match:, or remove the - if its keys belong to the rule above"
            )
        }
        return entries
    }

    private mutating func read<Root>(_ node: YAMLNode, _ level: ConfigurationLevel<Root>, into root: inout Root) {
        switch node.content {
        case .null: return
        case .map(let entries):
            for entry in entries { read(entry, level, into: &root) }
        case .scalar, .list:
            note(node, "\(level.name): \(node.kind) instead of a mapping", meant: level.mappingMeant(node))
        }
    }

    private mutating func read<Root>(
        _ entry: YAMLNode.Entry,
        _ level: ConfigurationLevel<Root>,
        into root: inout Root
    ) {
        let path = level.path + [entry.key]
        let name = level.label + path.joined(separator: ".")
        if let key = level.keys.first(where: { $0.path == path }) {
            do throws(Misfit) {
                try value(entry.value) { (node) throws(Misfit) in try key.read(node, &root) }
                sources[name] = source(entry.value)
            } catch {
                failed.insert(name)
                note(entry.value, "\(name): \(error.what)", meant: error.meant)
            }
        } else if let key = level.later.first(where: { $0.path == path }) {
            check(key, name, entry.value, isRefusedAnyway: level.isRefused)
        } else if level.isSection(path) {
            read(entry.value, level.section(path), into: &root)
        } else if !level.others.contains(entry.key) {
            problems.append(
                ConfigurationProblem(
                    place: place(entry.line, entry.column),
                    what: "unknown key \(quoted(entry.key))" + (level.name.isEmpty ? "" : " in \(level.name)"),
                    meant: level.guess(entry.key)
                )
            )
        }
    }

    /// - Parameter isRefusedAnyway: of something that is refused as a whole, only what is wrong in itself is said.
    private mutating func check(_ key: LaterKey, _ name: String, _ node: YAMLNode, isRefusedAnyway: Bool) {
        switch key.form {
        case .value(let isInert, let instead):
            do throws(Misfit) {
                if try value(node, isInert) || isRefusedAnyway { return }
                note(node, "\(name) with this value is not in this version", meant: instead)
            } catch {
                let hint = isRefusedAnyway ? "" : " (not in this version either: remove it)"
                note(node, "\(name): \(error.what)", meant: error.meant + hint)
            }
        case .rules(let keys):
            switch node.content {
            case .null: return
            case .scalar, .map:
                note(
                    node,
                    "\(name): \(node.kind) instead of a list",
                    meant: "begin each rule with - match: (not in this version either: remove it)"
                )
            case .list(let rules):
                if rules.isEmpty { return }
                note(node, "\(name) is not in this version", meant: "remove it")
                for (index, rule) in rules.enumerated() { check(rule, "\(name)[\(index)]", keys) }
            }
        }
    }

    private mutating func check(_ rule: YAMLNode, _ label: String, _ keys: [LaterKey]) {
        guard entries(of: rule, rule: label) != nil else { return }
        var nothing: Void = ()
        let level = ConfigurationLevel<Void>(keys: [], later: keys, others: [], label: "\(label).", isRefused: true)
        read(rule, level, into: &nothing)
    }

    /// Reads a value that isn't a placeholder of some template, and holds nothing that looks like something else.
    private func value<Value>(
        _ node: YAMLNode,
        _ read: (YAMLNode) throws(Misfit) -> Value
    ) throws(Misfit) -> Value {
        if let placeholder = node.placeholder {
            throw Misfit(
                what: "\(quoted(placeholder)) is a placeholder",
                meant: "write the value itself: nothing is replaced in this file"
            )
        }
        if let text = node.typography {
            throw Misfit(what: "\(quoted(text)) holds a typographic quote or space", meant: "write plain ones")
        }
        return try read(node)
    }

    private mutating func note(_ node: YAMLNode, _ what: String, meant: String) {
        problems.append(ConfigurationProblem(place: place(node.line, node.column), what: what, meant: meant))
    }

    private func place(_ line: Int, _ column: Int) -> String { "\(file):\(line):\(column)" }

    private func source(_ node: YAMLNode) -> ValueSource {
        .file(file, line: node.line, column: node.column)
    }
}
