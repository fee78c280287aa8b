import Engine
import OutboxCore

/// What takes more than one look to see: how a function begins again, whose turn it is, refusals in a row, failures of one
/// event on the way.
struct Watch {
    struct Function {
        /// When it became active again (round), the hand-overs of that round, and the starts of the next one.
        var recovery: (step: Int, handedOver: Int, starts: Int)?
        /// Hand-overs of the latest round that had any.
        var good = (step: -1, count: 0)
        /// Fresh events that the delivery side was told of, by round, and those of them that it holds in memory for sure.
        var told: [Int64: Int] = [:]
        var inMemory: Set<Int64> = []
        /// Starts of others while one of them waited.
        var passedOver = 0
        /// Different events in a row that were refused with one code.
        var refused: Set<Int64> = []
        var code: String?

        mutating func left(_ sequence: Int64) {
            told[sequence] = nil
            inMemory.remove(sequence)
        }

        mutating func forgetFresh() {
            told = [:]
            inMemory = []
            passedOver = 0
        }
    }

    /// After so many starts of others a fresh event in memory has had its turn, whatever else waits.
    static let passedOverMax = 4
    /// Rounds after which what a small function was told of is in memory.
    static let roundsToSettle = 20
    /// Failures on the way, each with hand-overs of others since the one before, that no event survives.
    static let midwayMax = 12

    var functions: [Function]
    /// By event: such failures, and the route's hand-overs at the latest.
    var midway: [Int64: (failures: Int, others: Int)] = [:]
    /// Outcomes that a full disk or a locked database refused wait to be recorded.
    var outcomesWait = false

    init(functions: Int) {
        self.functions = Array(repeating: Function(), count: functions)
    }
}

extension Oracle {
    /// The delivery side begins a round: what it was told must show by now.
    func watchTurn() {
        if record.commitEndsAt <= record.nanoseconds { mustWaitForDisk = watch.outcomesWait }
        for function in watch.functions.indices {
            watchFresh(function)
            let run = watch.functions[function].refused
            if run.count >= 5, scopes.functions[function].reason == nil {
                let expected = "\(name(function)) suspended after 5 events refused alike in a row"
                violated("refusals", expected, "\(run.count), and it is not")
            }
            if queuedByFunction[function] == 0 { watch.functions[function].refused = [] }
        }
    }

    // MARK: Turns

    /// Whether all that waits for the function is in memory, once it was read: rows are read when half of a function's
    /// share is free.
    private func isSmall(_ function: Int) -> Bool {
        let limits = record.plan.limits
        let route = record.plan.functions[function].route
        let identity = record.plan.functions[function].identity
        return queuedByFunction[function] <= min(8, limits.functionEventsMax) / 2
            && queued + limits.claimEventsMax <= limits.windowEventsMax * 3 / 4 && limits.windowBytesMax > 1 << 20
            && scopes.functions[function].reason == nil && scopes.routes[route].reason == nil
            && max(scopes.functions[function].heldUntil, scopes.routes[route].heldUntil) < record.nanoseconds
            && !pauses.contains { $0.matches(identity) }
    }

    private func watchFresh(_ function: Int) {
        guard !watch.functions[function].told.isEmpty else { return }
        guard isSmall(function) else { return watch.functions[function].forgetFresh() }
        let wall = record.world.now.wall
        for (sequence, step) in watch.functions[function].told {
            // Old ones wait with the backlog; so do those from before a step of the clock.
            let isYoung = entries[sequence].map { abs(wall.since($0.ageFrom).milliseconds) <= 50_000 } ?? false
            let isGone = !isYoung || entries[sequence]?.state != .queued
            if isGone || flights[sequence] != nil {
                watch.functions[function].left(sequence)
            } else if record.step - step >= Watch.roundsToSettle {
                watch.functions[function].inMemory.insert(sequence)
            }
        }
    }

    func watchTold(_ message: DeliveryMessage) {
        switch message {
        case .accepted(let events, _, true, _):
            for event in events where event.dueAt == nil {
                watch.functions[index(of: event.function)].told[event.sequence] = record.step
            }
        case .withdraw(let sequences, _):
            for sequence in sequences {
                guard let function = entries[sequence]?.function else { continue }
                watch.functions[function].left(sequence)
            }
        case .pauses, .reconfigure: for index in watch.functions.indices { watch.functions[index].forgetFresh() }
        default: break
        }
    }

