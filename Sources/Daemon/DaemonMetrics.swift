internal import Admin
internal import AdminAPI
internal import Door
internal import Engine
internal import NIOConcurrencyHelpers
internal import OutboxCore

/// `/metrics`.
extension DaemonService {
    /// Whoever can reach the TCP listener may ask for it, and as often as he likes.
    func metricsPage() async throws -> [UInt8] {
        try await memory.metricsPage.value(maxAge: .seconds(1), clock: clock) {
            Array(MetricsText.text(of: try await metrics()).utf8)
        }
    }

    func metrics() async throws -> Metrics {
        let readings = try await readings()
        let door = doorCounters()
        var refusals: [String: Int] = [:]
        for (code, count) in door?.refused ?? [:] { refusals[code.rawValue] = count }
        return Metrics(
            status: status(of: readings),
            functions: functionMetrics(readings),
            refusals: refusals,
            connections: door.map {
                Metrics.Connections(
                    open: $0.connectionsOpen,
                    opened: $0.connectionsOpened,
                    turnedAway: $0.connectionsTurnedAway,
                    timeouts: $0.timeouts
                )
            },
            process: readings.process,
            acceptDurations: door?.acceptDurations ?? Histogram(.accepting),
            attemptDurations: readings.deliveries.measures.durations,
            commitDurations: readings.commits.measures.durations,
            commitEvents: readings.commits.measures.batches
        )
    }

    /// By label. Two functions that operators write alike (of two regions, say) are counted together.
    private func functionMetrics(_ readings: DaemonReadings) -> [FunctionMetrics] {
        let accepts = readings.commits.measures.accepts
        let attempts = readings.deliveries.dispatch.tally
        var seen: [String: Int] = [:]
        for row in accepts.rows { seen[row.function.description, default: 0] += Int(row.counts[0]) }
        for row in attempts.rows { seen[row.function.description, default: 0] += Int(row.counts[0]) }
        for record in readings.commits.functions {
            seen[record.function.description, default: 0] += record.queued + record.dead
        }
        let labels = memory.labels.withLockedValue { [seen] labels in
            labels.saw(seen.map { ($0.key, $0.value) })
            return labels
        }
        var metrics: [String: FunctionMetrics] = [:]
        func change(_ function: FunctionIdentity, _ body: (inout FunctionMetrics) -> Void) {
            let label = labels.label(function.description)
            body(&metrics[label, default: FunctionMetrics(label: label)])
        }
        for row in accepts.rows { change(row.function) { $0.accepts &+= row.counts } }
        for row in attempts.rows { change(row.function) { $0.attempts &+= row.counts } }
        for record in readings.commits.functions {
            let age = record.queued > 0 ? readings.oldestAge(record.key) : nil
            change(record.function) { metrics in
                metrics.queued += record.queued
                if let age { metrics.oldestAgeSeconds = max(metrics.oldestAgeSeconds ?? 0, age) }
            }
        }
        for group in readings.groups {
            change(group.function) { $0.dead[group.condition.rawValue, default: 0] += group.count }
        }
        for function in readings.deliveries.dispatch.functions {
            change(function.identity) { metrics in
                metrics.inFlight += function.inFlight
                if function.suspension != nil { metrics.state = "suspended" }
                let pace = Self.paceStatus(
                    of: function,
                    queued: metrics.queued,
                    on: readings.deliveries.dispatch.routes,
                    readings.now
                )
                metrics.ratePerSecond = pace?.limitPerSecond
                metrics.secondsToEmpty = pace?.secondsToEmpty
            }
        }
        let pauses = readings.deliveries.dispatch.pauses
        for record in readings.commits.functions where pauses.meaning(record.function) != nil {
            change(record.function) { $0.state = "paused" }
        }
        for label in metrics.keys {
            let isOne = label != MetricLabels.others
            metrics[label]!.state = isOne ? metrics[label]!.state ?? "active" : nil
            if !isOne {
                metrics[label]!.ratePerSecond = nil
                metrics[label]!.secondsToEmpty = nil
            }
        }
        if accepts.others != .zero || attempts.others != .zero {
            let others = MetricLabels.others
            metrics[others, default: FunctionMetrics(label: others)].accepts &+= accepts.others
            metrics[others]!.attempts &+= attempts.others
        }
        return Array(metrics.values)
    }
}
