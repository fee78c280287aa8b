import AWSCredentials
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
            others: ["functions", "routes"]
        )
        var found = values
        read(root, level, into: &found)
        values = found
        // Rules start from `defaults` or `aws`, wherever those stand in the file.
        for entry in entries {
            switch entry.key {
            case "functions": readFunctions(entry.value)
            case "routes": readRoutes(entry.value)
            default: break
            }
        }
    }

    private mutating func readFunctions(_ node: YAMLNode) {
        for rule in rules(node, "functions") {
            var found = Configuration.FunctionRule(match: GlobPattern(""), policy: values.defaults)
            let label = "functions[\(values.functions.count)]"
            guard read(rule, label, RuleList.functions.keys, LaterKeys.policy, into: &found) else { continue }
            values.functions.append(found)
        }
    }

    private mutating func readRoutes(_ node: YAMLNode) {
        for rule in rules(node, "routes") {
            var found = Configuration.RouteRule(aws: values.aws)
            let label = "routes[\(values.routes.count)]"
            let problemsBefore = problems.count
            guard read(rule, label, RuleList.routes.keys, [], into: &found) else { continue }
            // Empty because of a mistake in it: that was told.
            if found.match == RouteMatch(), problems.count > problemsBefore { failed.insert("\(label).match") }
            for key in ConfigurationKeys.route where sources["\(label).\(key.name)"] != nil {
                found.aws.keyNames[key.name] = "\(label).\(key.name)"
                found.aws.choosesFiles = found.aws.choosesFiles || AWSSettings.fileKeys.contains(key.name)
            }
            values.routes.append(found)
        }
    }

    private mutating func rules(_ node: YAMLNode, _ name: String) -> [YAMLNode] {
        switch node.content {
        case .null: return []
        case .list(let rules): return rules
        case .scalar, .map:
            note(
                node,
                "\(name): \(node.kind) instead of a list",
                meant: "begin each rule with - match: \(name == "routes" ? "{ account: … }" : "PATTERN"), "
                    + "and write its keys below it, without a -"
            )
            return []
        }
    }

    /// False: it is no rule at all.
    private mutating func read<Rule>(
        _ node: YAMLNode,
        _ label: String,
        _ keys: [SettingKey<Rule>],
        _ later: [LaterKey],
        into rule: inout Rule
    ) -> Bool {
        guard let entries = entries(of: node, rule: label) else { return false }
        if let match = entries.first(where: { $0.key == "match" }) {
            sources["\(label).match"] = source(match.value)
        } else {
            failed.insert("\(label).match")
        }
        read(node, ConfigurationLevel(keys: keys, later: later, others: [], label: "\(label)."), into: &rule)
        return true
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
                what: mayHoldPassword(placeholder) ? "a placeholder" : "\(quoted(placeholder)) is a placeholder",
                meant: "write the value itself: nothing is replaced in this file"
            )
        }
        if let text = node.typography {
            let what = mayHoldPassword(text) ? "it" : quoted(text)
            throw Misfit(what: "\(what) holds a typographic quote or space", meant: "write plain ones")
        }
        return try read(node)
    }

    /// Whether it must not be quoted: an address with a user's name in it.
    private func mayHoldPassword(_ text: String) -> Bool { text.contains("@") }

    private mutating func note(_ node: YAMLNode, _ what: String, meant: String) {
        problems.append(ConfigurationProblem(place: place(node.line, node.column), what: what, meant: meant))
    }

    private func place(_ line: Int, _ column: Int) -> String { "\(file):\(line):\(column)" }

    private func source(_ node: YAMLNode) -> ValueSource {
        .file(file, line: node.line, column: node.column)
    }
}