    /// An attempt of a function in use begins; probes are not looked at here.
    func watchStart(_ function: Int, _ event: QueuedEvent) {
        if let expiry = event.expiresAt, isTrusted, !policy(function).soft, expiry <= record.world.now.wall {
            violated("expiry", "no attempt after the hard expiry \(expiry.milliseconds)", "\(event.id) was begun")
        }
        if mustWaitForDisk {
            violated("disk", "no attempt while outcomes wait to be recorded", "\(event.id) was begun")
        }
        guard !forced.contains(event.sequence) else { return }
        if let recovery = watch.functions[function].recovery, record.step <= recovery.step + 1 {
            watch.functions[function].recovery!.starts += 1
            if recovery.starts >= max(1, recovery.handedOver) {
                let expected = "one attempt at first of \(name(function)), which is active again"
                violated("slow start", expected, "\(event.id) beside it")
            }
        }
        if watch.functions[function].inMemory.isEmpty || (event.dueAt == nil && event.redriven == 0) {
            watch.functions[function].passedOver = 0
        } else {
            watch.functions[function].passedOver += 1
            if watch.functions[function].passedOver >= Watch.passedOverMax {
                let waiting = watch.functions[function].inMemory.sorted()
                violated(
                    "P6",
                    "fresh events of \(name(function)) in turn with its others",
                    "\(waiting) wait behind \(Watch.passedOverMax) others, the latest \(event.sequence)"
                )
            }
        }
    }

    // MARK: Ends

    func watchEnd(_ sequence: Int64, _ flight: Flight, _ outcome: AttemptOutcome) {
        let function = flight.function
        switch flight.cause {
        case .handedOver:
            watch.functions[function].refused = []
            let good = watch.functions[function].good
            watch.functions[function].good = (record.step, good.step == record.step ? good.count + 1 : 1)
        case .eventCode where scopes.functions[function].reason == nil:
            guard case .answered(let answer) = outcome else { break }
            if watch.functions[function].code != answer.code { watch.functions[function].refused = [] }
            watch.functions[function].code = answer.code
            watch.functions[function].refused.insert(sequence)
        case _ where flight.cause.isMidway:
            let others = scopes.routes[flight.route].handedOver
            var seen = watch.midway[sequence] ?? (0, others)
            if others > seen.others { seen.failures += 1 }
            watch.midway[sequence] = (seen.failures, others)
        default: break
        }
    }

    /// An outcome lets the event wait.
    func watchWait(_ resolution: Resolution, _ entry: Entry, _ flight: Flight) {
        func wrong(_ expected: String, _ found: Int) { violated("death", expected, "\(entry.id) waits after \(found)") }
        if flight.policy.soft { return }
        if resolution.attempt.charged, let max = flight.policy.maxAttempts, resolution.chargedAttempts >= max {
            wrong("exhausted after \(max) attempts", resolution.chargedAttempts)
        }
        if flight.cause == .unknown4xx, resolution.attempt.blame == .unknown, resolution.unknownAttempts >= 5 {
            wrong("rejected after 5 answers that nobody knows", resolution.unknownAttempts)
        }
        let failures = watch.midway[resolution.sequence]?.failures ?? 0
        // What may have been signed anew counts for nothing.
        let wasSignedAnew = flight.cause == .expiredToken || flight.cause == .wrongClock
        if flight.cause.isMidway, !wasSignedAnew, failures >= Watch.midwayMax, record.plan.limits.suspectsMax >= 10_000
        {
            wrong("suspected-poison after 8 failures on the way while others got through", failures)
        }
    }

    func watchChange(_ function: Int, isSuspended: Bool, wasSuspended: Bool) {
        watch.functions[function].refused = []
        let good = watch.functions[function].good
        let handedOver = good.step == record.step ? good.count : 0
        watch.functions[function].recovery = !isSuspended && wasSuspended ? (record.step, handedOver, 0) : nil
    }

    func watchCrash() {
        watch = Watch(functions: watch.functions.count)
        mustWaitForDisk = false
    }

    /// A commit that is known not to be there.
    func refused(_ commands: [StoreCommand]) {
        for command in commands { if case .resolve = command { watch.outcomesWait = true } }
    }

    func watchCommitted(_ commands: [StoreCommand]) {
        for command in commands { if case .resolve = command { watch.outcomesWait = false } }
    }

    /// The queued or dead event that this request would be a repeat of; nil if there is none.
    func living(_ event: NewEvent) -> EventID? {
        guard let dedupe = event.dedupe,
            let known = keys[Key(function: index(of: event.function), text: dedupe.text)],
            known.digest == dedupe.contentDigest, let first = entries[known.id.sequence],
            first.state == .queued || first.state == .dead
        else { return nil }
        return known.id
    }
}
