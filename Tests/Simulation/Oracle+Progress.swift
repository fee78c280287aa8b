import Engine
import OutboxCore

/// It never just stands still (P9), one bad function disturbs no other (P6), and status tells the truth.
extension Oracle {
    /// After every round: whoever may be used and has something due is not left waiting.
    func checkProgress() {
        let now = record.nanoseconds
        for function in record.plan.functions.indices {
            guard queuedByFunction[function] > inFlight[function], inFlight[function] == 0, !isExcused(function) else {
                idleSince[function] = now
                continue
            }
            let bound = longestWait(function)
            guard Double(now - idleSince[function]) / 1e9 > bound else { continue }
            let since = record.world.now.wall.advanced(by: .seconds(-Int64(bound)))
            let isDue = entries.first { _, entry in
                entry.function == function && entry.state == .queued && (entry.dueAt ?? entry.acceptedAt) < since
            }
            if let isDue {
                let due = isDue.value.dueAt.map { "since \($0.milliseconds)" } ?? "at once"
                violated(
                    record.plan.functions[function].isHealthy ? "P6" : "P9",
                    "an attempt of \(name(function)) within \(bound) s: it may be used",
                    "\(isDue.value.id) (\(isDue.key)), due \(due), waits"
                )
            }
            idleSince[function] = now
        }
    }

    /// Something that is on show keeps it waiting.
    private func isExcused(_ function: Int) -> Bool {
        let plan = record.plan.functions[function]
        let now = record.nanoseconds
        return isDiskBlocked || scopes.routes[plan.route].reason != nil || now < scopes.functions[function].heldUntil
            || now < scopes.routes[plan.route].heldUntil || pauses.contains { $0.matches(plan.identity) }
            // Of an order that failed for the operator, and is there all the same.
            || storedPauses.contains { GlobPattern($0).matches(plan.identity) }
    }

    /// Seconds: its own probes, the slots that others hold for as long as an attempt can take, rates at their floor, and
    /// those that go one at a time.
    private func longestWait(_ function: Int) -> Double {
        let functions = Double(record.plan.functions.count)
        let turns = (functions / Double(record.plan.limits.inFlightMax)).rounded(.up)
        var seconds = 20 + 31 * turns + Double(record.plan.limits.wakeMax.milliseconds) / 1000
        if scopes.functions[function].reason != nil { seconds += 300 }
        seconds += suspects.isEmpty ? 0 : 31 * Double(suspectsAtMost)
        seconds += 10 * functions
        if let rate = policy(function).rate { seconds += 1 / rate }
        return seconds
    }

    /// The delivery side's own account, at the begin of a round of which it has been told everything.
    func check(_ report: DeliveryReport) {
        let dispatch = report.dispatch
        if dispatch.inFlight != flights.count {
            violated("counters", "\(flights.count) in flight", "\(dispatch.inFlight)")
        }
        let byFunction = dispatch.functions.reduce(0) { $0 + $1.inFlight }
        if byFunction != flights.count {
            violated("counters", "\(flights.count) in flight by function", "\(byFunction)")
        }
        let statesMax = record.plan.commitLimits.functionsMax
        if dispatch.functions.count > statesMax {
            violated("P7", "at most \(statesMax) functions in memory", "\(dispatch.functions.count)")
        }
        let windowMax = record.plan.limits.windowEventsMax + record.plan.limits.inFlightMax
        if dispatch.windowEvents > windowMax {
            violated("P7", "at most \(windowMax) events in memory", "\(dispatch.windowEvents)")
        }
        turnsLearn(report)
        sharesLearn(report)
        for function in dispatch.functions {
            let index = index(of: function.identity)
            let isPaused = pauses.contains { $0.matches(function.identity) }
            if isPaused, function.pause == nil { violated("pause", "a pause of \(name(index)) on show", "none") }
            if (function.suspension != nil) != (scopes.functions[index].reason != nil) {
                let expected = scopes.functions[index].reason ?? "no suspension"
                violated("status", "\(expected) of \(name(index))", function.suspension?.reason ?? "none")
            }
        }
    }

    /// The commit side's own account.
    func check(_ report: CommitReport) {
        checkTotals(report.totals)
        checkStatus(report.functions)
    }
}
