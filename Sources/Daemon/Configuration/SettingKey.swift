import OutboxCore

/// One key of the configuration file: its place in the file, its place in the values, its kind, and when a change of it
/// takes effect.
struct SettingKey<Root> {
    /// From the top of the file, or of the function's rule.
    var path: [String]
    /// What a reload does with it.
    var applies: ConfigurationChange.Applies
    var read: (YAMLNode, inout Root) throws(Misfit) -> Void
    var write: (Root) -> EffectiveValue
    /// Compares values, secrets too.
    var differs: (Root, Root) -> Bool
    /// From the first to the second.
    var copy: (Root, inout Root) -> Void

    init<Value: Equatable>(
        _ path: String,
        _ applies: ConfigurationChange.Applies,
        _ place: WritableKeyPath<Root, Value>,
        _ kind: ValueKind<Value>
    ) {
        self.path = path.split(separator: ".").map(String.init)
        self.applies = applies
        read = { (node, root) throws(Misfit) in root[keyPath: place] = try kind.read(node) }
        write = { kind.write($0[keyPath: place]) }
        differs = { $0[keyPath: place] != $1[keyPath: place] }
        copy = { $1[keyPath: place] = $0[keyPath: place] }
    }

    /// The same key, under another one, for something that holds a `Root`.
    func under<Outer>(_ prefix: String, _ place: WritableKeyPath<Outer, Root>) -> SettingKey<Outer> {
        var key = inside(place)
        key.path.insert(prefix, at: 0)
        return key
    }

    /// The same key for something that holds a `Root`.
    func inside<Outer>(_ place: WritableKeyPath<Outer, Root>) -> SettingKey<Outer> {
        SettingKey<Outer>(
            path: path,
            applies: applies,
            read: { [read] (node, outer) throws(Misfit) in try read(node, &outer[keyPath: place]) },
            write: { [write] in write($0[keyPath: place]) },
            differs: { [differs] in differs($0[keyPath: place], $1[keyPath: place]) },
            copy: { [copy] in copy($0[keyPath: place], &$1[keyPath: place]) }
        )
    }

    private init(
        path: [String],
        applies: ConfigurationChange.Applies,
        read: @escaping (YAMLNode, inout Root) throws(Misfit) -> Void,
        write: @escaping (Root) -> EffectiveValue,
        differs: @escaping (Root, Root) -> Bool,
        copy: @escaping (Root, inout Root) -> Void
    ) {
        self.path = path
        self.applies = applies
        self.read = read
        self.write = write
        self.differs = differs
        self.copy = copy
    }

    var name: String { path.joined(separator: ".") }
}
