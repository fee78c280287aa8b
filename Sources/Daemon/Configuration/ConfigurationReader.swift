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
    private(set) var warnings: [String] = []

    init(file: String) {
        self.file = file
    }

    /// Where the walk is: a mapping's keys, and how it is called.
    private struct Level<Root> {
        var keys: [SettingKey<Root>]
        var later: [LaterKey]
        /// Names that the caller reads itself, at the top of this tree.
        var others: [String]
        /// Stands before every key: `functions[0].`
        var label = ""
        var path: [String] = []

        /// Names that may stand here.
        var names: [String] {
            let paths = keys.map(\.path) + later.map(\.path) + others.map { [$0] }
            var seen: Set<String> = []
            return paths.filter { $0.starts(with: path) && $0.count > path.count }.map { $0[path.count] }
                .filter { seen.insert($0).inserted }
        }

        func isSection(_ path: [String]) -> Bool {
            keys.contains { $0.path.starts(with: path) } || later.contains { $0.path.starts(with: path) }
        }
    }

    /// Reads the whole document.
    mutating func read(_ root: YAMLNode) {
        guard case .map(let entries) = root.content else {
            if case .null = root.content { return }
            note(root, "the top level is \(root.kind)", meant: "write a mapping such as queue: { max_bytes: 10GiB }")
            return
        }
        let level = Level(keys: ConfigurationKeys.settings, later: ConfigurationKeys.later, others: ["functions"])
        var found = values
        read(root, level, into: &found)
        values = found
        if let functions = entries.first(where: { $0.key == "functions" }) { readFunctions(functions.value) }
    }

    /// Rules start from `defaults`, wherever that stands in the file.
    private mutating func readFunctions(_ node: YAMLNode) {
        if case .null = node.content { return }
        guard case .list(let rules) = node.content else {
            note(node, "functions: \(node.kind) instead of a list", meant: "begin each rule with - match: PATTERN")
            return
        }
        for rule in rules { readRule(rule) }
    }

    private mutating func readRule(_ node: YAMLNode) {
        let label = "functions[\(values.functions.count)]"
        guard case .map(let entries) = node.content else {
            note(node, "\(label): \(node.kind) instead of a rule", meant: "write - match: PATTERN, then its keys")
            return
        }
        var rule = Configuration.FunctionRule(match: GlobPattern(""), policy: values.defaults)
        if let match = entries.first(where: { $0.key == "match" }) {
            do throws(Misfit) {
                rule.match = try ValueKind<GlobPattern>.pattern.read(match.value)
            } catch {
                failed.insert("\(label).match")
                note(match.value, "\(label).match: \(error.what)", meant: error.meant)
            }
            sources["\(label).match"] = source(match.value)
        } else {
            failed.insert("\(label).match")
            note(node, "\(label) has no match", meant: "add match: with a name, name:qualifier or ARN")
        }
        let level = Level(
            keys: ConfigurationKeys.policy,
            later: ConfigurationKeys.laterPolicy,
            others: ["match"],
            label: "\(label)."
        )
        read(node, level, into: &rule.policy)
        values.functions.append(rule)
    }

    private mutating func read<Root>(_ node: YAMLNode, _ level: Level<Root>, into root: inout Root) {
        let name = level.label + level.path.joined(separator: ".")
        switch node.content {
        case .null: return
        case .map(let entries):
            for entry in entries { read(entry, level, into: &root) }
        case .scalar, .list:
            note(
                node,
                "\(name): \(node.kind) instead of a mapping",
                meant: "known here: \(level.names.joined(separator: ", "))"
            )
        }
    }

    private mutating func read<Root>(_ entry: YAMLNode.Entry, _ level: Level<Root>, into root: inout Root) {
        let path = level.path + [entry.key]
        let name = level.label + path.joined(separator: ".")
        if let key = level.keys.first(where: { $0.path == path }) {
            do throws(Misfit) {
                try key.read(entry.value, &root)
                sources[name] = source(entry.value)
            } catch {
                failed.insert(name)
                note(entry.value, "\(name): \(error.what)", meant: error.meant)
            }
        } else if let key = level.later.first(where: { $0.path == path }) {
            check(key, name, entry.value)
        } else if level.isSection(path) {
            var inner = level
            inner.path = path
            inner.others = []
            read(entry.value, inner, into: &root)
        } else if !level.others.contains(entry.key) {
            noteUnknown(entry, level)
        }
    }

    private mutating func check(_ key: LaterKey, _ name: String, _ node: YAMLNode) {
        switch node.content {
        case .null: return
        case .list(let list) where list.isEmpty: return
        case .map(let map) where map.isEmpty: return
        case .scalar(let text, _) where key.harmless.contains(text): return
        case .scalar(let text, _):
            if let ignored = key.ignored, ignored.value == text {
                warnings.append("\(place(node.line, node.column)): \(name) is not in this version; \(ignored.instead)")
                return
            }
        case .list, .map: break
        }
        let allowed = key.harmless.first.map { "remove it, or write \($0)" } ?? "remove it"
        note(node, "\(name) with this value is not in this version", meant: allowed)
    }

    private mutating func noteUnknown<Root>(_ entry: YAMLNode.Entry, _ level: Level<Root>) {
        let names = level.names
        let elsewhere = (ConfigurationKeys.settings.map(\.path) + ConfigurationKeys.later.map(\.path))
            .first { $0.last == entry.key && $0.count > 1 }
        let meant: String
        if let near = Spelling.nearest(to: entry.key, in: names) {
            meant = "did you mean \"\(near)\"?"
        } else if let elsewhere {
            meant = "did you mean \(elsewhere.joined(separator: "."))?"
        } else {
            meant = "known here: \(names.joined(separator: ", "))"
        }
        let section = (level.label.isEmpty ? [] : [String(level.label.dropLast())]) + level.path
        let name = section.isEmpty ? "" : " in \(section.joined(separator: "."))"
        problems.append(
            ConfigurationProblem(
                place: place(entry.line, entry.column),
                what: "unknown key \(quoted(entry.key))\(name)",
                meant: meant
            )
        )
    }

    private mutating func note(_ node: YAMLNode, _ what: String, meant: String) {
        problems.append(ConfigurationProblem(place: place(node.line, node.column), what: what, meant: meant))
    }

    private func place(_ line: Int, _ column: Int) -> String { "\(file):\(line):\(column)" }

    private func source(_ node: YAMLNode) -> ValueSource {
        .file(file, line: node.line, column: node.column)
    }
}
