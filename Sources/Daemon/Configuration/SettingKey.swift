import OutboxCore

/// One key of the configuration file: its place in the file, its place in the values, and its kind.
struct SettingKey<Root> {
    /// From the top of the file, or of the function's rule.
    var path: [String]
    var read: (YAMLNode, inout Root) throws(Misfit) -> Void
    /// The value as YAML.
    var write: (Root) -> String

    init<Value>(_ path: String, _ place: WritableKeyPath<Root, Value>, _ kind: ValueKind<Value>) {
        self.path = path.split(separator: ".").map(String.init)
        read = { (node, root) throws(Misfit) in root[keyPath: place] = try kind.read(node) }
        write = { kind.write($0[keyPath: place]) }
    }

    /// The same key for something that holds a `Root`.
    func under<Outer>(_ prefix: String, _ place: WritableKeyPath<Outer, Root>) -> SettingKey<Outer> {
        SettingKey<Outer>(
            path: [prefix] + path,
            read: { [read] (node, outer) throws(Misfit) in try read(node, &outer[keyPath: place]) },
            write: { [write] in write($0[keyPath: place]) }
        )
    }

    private init(
        path: [String],
        read: @escaping (YAMLNode, inout Root) throws(Misfit) -> Void,
        write: @escaping (Root) -> String
    ) {
        self.path = path
        self.read = read
        self.write = write
    }

    var name: String { path.joined(separator: ".") }
}

/// A key that is known, but that this version can't carry out: it may only hold what changes nothing.
struct LaterKey {
    var path: [String]
    /// Besides null, an empty list and an empty mapping.
    var harmless: [String]
    /// Taken with a warning, since it would change something: the value, and what happens instead.
    var ignored: (value: String, instead: String)?

    init(_ path: String, harmless: [String] = [], ignored: (value: String, instead: String)? = nil) {
        self.path = path.split(separator: ".").map(String.init)
        self.harmless = harmless
        self.ignored = ignored
    }

    func under(_ prefix: String) -> LaterKey {
        var key = self
        key.path.insert(prefix, at: 0)
        return key
    }
}
