import AdminAPI
import OutboxCore

extension AdminService {
    package func metricsPage() async throws -> [UInt8] {
        Array(MetricsText.text(of: try await metrics()).utf8)
    }
}

/// The Prometheus text format (version 0.0.4).
package enum MetricsText {
    /// The whole page. Families come in a fixed order, functions by name.
    package static func text(of metrics: Metrics) -> String {
        var lines = MetricLines()
        functions(metrics, &lines)
        delivery(metrics, &lines)
        door(metrics, &lines)
        store(metrics, &lines)
        process(metrics, &lines)
        return lines.text
    }

    private static let routeStates = ["active", "suspended"]
    private static let functionStates = routeStates + ["paused"]

    private static func functions(_ metrics: Metrics, _ lines: inout MetricLines) {
        let functions = metrics.functions.sorted { $0.label < $1.label }
        lines.gauge("oldest_event_age_seconds", "Age of the oldest event that waits, by function; 0 where none waits.")
        for function in functions {
            guard let age = function.queued == 0 ? 0 : function.oldestAgeSeconds else { continue }
            lines.sample(["function": function.label], Double(age))
        }
        lines.gauge("events_queued", "Events in the queue, those in flight included.")
        for function in functions { lines.sample(["function": function.label], function.queued) }
        lines.gauge("events_in_flight", "Attempts under way.")
        for function in functions { lines.sample(["function": function.label], function.inFlight) }
        lines.gauge("dead_letters", "Dead letters that are kept.")
        for function in functions {
            for (condition, count) in function.dead.sorted(by: { $0.key < $1.key }) {
                lines.sample(["function": function.label, "condition": condition], count)
            }
        }
        lines.gauge("function_state", "1 for the state that a function is in, 0 for the others.")
        for function in functions {
            guard let current = function.state else { continue }
            for state in functionStates {
                lines.sample(["function": function.label, "state": state], state == current ? 1 : 0)
            }
        }
        lines.gauge(
            "rate_limit_per_second",
            "What a throttle, rate or drain_rate allows, while it holds a function back."
        )
        for function in functions {
            if let rate = function.ratePerSecond { lines.sample(["function": function.label], rate) }
        }
        lines.gauge("seconds_to_empty", "Until a function's queue is empty at its present pace; missing if unknown.")
        for function in functions {
            if let seconds = function.secondsToEmpty { lines.sample(["function": function.label], Double(seconds)) }
        }
        lines.counter("events_accepted_total", "Requests to accept an event that reached the queue, by result.")
        for function in functions {
            for kind in AcceptKind.allCases where kind == .accepted || function.accepts[kind.rawValue] > 0 {
                let labels = ["function": function.label, "result": "\(kind)"]
                lines.sample(labels, Double(function.accepts[kind.rawValue]))
            }
        }
        lines.counter("attempts_total", "Attempts that ended, by whom they are blamed on; none: handed over.")
        for function in functions {
            for kind in AttemptKind.allCases where kind == .none || function.attempts[kind.rawValue] > 0 {
                let labels = ["function": function.label, "blame": kind.word]
                lines.sample(labels, Double(function.attempts[kind.rawValue]))
            }
        }
        lines.counter("handed_over_total", "Events that Lambda answered with 202.")
        for function in functions {
            lines.sample(["function": function.label], Double(function.attempts[AttemptKind.none.rawValue]))
        }
    }

    private static func delivery(_ metrics: Metrics, _ lines: inout MetricLines) {
        let routes = metrics.status.routes
        lines.histogram("attempt_duration_seconds", "One attempt, start to end.", metrics.attemptDurations)
        lines.counter("dead_lettered_total", "Events that became dead letters since the start.")
        lines.sample([:], metrics.status.counters.deadLettered)
        lines.gauge("route_state", "1 for the state that a route is in, 0 for the others.")
        for route in routes {
            for state in routeStates {
                lines.sample(["route": route.name, "state": state], state == route.state ? 1 : 0)
            }
        }
        lines.gauge("credentials_usable", "1 while a route has credentials.")
        for route in routes { lines.sample(["route": route.name], route.hasCredentials ? 1 : 0) }
        lines.gauge("credentials_expiry_seconds", "Time until a route's credentials expire; missing where they don't.")
        for route in routes {
            guard let expiry = route.credentialsExpireAt else { continue }
            let left = Double(expiry.milliseconds - metrics.status.at.milliseconds) / 1000
            lines.sample(["route": route.name], left)
        }
        lines.gauge("clock_skew_seconds", "AWS's clock minus this machine's, by the latest answer on a route.")
        for route in routes {
            if let skew = route.clockSkewSeconds { lines.sample(["route": route.name], Double(skew)) }
        }
    }

    private static func door(_ metrics: Metrics, _ lines: inout MetricLines) {
        lines.gauge("accepting", "1 while the door accepts events.")
        lines.sample([:], metrics.status.accepting ? 1 : 0)
        lines.histogram("accept_duration_seconds", "From a whole request to its 202.", metrics.acceptDurations)
        lines.counter("refusals_total", "Requests that the door refused, by error code.")
        for (code, count) in metrics.refusals.sorted(by: { $0.key < $1.key }) { lines.sample(["code": code], count) }
        guard let connections = metrics.connections else { return }
        lines.gauge("door_connections", "Open connections of producers.")
        lines.sample([:], connections.open)
        lines.counter("door_connections_total", "Connections of producers that were taken.")
        lines.sample([:], connections.opened)
        lines.counter("door_connections_turned_away_total", "Connections closed at once: too many were open.")
        lines.sample([:], connections.turnedAway)
        lines.counter("door_timeouts_total", "Connections closed because a request did not come in time.")
        lines.sample([:], connections.timeouts)
    }

    private static func store(_ metrics: Metrics, _ lines: inout MetricLines) {
        let store = metrics.status.store
        lines.histogram("commit_duration_seconds", "One transaction, until it is on disk.", metrics.commitDurations)
        lines.histogram("commit_events", "Events and outcomes in one transaction.", metrics.commitEvents)
        lines.gauge("store_bytes", "Size of the database file.")
        lines.sample([:], Double(store.bytes))
        lines.gauge("store_used_bytes", "What counts towards queue.max_bytes.")
        lines.sample([:], Double(store.usedBytes))
        if let max = store.maxBytes {
            lines.gauge("store_max_bytes", "queue.max_bytes.")
            lines.sample([:], Double(max))
        }
        lines.gauge("store_events", "Queued events and dead letters: what counts towards queue.max_events.")
        lines.sample([:], metrics.status.queued + metrics.status.dead)
        if let max = store.maxEvents {
            lines.gauge("store_max_events", "queue.max_events.")
            lines.sample([:], max)
        }
        lines.gauge("store_keys", "Idempotency keys that are remembered: what counts towards queue.max_keys.")
        lines.sample([:], store.keys)
        if let max = store.maxKeys {
            lines.gauge("store_max_keys", "queue.max_keys.")
            lines.sample([:], max)
        }
        lines.gauge("damaged_files", "Damaged databases that were moved aside and are still there.")
        lines.sample([:], store.damagedFiles.count)
        lines.gauge("wal_bytes", "Of the write-ahead log, what is not in the database file yet.")
        lines.sample([:], Double(store.walBytes))
        if let free = store.diskFreeBytes {
            lines.gauge("disk_free_bytes", "Free space on the database's disk.")
            lines.sample([:], Double(free))
        }
        if let floor = store.minFreeDiskBytes {
            lines.gauge("disk_free_min_bytes", "queue.min_free_disk: below it the door closes.")
            lines.sample([:], Double(floor))
        }
    }

    private static func process(_ metrics: Metrics, _ lines: inout MetricLines) {
        lines.gauge("build_info", "1; the version is in the label.")
        lines.sample(["version": metrics.status.version], 1)
        lines.gauge("uptime_seconds", "Time since the daemon started.")
        lines.sample([:], Double(metrics.status.uptimeSeconds))
        guard let process = metrics.process else { return }
        lines.process("cpu_seconds_total", "counter", "User and system time in seconds.", process.cpuSeconds)
        lines.process("resident_memory_bytes", "gauge", "Resident memory.", Double(process.residentBytes))
        lines.process("virtual_memory_bytes", "gauge", "Virtual memory.", Double(process.virtualBytes))
        lines.process("open_fds", "gauge", "Open file descriptors.", Double(process.openDescriptors))
        lines.process("max_fds", "gauge", "File descriptors that may be open.", Double(process.maxDescriptors))
        lines.process("threads", "gauge", "Threads.", Double(process.threads))
        lines.process("start_time_seconds", "gauge", "Start, since 1970.", process.startedAtSeconds)
    }
}

