/// A key that is known, but that this version can't carry out. Its value is checked all the same, and may only be one
/// that changes nothing.
struct LaterKey {
    enum Form {
        /// Whether a value, right in itself, changes nothing; and how to write that.
        case value(isInert: (YAMLNode) throws(Misfit) -> Bool, instead: String)
        /// A list of rules, each with a match.
        case rules([LaterKey])
    }

    /// From the top of the file, or of the rule.
    var path: [String]
    var form: Form

    /// - Parameter inert: the value that stands for what this version does.
    init<Value: Equatable>(_ path: String, _ kind: ValueKind<Value>, inert: Value) {
        self.init(path, kind, isInert: { $0 == inert }, instead: "remove it, or write \(kind.write(inert))")
    }

    /// Inside of a rule that can't be carried out as a whole.
    init<Value: Equatable>(_ path: String, _ kind: ValueKind<Value>) {
        self.init(path, kind, isInert: { _ in false }, instead: "remove it")
    }

    init(_ path: String, rules: [LaterKey]) {
        self.path = path.split(separator: ".").map(String.init)
        form = .rules(rules)
    }

    private init<Value>(
        _ path: String,
        _ kind: ValueKind<Value>,
        isInert: @escaping (Value) -> Bool,
        instead: String
    ) {
        self.path = path.split(separator: ".").map(String.init)
        let read = kind.read
        form = .value(isInert: { (node) throws(Misfit) in isInert(try read(node)) }, instead: instead)
    }

    func under(_ prefix: String) -> LaterKey {
        var key = self
        key.path.insert(prefix, at: 0)
        return key
    }

    var name: String { path.joined(separator: ".") }
}
