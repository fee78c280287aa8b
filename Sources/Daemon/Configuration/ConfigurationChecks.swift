import OutboxCore

/// Finds values that are right alone, but can't stand together.
struct ConfigurationChecks {
    let values: Configuration
    let sources: [String: ValueSource]
    /// Keys whose values couldn't be read; nothing more is said of them.
    let failed: Set<String>
    private(set) var problems: [ConfigurationProblem] = []

    init(values: Configuration, sources: [String: ValueSource], failed: Set<String>) {
        self.values = values
        self.sources = sources
        self.failed = failed
        checkListeners()
        checkSizes()
        checkPolicy(values.defaults, label: "defaults")
        for (index, rule) in values.functions.enumerated() { checkPolicy(rule.policy, label: "functions[\(index)]") }
        checkRules()
        checkRoutes()
    }

    private mutating func checkListeners() {
        let tcp = values.listen.tcp
        let keys = ["listen.tcp.address", "listen.tcp.authentication"]
        if tcp.address != nil && tcp.authentication == nil {
            note(keys, "listen.tcp has no authentication", "add authentication: none if every program here may send")
        }
        if tcp.address == nil && tcp.authentication != nil {
            note(keys.reversed(), "listen.tcp has no address", "add address: 127.0.0.1:9100, or remove it")
        }
        if let door = tcp.address, let admin = values.admin.tcp.address, door.port == admin.port {
            note(["admin.tcp.address"], "listen.tcp and admin.tcp have the same port", "give them different ports")
        }
        let paths = [
            ("listen.unix.path", values.listen.unix.path), ("admin.unix.path", values.admin.unix.path),
            ("store.path", values.store.path),
        ]
        for (index, (key, path)) in paths.enumerated() {
            if let (other, _) = paths[..<index].first(where: { $0.1 == path }) {
                note([key, other], "\(key) and \(other) are the same file", "give them different paths")
            }
        }
    }

    private mutating func checkSizes() {
        let limits = [("door.body_memory", values.door.bodyMemory), ("queue.max_bytes", values.queue.maxBytes)]
        for (key, bytes) in limits where bytes < values.queue.maxPayload {
            note(
                [key, "queue.max_payload"],
                "\(key) is smaller than queue.max_payload",
                "one event must fit into it: raise \(key) or lower queue.max_payload"
            )
        }
    }

    private mutating func checkPolicy(_ policy: FunctionPolicy, label: String) {
        let keys = ["\(label).max_delay", "\(label).base_delay"]
        // A rule that says nothing about delays repeats the mistake of the defaults.
        guard policy.maxDelay < policy.baseDelay, keys.contains(where: { sources[$0] != nil }) else { return }
        let delays = (Quantity.text(policy.maxDelay), Quantity.text(policy.baseDelay))
        note(
            keys + ["defaults.max_delay", "defaults.base_delay"],
            "\(label): max_delay (\(delays.0)) is shorter than base_delay (\(delays.1))",
            "make max_delay at least as long as base_delay"
        )
    }

    private mutating func checkRules() {
        for (index, rule) in values.functions.enumerated() {
            let earlier = values.functions[..<index]
            guard let first = earlier.firstIndex(where: { $0.match == rule.match || $0.match.text == "*" }) else {
                continue
            }
            let other = "functions[\(first)] (\(values.functions[first].match))"
            note(
                ["functions[\(index)].match"],
                "functions[\(index)] never applies: \(other) matches first",
                "remove it, or move it up"
            )
        }
    }

    private mutating func checkRoutes() {
        for (index, rule) in values.routes.enumerated() {
            let label = "routes[\(index)]"
            if rule.match == RouteMatch() {
                note(
                    ["\(label).match", "\(label).match.account", "\(label).match.region"],
                    "\(label).match says neither account nor region",
                    "write match: { account: … } or { region: … }; what holds for all functions stands under aws:"
                )
            } else if let first = values.routes[..<index].firstIndex(where: { $0.match.covers(rule.match) }) {
                note(
                    ["\(label).match.account", "\(label).match.region"],
                    "\(label) never applies: routes[\(first)] (\(values.routes[first].match)) matches first",
                    "remove it, or move it up"
                )
            }
        }
    }

    /// Stands at the first of the keys that was given.
    private mutating func note(_ keys: [String], _ what: String, _ meant: String) {
        if keys.contains(where: { failed.contains($0) }) { return }
        let source = keys.compactMap { sources[$0] }.first ?? .builtIn
        problems.append(ConfigurationProblem(place: source.place, what: what, meant: meant))
    }
}
