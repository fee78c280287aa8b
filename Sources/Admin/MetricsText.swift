import AdminAPI

/// The Prometheus text format (version 0.0.4), from one status.
enum MetricsText {
    static func text(of status: Status) -> String {
        var lines = Lines()
        lines.gauge("oldest_event_age_seconds", "Age of the event that has waited longest.")
        if let oldest = status.oldest {
            lines.sample("oldest_event_age_seconds", ["function": oldest.function], Double(oldest.ageSeconds))
        }
        let functions = bounded(status.functions)
        lines.gauge("events_queued", "Events in the queue.")
        for function in functions { lines.sample("events_queued", ["function": function.function], function.queued) }
        lines.gauge("events_in_flight", "Attempts under way.")
        lines.sample("events_in_flight", [:], status.inFlight)
        lines.gauge("dead_letters", "Dead letters.")
        let named = Set(functions.map(\.function))
        var letters: [[String]: Int] = [:]
        for group in status.deadLetters {
            letters[[named.contains(group.function) ? group.function : rest, group.condition], default: 0] +=
                group.count
        }
        for (labels, count) in letters.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            lines.sample("dead_letters", ["function": labels[0], "condition": labels[1]], count)
        }
        lines.gauge("function_state", "1 for the state that a function is in.")
        for function in functions where function.function != rest {
            lines.sample("function_state", ["function": function.function, "state": function.state], 1)
        }
        lines.gauge("route_state", "1 for the state that a route is in.")
        for route in status.routes { lines.sample("route_state", ["route": route.name, "state": route.state], 1) }
        lines.counter("events_accepted_total", "Accept requests since start, by result.")
        lines.sample("events_accepted_total", ["result": "accepted"], status.counters.accepted)
        lines.sample("events_accepted_total", ["result": "repeat"], status.counters.repeats)
        lines.sample("events_accepted_total", ["result": "refused"], status.counters.refused)
        lines.counter("attempts_total", "Attempts since start, by blame.")
        for (blame, count) in status.counters.attempts.sorted(by: { $0.key < $1.key }) {
            lines.sample("attempts_total", ["blame": blame], count)
        }
        lines.counter("handed_over_total", "Events handed over to Lambda since start.")
        lines.sample("handed_over_total", [:], status.counters.handedOver)
        lines.counter("dead_lettered_total", "Events that became dead letters since start.")
        lines.sample("dead_lettered_total", [:], status.counters.deadLettered)
        lines.gauge("accepting", "1 while the door accepts.")
        lines.sample("accepting", [:], status.accepting ? 1 : 0)
        lines.gauge("store_bytes", "Size of the database file.")
        lines.sample("store_bytes", [:], Double(status.store.bytes))
        lines.gauge("wal_bytes", "Size of the write-ahead log.")
        lines.sample("wal_bytes", [:], Double(status.store.walBytes))
        lines.gauge("disk_free_bytes", "Free space on the database's disk.")
        lines.sample("disk_free_bytes", [:], Double(status.store.diskFreeBytes))
        lines.gauge("uptime_seconds", "Time since the daemon started.")
        lines.sample("uptime_seconds", [:], Double(status.uptimeSeconds))
        return lines.text
    }

    /// Can't be a function's name.
    static let rest = "(other)"

    /// The functions with most events, and one line that adds up the rest: label values stay bounded in number.
    static func bounded(_ functions: [FunctionStatus], max: Int = AdminLimits.metricFunctionsMax) -> [FunctionStatus] {
        if functions.count <= max { return functions }
        let sorted = functions.sorted { ($1.queued + $1.dead, $0.function) < ($0.queued + $0.dead, $1.function) }
        var other = FunctionStatus(function: rest, state: "active", queued: 0, dead: 0, inFlight: 0)
        for function in sorted[max...] {
            other.queued += function.queued
            other.dead += function.dead
            other.inFlight += function.inFlight
        }
        return sorted[..<max] + [other]
    }

    private struct Lines {
        private(set) var text = ""

        mutating func gauge(_ name: String, _ help: String) { head(name, "gauge", help) }
        mutating func counter(_ name: String, _ help: String) { head(name, "counter", help) }

        private mutating func head(_ name: String, _ type: String, _ help: String) {
            text += "# HELP lambda_outbox_\(name) \(help)\n# TYPE lambda_outbox_\(name) \(type)\n"
        }

        mutating func sample(_ name: String, _ labels: [String: String], _ value: Int) {
            sample(name, labels, Double(value))
        }

        mutating func sample(_ name: String, _ labels: [String: String], _ value: Double) {
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            let number = value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : String(value)
            text += "lambda_outbox_\(name)\(pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") \(number)\n"
        }

        private static func escaped(_ value: String) -> String {
            var result = ""
            for character in value.unicodeScalars {
                switch character {
                case "\\": result += "\\\\"
                case "\"": result += "\\\""
                case "\n": result += "\\n"
                default: result.unicodeScalars.append(character)
                }
            }
            return result
        }
    }
}
