internal import Admin
internal import AdminAPI
internal import Engine
internal import OutboxCore
internal import SQLiteStore

/// Orders about functions and single events.
extension DaemonService {
    func functions(_ pattern: GlobPattern?) async throws -> FunctionList {
        let readings = try await readings()
        return FunctionList(
            functions: functionStatus(readings, of: pattern),
            pauses: readings.deliveries.dispatch.pauses.map(Pause.init)
        )
    }

    func pause(_ pattern: GlobPattern, reason: String?) async throws -> PauseResult {
        let rule = PauseRule(pattern: pattern, reason: reason, since: clock.now().wall)
        guard case .done? = try await commit.operate([.pause(rule)]).first else {
            throw AdminError(.invalid, "there are \(PauseRule.rulesMax) pauses already: resume some, or use a pattern")
        }
        // Asked behind the news of the pause: nothing that it means is started any more.
        let report = try await deliveryReport()
        let meant = try await knownFunctions().filter { pattern.matches($0.function) }
        let inFlight = report.dispatch.functions.filter { pattern.matches($0.identity) }.reduce(0) { $0 + $1.inFlight }
        return PauseResult(
            pause: Pause(report.dispatch.pauses.first { $0.pattern == pattern } ?? rule),
            functions: meant.count,
            queued: meant.reduce(0) { $0 + $1.queued },
            inFlight: inFlight
        )
    }

    func resume(_ pattern: GlobPattern) async throws -> ResumeResult {
        guard case .resumed(let rules)? = try await commit.operate([.resume(pattern)]).first else {
            throw AdminError(.internalError, "the store answered a resume with something else")
        }
        let report = try await deliveryReport()
        let meant = report.dispatch.functions.filter { pattern.matches($0.identity) }
        let known = try await knownFunctions().map(\.function).filter { pattern.matches($0) }
        let still = report.dispatch.pauses.filter { rule in
            // Of a pattern that no function is known for, by its text.
            known.contains { rule.pattern.matches($0) } || rule.pattern.matches(pattern.text)
        }
        return ResumeResult(
            resumed: rules.map(Pause.init),
            probed: meant.count { $0.suspension != nil },
            stillPaused: still.map(Pause.init)
        )
    }

    private func knownFunctions() async throws -> [FunctionRecord] {
        try await commitReport().functions
    }

    private func commitReport() async throws -> CommitReport {
        guard let report = await commit.report() else {
            throw AdminError(.unavailable, "the store has failed or is closing; see the log")
        }
        return report
    }

    // MARK: Events

    func cancel(_ ids: [EventID]) async throws -> [EventResult] {
        let (_, inFlight) = try await takeOut(rows(of: ids)) { [.cancel($0.map(\.key))] }
        return try await results(ids, inFlight: inFlight, done: .cancelled)
    }

    func sendNow(_ ids: [EventID], force: Bool) async throws -> [EventResult] {
        let flying = try await deliveryReport().dispatch.inFlightSince
        let rows = try await rows(of: ids)
        let waiting = ids.filter { id in rows[id].map { flying[$0] == nil } ?? true }
        if !waiting.isEmpty { _ = try await commit.operate([.sendNow(waiting, force: force)]) }
        return try await results(ids, inFlight: Set(ids).subtracting(waiting), done: .queued)
    }

