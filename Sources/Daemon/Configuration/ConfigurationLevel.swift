/// Where the walk through a configuration file is: which keys may stand in a mapping, and how it is called.
struct ConfigurationLevel<Root> {
    var keys: [SettingKey<Root>]
    var later: [LaterKey]
    /// Names that the caller reads itself, at the top of this tree.
    var others: [String]
    /// Stands before every key: `functions[0].`
    var label = ""
    var path: [String] = []
    /// It is part of something that is refused as a whole.
    var isRefused = false

    init(
        keys: [SettingKey<Root>],
        later: [LaterKey],
        others: [String],
        label: String = "",
        isRefused: Bool = false
    ) {
        self.keys = keys
        self.later = later
        self.others = others
        self.label = label
        self.isRefused = isRefused
    }

    /// Without a point at its end; empty at the top.
    var name: String { path.isEmpty ? String(label.dropLast()) : label + path.joined(separator: ".") }

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

    func section(_ path: [String]) -> ConfigurationLevel {
        var inner = self
        inner.path = path
        inner.others = []
        return inner
    }

    /// How a mapping is written here, for somebody who wrote something else.
    func mappingMeant(_ node: YAMLNode) -> String {
        switch node.content {
        case .list: return "remove the - before its keys, or the brackets around them"
        case .scalar(let text, _):
            if let name = names.first(where: { text.hasPrefix($0) }) {
                return "write a colon and a space behind \(name), as in \(name): VALUE"
            }
            return "write its keys below it, indented, as KEY: VALUE; known here: \(names.joined(separator: ", "))"
        case .null, .map: return "write its keys below it"
        }
    }

    /// What somebody may have meant by a key that isn't known here.
    func guess(_ key: String) -> String {
        let names = names
        let parts = key.split(whereSeparator: { ".:/".contains($0) }).map(String.init)
        if parts.count > 1, keys.contains(where: { $0.path == path + parts }) {
            return "write \(parts[0]): and, below it, \(parts.dropFirst().joined(separator: ": ")), indented"
        }
        if let other = Self.otherNames[key], names.contains(other) { return "did you mean \"\(other)\"?" }
        if let near = Spelling.nearest(to: key, in: names) { return "did you mean \"\(near)\"?" }
        let elsewhere = Self.places(of: key)
        // Under this very section: a level was left out.
        if let inner = elsewhere.first(where: { label.isEmpty && $0.starts(with: path) && $0.count > path.count + 1 }) {
            return "did you mean \(inner.joined(separator: "."))?"
                + " Write it under \(inner[inner.count - 2]):, indented"
        }
        if !elsewhere.isEmpty {
            return "did you mean \(elsewhere.map { $0.joined(separator: ".") }.joined(separator: " or "))?"
        }
        return "known here: \(names.joined(separator: ", "))"
    }

    /// What other programs call it.
    private static var otherNames: [String: String] {
        [
            "max_retries": "max_attempts", "retries": "max_attempts", "attempts": "max_attempts", "ttl": "max_age",
            "concurrency": "max_in_flight", "max_concurrency": "max_in_flight", "function": "match",
            "name": "match", "pattern": "match", "file": "path", "socket": "path", "permissions": "mode",
            "bind": "address", "host": "address", "port": "address", "backoff": "base_delay",
            "endpoint": "endpoint_url",
        ]
    }

    /// Sections and keys of that name, or nearly, anywhere in the file.
    private static func places(of key: String) -> [[String]] {
        let paths = ConfigurationKeys.settings.map(\.path) + LaterKeys.settings.map(\.path)
        var nested = paths.filter { $0.count > 1 }
        nested += paths.filter { $0.count > 2 }.map { Array($0.dropLast()) }
        let tops = paths.map { [$0[0]] } + [["functions"], ["routes"]]
        let known = tops + nested
        guard let near = Spelling.nearest(to: key, in: known.map { $0[$0.count - 1] }) else { return [] }
        var seen: Set<[String]> = []
        return Array(known.filter { $0.last == near && seen.insert($0).inserted }.prefix(2))
    }
}
