import OutboxCore

/// Finds values that are right alone, but can't stand together.
struct ConfigurationChecks {
    let values: Configuration
    let sources: [String: ValueSource]
    private(set) var problems: [ConfigurationProblem] = []

    init(values: Configuration, sources: [String: ValueSource]) {
        self.values = values
        self.sources = sources
        checkListeners()
        checkSizes()
        checkPolicy(values.defaults, label: "defaults")
        for (index, rule) in values.functions.enumerated() { checkPolicy(rule.policy, label: "functions[\(index)]") }
        checkRules()
    }

    private mutating func checkListeners() {
        let tcp = values.listen.tcp
        if tcp.address != nil && tcp.authentication == nil && sources["listen.tcp.authentication"] == nil {
            note(
                "listen.tcp.address",
                "listen.tcp has no authentication",
                "add authentication: none if every program here may send"
            )
        }
        if tcp.address == nil && tcp.authentication != nil {
            note("listen.tcp.authentication", "listen.tcp has no address", "add address: 127.0.0.1:9100, or remove it")
        }
        if let door = tcp.address, let admin = values.admin.tcp.address, door.port == admin.port {
            note("admin.tcp.address", "listen.tcp and admin.tcp have the same port", "give them different ports")
        }
        let paths = [
            ("listen.unix.path", values.listen.unix.path), ("admin.unix.path", values.admin.unix.path),
            ("store.path", values.store.path),
        ]
        for (index, (key, path)) in paths.enumerated() {
            if let (other, _) = paths[..<index].first(where: { $0.1 == path }) {
                note(key, other, "\(key) and \(other) are the same file", "give them different paths")
            }
        }
    }

    private mutating func checkSizes() {
        if values.door.bodyMemory < values.queue.maxPayload {
            note(
                "door.body_memory",
                "queue.max_payload",
                "door.body_memory is smaller than queue.max_payload",
                "one event must fit into it: raise door.body_memory or lower queue.max_payload"
            )
        }
        if values.queue.maxBytes < values.queue.maxPayload {
            note(
                "queue.max_bytes",
                "queue.max_payload",
                "queue.max_bytes is smaller than queue.max_payload",
                "one event must fit into the queue: raise queue.max_bytes or lower queue.max_payload"
            )
        }
    }

    private mutating func checkPolicy(_ policy: FunctionPolicy, label: String) {
        // A rule that says nothing about delays repeats the mistake of the defaults.
        let keys = ["\(label).max_delay", "\(label).base_delay"]
        guard policy.maxDelay < policy.baseDelay, keys.contains(where: { sources[$0] != nil }) else { return }
        note(
            keys[0],
            keys[1],
            "\(label): max_delay (\(Quantity.text(policy.maxDelay))) is shorter than base_delay (\(Quantity.text(policy.baseDelay)))",
            "make max_delay at least as long as base_delay"
        )
    }

    private mutating func checkRules() {
        for (index, rule) in values.functions.enumerated() {
            let earlier = values.functions[..<index]
            guard let first = earlier.firstIndex(where: { $0.match == rule.match || $0.match.text == "*" }) else {
                continue
            }
            note(
                "functions[\(index)].match",
                "functions[\(index)] never applies: functions[\(first)] (\(values.functions[first].match)) matches first",
                "remove it, or move it up"
            )
        }
    }

    private mutating func note(_ key: String, _ what: String, _ meant: String) {
        note(key, key, what, meant)
    }

    /// Stands at the first of the two keys that was given.
    private mutating func note(_ key: String, _ other: String, _ what: String, _ meant: String) {
        let source = sources[key] ?? sources[other] ?? .builtIn
        problems.append(ConfigurationProblem(place: source.place, what: what, meant: meant))
    }
}