    func moveToDead(_ pattern: GlobPattern) async throws -> MoveResult {
        // What is accepted meanwhile is not meant: the order would have no end.
        let last = try await commitReport().totals.lastSequence
        func isMeant(_ row: Int64) -> Bool { row <= last || row >= EventID.firstImportedRow }
        var result = MoveResult(count: 0, inFlight: 0)
        var place: Int64? = 0
        // Rows that came by an import stand behind all others.
        while let behind = place {
            if behind >= last, behind < EventID.firstImportedRow - 1 {
                place = EventID.firstImportedRow - 1
                continue
            }
            let page = try await read.ask { reader throws(StoreError) in
                try reader.queued(EventFilter(function: pattern), after: behind, limit: Self.slice)
            }
            place = page.next
            for slice in Self.slices(page.events.filter { isMeant($0.sequence) }) {
                let (moved, inFlight) = try await takeOut(slice.map { (key: $0.id, value: $0.sequence) }) { rows in
                    rows.map { .bury(sequence: $0.value, .moved, reason: "an operator moved it to the dead letters") }
                }
                result.count += moved
                result.inFlight += inFlight.count
            }
        }
        return result
    }

    /// As many bytes as one transaction takes, and at least one event, each.
    private static func slices(_ events: [EventDetail]) -> [[EventDetail]] {
        var slices: [[EventDetail]] = []
        var bytes = Int.max
        for event in events {
            if bytes >= StoreCommand.movedBytesMax {
                slices.append([])
                bytes = 0
            }
            slices[slices.count - 1].append(event)
            bytes += event.payloadBytes
        }
        return slices
    }

    /// Takes events out of the queue in one commit. The delivery side is asked first: it knows what is in flight, and
    /// starts none of the rest any more. So nothing is sent behind the answer, and nothing is lost if the store refuses.
    ///
    /// - Parameters:
    ///   - rows: the events by their ids, each with its row.
    ///   - commands: what takes these out; those in flight are not among them.
    /// - Returns: how many were there to be taken out, and those that were in flight and left alone.
    private func takeOut(
        _ rows: some Sequence<(key: EventID, value: Int64)>,
        _ commands: ([(key: EventID, value: Int64)]) -> [StoreCommand]
    ) async throws -> (count: Int, inFlight: Set<EventID>) {
        let sequences = rows.map(\.value)
        guard let flying = await delivery.withdraw(sequences) else {
            throw AdminError(.unavailable, "the daemon is stopping")
        }
        let withdrawn = Array(Set(sequences).subtracting(flying))
        let wanted = rows.filter { !flying.contains($0.value) }
        let inFlight = Set(rows.lazy.filter { flying.contains($0.value) }.map(\.key))
        let replies: [StoreReply]
        do {
            replies = wanted.isEmpty ? [] : try await commit.operate(commands(wanted))
        } catch {
            delivery.mailbox.post(.returned(gone: [], kept: withdrawn))
            throw error
        }
        delivery.mailbox.post(.returned(gone: withdrawn, kept: []))
        let count = replies.reduce(0) { count, reply in
            switch reply {
            case .found(let ids): count + ids.count
            case .done: count + 1
            default: count
            }
        }
        return (count, inFlight)
    }

    /// The rows of those that are queued. An id alone doesn't tell: the same number may be another event's here.
    private func rows(of ids: [EventID]) async throws -> [EventID: Int64] {
        try await read.ask { reader throws(StoreError) in
            var rows: [EventID: Int64] = [:]
            for id in ids {
                if let event = try reader.event(id), event.state == .queued { rows[id] = event.sequence }
            }
            return rows
        }
    }

    /// - Parameter done: the state in which an event is now for which the order was carried out.
    private func results(
        _ ids: [EventID],
        inFlight: Set<EventID>,
        done: EventState
    ) async throws -> [EventResult] {
        let states = try await read.ask { reader throws(StoreError) in
            var states: [EventID: EventState] = [:]
            for id in ids { states[id] = try reader.event(id)?.state }
            return states
        }
        return ids.map { id in
            guard let state = states[id] else { return EventResult(id: id.description, outcome: .unknown) }
            if inFlight.contains(id), state == .queued {
                return EventResult(id: id.description, outcome: .inFlight, state: EventState.inFlight.rawValue)
            }
            let outcome: EventResult.Outcome = state == done ? .done : .notQueued
            return EventResult(id: id.description, outcome: outcome, state: state.rawValue)
        }
    }
}
