package import OutboxCore

/// The commit loop's body: owns the store, decides what goes into one transaction, answers after it is on disk (P1).
///
/// One thread. `turn` is synchronous and does all of one round, so that a test or a simulation can call it.
package struct Committer<Store: EventStore & EventStoreUpkeep & ~Copyable>: ~Copyable {
    /// What a round did to the outside.
    package enum Verdict: Sendable {
        case goOn
        /// The truth is unknown until the next start: exit.
        case failed(String)
    }

    private struct Waiting {
        var item: IntakeItem
        var deadline: MonotonicTime
        var reason: String
    }

    var store: Store
    private let limits: CommitLimits
    private var admission: Admission
    private var settings: CommitSettings
    private let freeDisk: () -> Int?
    private let tellDelivery: (DeliveryMessage) -> Void
    private var ballast: Ballast

    private struct Operation {
        var commands: [StoreCommand]
        var done: @Sendable (Result<[StoreReply], StoreError>) -> Void
    }

    /// Requests that wait for room, then those of this round; each is in one of these until it is answered.
    private var waiting: [Waiting] = []
    private var admitted: [IntakeItem] = []
    private var operations: [Operation] = []
    /// Outcomes that a full disk held up; they go first.
    private var heldUp: [StoreCommand] = []
    private var size = StoreSize()
    private var bytesSinceMeasure = 0
    private var nextMeasure = MonotonicTime(nanoseconds: .min)
    private var nextSweep = MonotonicTime(nanoseconds: .min)
    private var nextTrim = MonotonicTime(nanoseconds: .min)
    private var counts = (commits: 0, commands: 0, accepted: 0, repeats: 0, refused: 0)
    private var measures = CommitMeasures()
    /// Times commits, for metrics only.
    private let stopwatch: () -> MonotonicTime

    package init(
        store: consuming Store,
        limits: CommitLimits,
        settings: CommitSettings,
        ballast: Ballast,
        freeDisk: @escaping () -> Int?,
        stopwatch: @escaping () -> MonotonicTime = { MonotonicTime(nanoseconds: 0) },
        tellDelivery: @escaping (DeliveryMessage) -> Void
    ) {
        self.store = store
        self.limits = limits
        self.settings = settings
        self.ballast = ballast
        self.freeDisk = freeDisk
        self.stopwatch = stopwatch
        self.tellDelivery = tellDelivery
        admission = Admission(budgets: settings.budgets)
    }

    /// Commits one batch, answers it, serves claims, and does the upkeep that is due.
    package mutating func turn(intake: [IntakeItem], commands: [CommitMessage], now: Moment) -> Verdict {
        var outcomes: [StoreCommand] = []
        var claims: [ClaimRequest] = []
        var reports: [@Sendable (CommitReport?) -> Void] = []
        for message in commands {
            switch message {
            case .outcomes(let list): outcomes += list
            case .claim(let request): claims.append(request)
            case .operate(let list, let done): operations.append(Operation(commands: list, done: done))
            case .report(let tell): reports.append(tell)
            case .reconfigure(let settings):
                self.settings = settings
                admission.budgets = settings.budgets
            case .stop: break
            }
        }
        waiting += intake.map { Waiting(item: $0, deadline: now.monotonic.advanced(by: settings.roomWait), reason: "") }
        do throws(StoreError) {
            try measure(now: now)
            admit(now: now)
            try commit(outcomes, now: now)
            for request in claims {
                let page = try store.claim(request)
                var next: WallTime?
                if case .due(_, let until, _) = request.lane, page.exhausted { next = try store.nextDue(after: until) }
                tellDelivery(.claimed(page, nextDue: next))
            }
            try upkeep(now: now)
        } catch {
            // Nobody is told 202; whoever waits for an answer gets one.
            for operation in operations { operation.done(.failure(error)) }
            operations = []
            let refusal = CommitMailbox.refusal(.failed)!
            answer((admitted + waiting.map(\.item)).map { ($0, refusal) })
            admitted = []
            waiting = []
            for tell in reports { tell(nil) }
            return .failed("\(error)")
        }
        measures.rate.sample(counts.accepted, at: now.monotonic)
        for tell in reports { tell(report()) }
        return .goOn
    }

    /// How long the loop may wait for a message.
    package func wait(now: Moment) -> Span {
        if isShrinking, heldUp.isEmpty { return .milliseconds(5) }
        if !waiting.isEmpty || !heldUp.isEmpty { return .milliseconds(50) }
        return .seconds(1)
    }

    /// The last act of the thread: nobody waits any longer, the log goes into the file.
    package consuming func finish() -> Store {
        answer(waiting.map { ($0.item, CommitMailbox.refusal(.shuttingDown)!) })
        return store
    }

    // MARK: Intake

    /// Decides who goes into this commit; who does not fit waits for room, then is refused.
    private mutating func admit(now: Moment) {
        var refused: [(IntakeItem, AcceptAnswer)] = []
        var kept: [Waiting] = []
        var keptBytes = 0
        var known: [FunctionIdentity: (policy: FunctionPolicy, usage: FunctionUsage)] = [:]
        for var candidate in waiting {
            let function = candidate.item.event.function
            let bytes = candidate.item.event.payload.count
            var (policy, usage) = known[function] ?? (settings.policies.policy(for: function), store.usage(of: function))
            let reason =
                heldUp.isEmpty
                ? admission.admit(payloadBytes: bytes, function: usage, share: policy.share) : "the disk is full"
            if let reason {
                candidate.reason = reason
                keptBytes += candidate.item.heldBytes
                let mayWait = kept.count < limits.intakeEventsMax && keptBytes <= limits.intakeBytesMax
                if candidate.deadline <= now.monotonic || !mayWait {
                    tally(.refused, candidate.item)
                    refused.append((candidate.item, .overBudget(reason: reason, retryAfter: .seconds(5))))
                } else {
                    kept.append(candidate)
                }
            } else {
                usage.events += 1
                usage.bytes += bytes
                // `soft`: nothing dies.
                if policy.soft { candidate.item.event.expiresAt = nil }
                admitted.append(candidate.item)
            }
            known[function] = (policy, usage)
        }
        waiting = kept
        counts.refused += refused.count
        answer(refused)
    }

    // MARK: Commit

    private mutating func commit(_ outcomes: [StoreCommand], now: Moment) throws(StoreError) {
        let first = heldUp + outcomes
        var batch = first
        for operation in operations { batch += operation.commands }
        for item in admitted { batch.append(.accept(item.event)) }
        guard !batch.isEmpty else { return }
        do throws(StoreError) {
            let began = stopwatch()
            let replies = try store.commit(batch, now: now.wall)
            measures.committed(batch.count, from: began, to: stopwatch())
            counts.commits += 1
            counts.commands += batch.count
            let intakeReplies = Array(replies.suffix(admitted.count))
            // Producers first: they wait.
            answerIntake(intakeReplies)
            setHeldUp([])
            announceOutcomes(first)
            var position = first.count
            for operation in operations {
                let own = Array(replies[position..<position + operation.commands.count])
                position += operation.commands.count
                announceOperation(operation.commands, own, now: now)
                operation.done(.success(own))
            }
            operations = []
        } catch .full(let text) {
            // Rolled back, known not to be there (architecture: "Rules").
            nextMeasure = now.monotonic
            counts.refused += admitted.count
            for item in admitted { tally(.refused, item) }
            answer(admitted.map { ($0, .overBudget(reason: "the disk is full", retryAfter: .seconds(5))) })
            admitted = []
            for operation in operations { operation.done(.failure(.full(text))) }
            operations = []
            try commitOutcomesOnly(first, now: now)
        }
    }

    /// Outcomes alone, with the ballast's space if need be; what still doesn't fit waits, and nothing is started.
    private mutating func commitOutcomesOnly(_ outcomes: [StoreCommand], now: Moment) throws(StoreError) {
        guard !outcomes.isEmpty else { return }
        for attempt in 0..<2 {
            do throws(StoreError) {
                _ = try store.commit(outcomes, now: now.wall)
                setHeldUp([])
                announceOutcomes(outcomes)
                return
            } catch .full {
                guard attempt == 0 else { continue }
                ballast.giveBack()
                // The log can begin anew once it is in the file.
                try tolerant { (store: inout Store) throws(StoreError) in try store.checkpoint() }
            }
        }
        setHeldUp(outcomes)
    }

    private mutating func setHeldUp(_ outcomes: [StoreCommand]) {
        if heldUp.isEmpty != outcomes.isEmpty { tellDelivery(.diskBlocked(!outcomes.isEmpty)) }
        heldUp = outcomes
    }

    private func announceOutcomes(_ commands: [StoreCommand]) {
        var sequences: [Int64] = []
        for command in commands {
            switch command {
            case .resolve(let resolution): sequences.append(resolution.sequence)
            case .bury(let sequence, _, _): sequences.append(sequence)
            default: break
            }
        }
        if !sequences.isEmpty { tellDelivery(.committed(sequences)) }
    }

    private func announceOperation(_ commands: [StoreCommand], _ replies: [StoreReply], now: Moment) {
        for (command, reply) in zip(commands, replies) {
            if case .redrive = command, case .moved(let ids) = reply, !ids.isEmpty {
                tellDelivery(.dueChanged(now.wall))
            }
        }
    }

    private mutating func answerIntake(_ replies: [StoreReply]) {
        guard !admitted.isEmpty else { return }
        var answers: [(IntakeItem, AcceptAnswer)] = []
        answers.reserveCapacity(admitted.count)
        var fresh: [QueuedEvent] = []
        var bytes = 0
        var complete = true
        var earliestDue: WallTime?
        for (item, reply) in zip(admitted, replies) {
            switch reply {
            case .accepted(let event):
                counts.accepted += 1
                tally(.accepted, item)
                answers.append((item, .accepted(event.id)))
                bytes += event.payload.count
                bytesSinceMeasure += event.payload.count + Self.rowBytes
                if let due = event.dueAt {
                    earliestDue = min(earliestDue ?? due, due)
                } else if bytes <= limits.announcedBytesMax {
                    fresh.append(event)
                } else {
                    complete = false
                }
            case .repeated(let id, let state):
                counts.repeats += 1
                tally(.repeat, item)
                answers.append((item, .repeated(id, state)))
            case .conflict(let id):
                counts.refused += 1
                tally(.conflict, item)
                answers.append((item, .conflict(id)))
            case .done, .notFound, .moved, .trimmed:
                preconditionFailure("the store answered an accept with something else")
            }
        }
        admitted = []
        answer(answers)
        if !fresh.isEmpty || !complete || earliestDue != nil {
            tellDelivery(
                .accepted(
                    events: complete ? fresh : [],
                    lastSequence: store.totals.lastSequence,
                    complete: complete,
                    earliestDue: earliestDue
                )
            )
        }
    }

    private mutating func tally(_ kind: AcceptKind, _ item: IntakeItem) {
        measures.accepts.add(kind.rawValue, for: item.event.function, item.event.function)
    }

    /// About what a row takes beside its payload.
    private static var rowBytes: Int { 200 }

    // MARK: Upkeep

    private mutating func measure(now: Moment) throws(StoreError) {
        let totals = store.totals
        admission.events = totals.queued + totals.dead
        if now.monotonic >= nextMeasure || bytesSinceMeasure > limits.ballastBytes / 8 {
            bytesSinceMeasure = 0
            nextMeasure = now.monotonic.advanced(by: .milliseconds(100))
            size = try store.size()
            admission.freeDisk = freeDisk()
            admission.bytes = size.usedBytes + size.walBytes
            if let free = admission.freeDisk {
                if heldUp.isEmpty { ballast.take(freeBytes: free, spare: limits.ballastBytes) }
                // New events stop first: outcomes, and moving the log into the file, need space too.
                let spare = ballast.isHeld ? limits.ballastBytes / 2 : limits.ballastBytes * 2
                admission.isShortOfHeadroom = free < spare + store.walBytes
            }
        }
    }

    private mutating func upkeep(now: Moment) throws(StoreError) {
        if !heldUp.isEmpty { return }
        if isShrinking {
            let pages = limits.shrinkPages
            try tolerant { (store: inout Store) throws(StoreError) in
                try store.giveBackSpace(pages: pages)
                try store.checkpoint()
            }
            size = try store.size()
        } else if store.walBytes > limits.walBytesMax {
            try tolerant { (store: inout Store) throws(StoreError) in try store.checkpoint() }
        }
        if now.monotonic >= nextSweep {
            nextSweep = now.monotonic.advanced(by: limits.sweepInterval)
            let expired = try store.expired(before: now.wall, limit: limits.expiredMax)
            if !expired.isEmpty { tellDelivery(.expired(expired)) }
        }
        if now.monotonic >= nextTrim {
            nextTrim = now.monotonic.advanced(by: limits.trimInterval)
            let cutoff = now.wall.advanced(by: Span(milliseconds: -settings.history.keep.milliseconds))
            let command = StoreCommand.trim(
                historyBefore: cutoff,
                historyMax: settings.history.eventsMax,
                limit: limits.trimRowsMax
            )
            var removed = 0
            try tolerant(givesBallast: false) { (store: inout Store) throws(StoreError) in
                if case .trimmed(let count) = try store.commit([command], now: now.wall).first { removed = count }
            }
            // More of it: soon again, in slices.
            if removed >= limits.trimRowsMax { nextTrim = now.monotonic.advanced(by: .milliseconds(20)) }
        }
    }

    /// The disk is short while the file holds free pages: they are given back, a slice a round.
    private var isShrinking: Bool {
        admission.isShortOfDisk && size.fileBytes - size.usedBytes > limits.shrinkPages * 4096
    }

    /// Upkeep may fail for want of space without harm.
    private mutating func tolerant(
        givesBallast: Bool = true,
        _ body: (inout Store) throws(StoreError) -> Void
    ) throws(StoreError) {
        do throws(StoreError) {
            try body(&store)
        } catch .full {
            if givesBallast { ballast.giveBack() }
        }
    }

    private mutating func report() -> CommitReport {
        CommitReport(
            totals: store.totals,
            size: size,
            freeDisk: admission.freeDisk,
            functions: (try? store.functions()) ?? [],
            commits: counts.commits,
            commitEvents: counts.commands,
            accepted: counts.accepted,
            repeats: counts.repeats,
            refused: counts.refused,
            refusing: heldUp.isEmpty ? admission.closed ?? waiting.first?.reason : "the disk is full",
            outcomesWaiting: heldUp.count,
            budgets: admission.budgets,
            measures: measures
        )
    }
}