/// Lines of the text format: a family's head, then its samples.
struct MetricLines {
    private(set) var text = ""
    private var family = ""

    mutating func gauge(_ name: String, _ help: String) { head("lambda_outbox_\(name)", "gauge", help) }
    mutating func counter(_ name: String, _ help: String) { head("lambda_outbox_\(name)", "counter", help) }

    /// A metric that every program's exporter names alike.
    mutating func process(_ name: String, _ type: String, _ help: String, _ value: Double) {
        head("process_\(name)", type, help)
        sample([:], value)
    }

    /// Durations are kept in microseconds, and told in seconds.
    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        head("lambda_outbox_\(name)", "histogram", help)
        let unit = histogram.scale == .counting ? 1.0 : 1_000_000.0
        let counts = histogram.cumulative
        for (bound, count) in zip(histogram.scale.bounds, counts) {
            line("\(family)_bucket", ["le": Self.number(Double(bound) / unit)], Double(count))
        }
        line("\(family)_bucket", ["le": "+Inf"], Double(counts.last ?? 0))
        line("\(family)_sum", [:], Double(histogram.sum) / unit)
        line("\(family)_count", [:], Double(counts.last ?? 0))
    }

    mutating func sample(_ labels: [String: String], _ value: Int) { line(family, labels, Double(value)) }
    mutating func sample(_ labels: [String: String], _ value: Double) { line(family, labels, value) }

    private mutating func head(_ name: String, _ type: String, _ help: String) {
        family = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: [String: String], _ value: Double) {
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        text += "\(name)\(pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        value.rounded() == value && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    /// A label's value can't end its line or its quotes.
    static func escaped(_ value: String) -> String {
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
