import OutboxCore

/// What the store holds, compared with what it must hold.
extension Oracle {
    /// After every round: the counters.
    func checkTotals(_ totals: StoreTotals) {
        if totals.queued != queued || totals.dead != dead {
            violated("I1", "\(queued) queued and \(dead) dead", "\(totals.queued) queued and \(totals.dead) dead")
        }
    }

    /// The whole content: ids, states, bytes, marks.
    func checkContents(of backing: any StoreView) {
        do throws(StoreError) {
            var seen = 0
            var after: Int64?
            repeat {
                let page = try backing.queued(after: after, limit: 500)
                for detail in page.events {
                    seen += 1
                    try check(detail, .queued, backing)
                }
                after = page.next
            } while after != nil
            if seen != queued { violated("I1", "\(queued) rows in the queue", "\(seen)") }
            var place: DeadPlace?
            seen = 0
            while true {
                let page = try backing.deadLetters(after: place, limit: 500)
                for detail in page {
                    seen += 1
                    try check(detail, .dead, backing)
                    if detail.condition != entries[detail.sequence]?.condition {
                        violated(
                            "P8",
                            "the letter's condition",
                            "\(detail.id): \(String(describing: detail.condition))"
                        )
                    }
                }
                guard page.count == 500, let last = page.last, let diedAt = last.diedAt else { break }
                place = DeadPlace(diedAt: diedAt, sequence: last.sequence)
            }
            if seen != dead { violated("I1", "\(dead) dead letters", "\(seen)") }
        } catch {
            violated("store", "a store that can be read", "\(error)")
        }
    }

    private func check(_ detail: EventDetail, _ state: Entry.State, _ backing: any StoreView) throws(StoreError) {
        guard let entry = entries[detail.sequence], entry.id == detail.id, entry.state == state else {
            return violated("I1", "no \(detail.id) that is \(state)", "a row")
        }
        guard try backing.payload(detail.id) == entry.payload else {
            return violated("P10", "the bytes accepted", "\(detail.id) holds others")
        }
        if detail.chargedAttempts != entry.charged {
            differs(detail.id, "charged", entry.charged, detail.chargedAttempts)
        }
        if detail.uncertain != entry.uncertain { differs(detail.id, "uncertain", entry.uncertain, detail.uncertain) }
        if detail.redriven != entry.redriven { differs(detail.id, "redriven", entry.redriven, detail.redriven) }
        if detail.expiresAt != entry.expiresAt { differs(detail.id, "expiry", entry.expiresAt, detail.expiresAt) }
        if state == .queued {
            if detail.dueAt != entry.dueAt { differs(detail.id, "due", entry.dueAt, detail.dueAt) }
            if detail.ageFrom != entry.ageFrom { differs(detail.id, "age from", entry.ageFrom, detail.ageFrom) }
        }
    }

    private func differs(_ id: EventID, _ what: String, _ expected: some Any, _ found: some Any) {
        violated("store", "\(what) \(expected) of \(id)", "\(found)")
    }

    /// What status says, beside what is known.
    func checkStatus(_ functions: [FunctionRecord]) {
        for record in functions {
            let function = index(of: record.function)
            if record.queued != queuedByFunction[function] || record.dead != deadByFunction[function] {
                violated(
                    "counters",
                    "\(queuedByFunction[function]) queued, \(deadByFunction[function]) dead of \(name(function))",
                    "\(record.queued) queued, \(record.dead) dead"
                )
            }
        }
        let counted = functions.reduce(0) { $0 + $1.queued }
        if counted != queued { violated("counters", "\(queued) queued in all", "\(counted)") }
    }

    /// The end of a run: nothing is left, and chance was chance.
    func checkEnd() {
        if queued > 0 {
            let left = entries.values.filter { $0.state == .queued }.sorted { $0.id < $1.id }.prefix(3)
            let found = left.map { entry in
                let plan = record.plan.functions[entry.function]
                let due = entry.dueAt.map { "\($0.since(record.world.now.wall).milliseconds) ms" } ?? "fresh"
                return "\(entry.id) of \(name(entry.function)), due \(due), function "
                    + "\(scopes.functions[entry.function].reason ?? "active"), route "
                    + "\(scopes.routes[plan.route].reason ?? "active"), \(inFlight[entry.function]) in flight, "
                    + "\(queuedByFunction[entry.function]) queued, rate \(policy(entry.function).rate ?? 0)"
            }
            violated("I6", "an empty queue", "\(queued) left: \(found)")
        }
        if jitter.count >= 12, jitter.allSatisfy({ $0 > 0.98 }) || jitter.allSatisfy({ $0 < 0.02 }) {
            violated("jitter", "delays from all of their range", "\(jitter.count) of \(jitter[0]) of their bounds")
        }
    }
}
