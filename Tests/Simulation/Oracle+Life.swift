import OutboxCore

/// What a crash, and the start after it, mean for what must hold.
extension Oracle {
    /// Each payload begins with it, and nothing else has it.
    static var payloadMark: String { "\u{1F512}" }

    /// I7: what is told to the log, errors of the store among it, quotes no payload.
    func checkTexts() {
        for text in record.world.warnings where text.contains(Self.payloadMark) {
            violated("I7", "no payload in a text for the log", text)
        }
        record.world.warnings = []
    }

    /// The process is gone. `keepsFlightFile` false: with the machine.
    func crashed(sameBoot: Bool, wasClean: Bool) {
        for (sequence, _) in flights {
            if !sameBoot { entries[sequence]?.mayBeUnmarked = true }
        }
        mayMark = slots
        toMark = sameBoot ? Set(flights.keys.compactMap { entries[$0]?.id }) : []
        if !sameBoot {
            bootedAt = record.nanoseconds
            suspects = []
            for sequence in entries.keys { entries[sequence]!.crashesAlone = 0 }
        } else if !wasClean {
            let again = slots.intersection(suspects)
            if again.count == 1 { entries[again.first!.sequence]?.crashesAlone += 1 }
            suspects.formUnion(slots)
        }
        suspectsAtMost = suspects.count
        slots = []
        for sequence in Array(flights.keys) { removeFlight(sequence) }
        for index in starts.indices {
            starts[index].forget()
            drains[index].forget()
        }
        forced = []
        moving = []
        isDiskBlocked = false
        watchCrash()
        shares.restart()
        serverSeen = nil
        record.note(5, text: "the process is gone")
    }

    /// A commit that had failed is there: nobody was told of what it did.
    func settled(_ commit: SettledCommit) {
        committed(commit.commands, commit.replies, commit.now)
        pauses.removeAll { !storedPauses.contains($0.text) }
    }

    /// The machine went down before the next one had begun: nobody knows any more what was in flight.
    func lostPowerAtStart() {
        for id in toMark { entries[id.sequence]?.mayBeUnmarked = true }
        toMark = []
        suspects = []
        for sequence in entries.keys { entries[sequence]!.crashesAlone = 0 }
    }

    /// The next one has read what was left.
    func restarted(functions: [FunctionRecord], routes: [RouteRecord], policies: PolicyTable) {
        if let forgotten = toMark.first(where: { entries[$0.sequence]?.state == .queued }) {
            violated("P3", "the mark uncertain on all that was in flight", "\(forgotten) without it")
        }
        toMark = []
        self.policies = policies
        condemned = []
        turnsConfigured(isStart: true)
        checkStatus(functions)
        var saved: [Int: String] = [:]
        for function in functions {
            if let state = function.state { saved[index(of: function.function)] = state.reason }
        }
        var savedRoutes: [Int: String] = [:]
        for route in routes {
            if let index = record.plan.routes.firstIndex(of: route.name) { savedRoutes[index] = route.state.reason }
        }
        scopes.restart(functions: saved, routes: savedRoutes, at: record.nanoseconds)
        for index in idleSince.indices { idleSince[index] = record.nanoseconds }
        record.note(6, text: "a process has started")
    }
}
