package import OutboxCore

/// The commit loop's body: owns the store, decides what goes into one transaction, answers after it is on disk (P1).
///
/// One thread. `turn` is synchronous and does all of one round, so that a test or a simulation can call it.
package struct Committer<Store: EventStore & EventStoreUpkeep & ~Copyable>: ~Copyable {
    /// What a round did to the outside.
    package enum Verdict: Sendable {
        case goOn
        /// The truth is unknown until the next start: exit.
        case failed(StoreError)
    }

    struct Waiting {
        var item: IntakeItem
        var deadline: MonotonicTime
        /// Why it was not taken when it was looked at last; nil: not looked at yet.
        var obstacle: Obstacle?
    }

    var store: Store
    let limits: CommitLimits
    var admission: Admission
    var settings: CommitSettings
    let freeDisk: () -> Int?
    let tellDelivery: (DeliveryMessage) -> Void
    var ballast: Ballast

    struct Operation {
        var commands: [StoreCommand]
        var done: @Sendable (Result<[StoreReply], StoreError>) -> Void

        var isImport: Bool { commands.contains { if case .bringIn = $0 { true } else { false } } }
    }

    /// Requests that wait for room, then those of this round; each is in one of these until it is answered.
    var waiting: [Waiting] = []
    var admitted: [Waiting] = []
    /// Nobody waits for room any more: the door is about to close.
    var isStopping = false
    /// The last round left requests behind that fit the next commit.
    var hasMore = false
    var operations: [Operation] = []
    /// Pages that the delivery side asked for and has not got.
    var claims: [ClaimRequest] = []
    var expiringQuery: ExpiringQuery?
    /// Outcomes that a full disk or a locked database held up; they go first.
    var heldUp: [StoreCommand] = []
    /// Somebody else holds the database's lock; when it is tried again.
    var lockedUntil: MonotonicTime?
    var nextLockWarning = MonotonicTime(nanoseconds: .min)
    var size = StoreSize()
    var bytesSinceMeasure = 0
    var nextMeasure = MonotonicTime(nanoseconds: .min)
    var nextTrim = MonotonicTime(nanoseconds: .min)
    var nextForget = MonotonicTime(nanoseconds: .min)
    var ages: EventAges
    var retrySweep = RetrySweep()
    var copying: RunningCopy?
    var shrinking = Shrinking()
    var compacting: RunningCompaction?
    var checkpoints = CheckpointPacing()
    private(set) var pacing = CommitPacing()
    /// Events that came to the mailbox meanwhile.
    package var intakeWaiting: () -> Int = { 0 }
    /// The last round that had something to do.
    var latestMail = MonotonicTime(nanoseconds: .min)
    /// Given back since the last checkpoint.
    var pagesCut = 0
    var copyKeptUntil: MonotonicTime?
    var counts = (commits: 0, commands: 0, accepted: 0, repeats: 0, refused: 0, dead: 0)
    var measures = CommitMeasures()
    /// Times commits, for metrics only.
    let stopwatch: () -> MonotonicTime
    let warn: (String) -> Void

    /// - Parameter warn: for the log; at most one a minute for a database that is locked.
    package init(
        store: consuming Store,
        limits: CommitLimits,
        settings: CommitSettings,
        ballast: Ballast,
        ages: EventAges,
        freeDisk: @escaping () -> Int?,
        stopwatch: @escaping () -> MonotonicTime = { MonotonicTime(nanoseconds: 0) },
        warn: @escaping (String) -> Void = { _ in },
        tellDelivery: @escaping (DeliveryMessage) -> Void
    ) {
        self.store = store
        self.limits = limits
        self.settings = settings
        self.ballast = ballast
        self.ages = ages
        self.freeDisk = freeDisk
        self.stopwatch = stopwatch
        self.warn = warn
        self.tellDelivery = tellDelivery
        admission = Admission(budgets: settings.budgets)
    }

    /// Commits one batch, answers it, serves claims, and does the upkeep that is due.
    package mutating func turn(intake: [IntakeItem], commands: [CommitMessage], now: Moment) -> Verdict {
        var outcomes: [StoreCommand] = []
        var reports: [@Sendable (CommitReport?) -> Void] = []
        for message in commands {
            switch message {
            case .outcomes(let list): outcomes += list
            case .claim(let request): claims.append(request)
            case .findExpiring(let query): expiringQuery = query
            case .operate(let list, let done): operations.append(Operation(commands: list, done: done))
            case .report(let tell): reports.append(tell)
            case .copy(let tell): beginCopy(tell)
            case .compact(let tell): beginCompaction(tell)
            case .reconfigure(let settings):
                self.settings = settings
                admission.budgets = settings.budgets
            case .stopWaiting: isStopping = true
            case .stop: break
            }
        }
        waiting += intake.map { Waiting(item: $0, deadline: now.monotonic.advanced(by: settings.roomWait)) }
        // Also while outcomes wait for the disk: they were dated before the step.
        retrySweep.look(now, settings.policies)
        let commits = counts.commits
        do throws(StoreError) {
            try measure(now: now)
            try admit(now: now)
            try commit(outcomes, now: now)
            try operate(now: now)
            try serveClaims(now: now)
            try serveExpiring(now: now)
            if counts.commits != commits { shrinking.committed(at: now.monotonic) }
            if counts.commits != commits || !intake.isEmpty || !commands.isEmpty { latestMail = now.monotonic }
            let isIdle = now.monotonic.since(latestMail) >= CheckpointPacing.idleRest
            try upkeep(isIdle: isIdle, now: now)
            copySlice(now: now)
            dropForgottenCopy(now: now)
        } catch {
            // Nobody is told 202; whoever waits for an answer gets one.
            for operation in operations { operation.done(.failure(error)) }
            operations = []
            let refusal = CommitMailbox.refusal(.failed)!
            answer((admitted + waiting).map { ($0.item, refusal) })
            admitted = []
            waiting = []
            for tell in reports { tell(nil) }
            if let copying { failCopy(copying, error) }
            failCompaction(error)
            return .failed(error)
        }
        measures.rate.sample(counts.accepted, at: now.monotonic)
        for tell in reports { tell(report()) }
        return .goOn
    }

    /// What to wait for, once, before the next round; nil: nothing.
    package mutating func chance() -> CommitPacing.Chance? {
        let chance = pacing.chance()
        return hasMore || !operations.isEmpty || !heldUp.isEmpty ? nil : chance
    }

    /// Before anybody is told.
    mutating func pace(_ events: Int, from began: MonotonicTime, to ended: MonotonicTime) {
        pacing.committed(events: events, waiting: intakeWaiting(), from: began.nanoseconds, to: ended.nanoseconds)
    }

    /// How long the loop may wait for a message.
    package func wait(now: Moment) -> Span {
        if hasMore || !operations.isEmpty { return .zero }
        return min(spaceWait(now: now) ?? .seconds(1), plainWait)
    }

    private var plainWait: Span {
        if copying != nil, heldUp.isEmpty, lockedUntil == nil { return .milliseconds(1) }
        if retrySweep.isUnderWay, heldUp.isEmpty { return RetrySweep.pause }
        if !waiting.isEmpty || !heldUp.isEmpty || !claims.isEmpty || expiringQuery != nil { return .milliseconds(50) }
        return .seconds(1)
    }

    /// Whether outcomes wait to be recorded.
    var holdsOutcomes: Bool { !heldUp.isEmpty }

    /// The last act of the thread: nobody waits any longer, the log goes into the file.
    package consuming func finish() -> Store {
        for operation in operations { operation.done(.failure(.failed("the store is closed"))) }
        if let copying { failCopy(copying, .failed("the daemon is stopping")) }
        failCompaction(.failed("the daemon is stopping"))
        answer(waiting.map { ($0.item, CommitMailbox.refusal(.shuttingDown)!) })
        return store
    }

    mutating func report() -> CommitReport {
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
            dead: counts.dead,
            refusing: refusing,
            keys: admission.keys,
            outcomesWaiting: heldUp.count,
            budgets: admission.budgets,
            measures: measures
        )
    }
    /// Why new events are refused now; nil if they are not.
    private var refusing: String? {
        if lockedUntil != nil { return Obstacle.locked.reason }
        if !heldUp.isEmpty { return Obstacle.diskFull.reason }
        return admission.closed ?? waiting.lazy.compactMap(\.obstacle).first?.reason
            ?? (admission.hasRoomForKey ? nil : Admission.keysReason)
    }
}
