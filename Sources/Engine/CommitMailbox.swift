internal import NIOConcurrencyHelpers
package import OutboxCore

/// Work for the commit thread, in two lanes: intake, bounded, which may refuse; everything else, bounded by the window
/// and never refused. Any thread posts; nobody waits.
package final class CommitMailbox: Intake {
    /// Why new events are refused altogether.
    enum Refusing: Sendable { case no, shuttingDown, failed }

    struct Lanes: Sendable {
        var intake: [IntakeItem] = []
        var intakeBytes = 0
        var commands: [CommitMessage] = []
        /// So many events are waited for: nobody wakes the thread before.
        var gathering: Int?
        var refusing = Refusing.no
        /// The thread has ended: nobody takes messages any more.
        var isClosed = false
    }

    package let signal = WakeSignal()
    private let lanes = NIOLockedValueBox(Lanes())
    private let limits: CommitLimits

    package init(limits: CommitLimits = CommitLimits()) {
        self.limits = limits
    }

    package func submit(_ items: [IntakeItem]) {
        let (refused, why, wake) = lanes.withLockedValue { lanes -> ([IntakeItem], AcceptAnswer?, Bool) in
            let before = lanes.intake.count
            let wasEmpty = before == 0 && lanes.commands.isEmpty
            func isAwaited() -> Bool {
                guard let gathering = lanes.gathering else { return wasEmpty }
                return before < gathering && lanes.intake.count >= gathering
            }
            if let answer = Self.refusal(lanes.refusing) { return (items, answer, false) }
            for (index, item) in items.enumerated() {
                if lanes.intake.count >= limits.intakeEventsMax || lanes.intakeBytes >= limits.intakeBytesMax {
                    let answer = AcceptAnswer.unavailable(
                        reason: "more events are arriving than the disk takes",
                        retryAfter: .seconds(1)
                    )
                    return (Array(items[index...]), answer, isAwaited())
                }
                lanes.intake.append(item)
                lanes.intakeBytes += item.heldBytes
            }
            return ([], nil, isAwaited())
        }
        if let why { answer(refused.map { ($0, why) }) }
        if wake { signal.signal() }
    }

    /// Hands over work that is never refused. After the end of the thread whoever waits for an answer gets one at once.
    package func post(_ message: CommitMessage) {
        let (wake, closed) = lanes.withLockedValue { lanes in
            if lanes.isClosed { return (false, true) }
            lanes.commands.append(message)
            return (lanes.commands.count == 1 && lanes.intake.isEmpty && lanes.gathering == nil, false)
        }
        if closed { Self.turnAway([message]) }
        if wake { signal.signal() }
    }

    /// The thread ends: everything still in the lanes is answered. Commit thread, last.
    func close(_ why: Refusing) {
        let (intake, commands) = lanes.withLockedValue { lanes in
            lanes.refusing = why
            lanes.isClosed = true
            defer {
                lanes.intake = []
                lanes.intakeBytes = 0
                lanes.commands = []
            }
            return (lanes.intake, lanes.commands)
        }
        if let refusal = Self.refusal(why) { answer(intake.map { ($0, refusal) }) }
        Self.turnAway(commands)
    }

    private static func turnAway(_ commands: [CommitMessage]) {
        for command in commands {
            switch command {
            case .operate(_, let done): done(.failure(.failed("the store is closed")))
            case .report(let tell): tell(nil)
            case .copy(let tell): tell(.failed(.failed("the store is closed")))
            case .compact(let tell): tell(.failed(.failed("the store is closed")))
            case .outcomes, .claim, .findExpiring, .reconfigure, .stopWaiting, .stop: break
            }
        }
    }

    /// From now on new events are refused (503); what is in the lane is still answered.
    func refuse(_ why: Refusing) {
        lanes.withLockedValue { $0.refusing = why }
    }

    /// All commands, and at most one commit's worth of events. Commit thread only.
    func drain() -> (intake: [IntakeItem], commands: [CommitMessage]) {
        signal.drain()
        let (intake, commands, more) = lanes.withLockedValue { lanes in
            var count = 0
            var bytes = 0
            while count < lanes.intake.count, count < limits.commitEventsMax, bytes < limits.commitBytesMax {
                bytes += lanes.intake[count].heldBytes
                count += 1
            }
            let intake = Array(lanes.intake.prefix(count))
            lanes.intake.removeFirst(count)
            lanes.intakeBytes -= bytes
            defer { lanes.commands = [] }
            return (intake, lanes.commands, !lanes.intake.isEmpty)
        }
        if more { signal.signal() }
        return (intake, commands)
    }

    /// Events that wait.
    package var intakeWaiting: Int { lanes.withLockedValue { $0.intake.count } }

    /// Whether the thread waits in `gather`.
    package var isGathering: Bool { lanes.withLockedValue { $0.gathering != nil } }

    /// Waits until so many events are in the lane, or the time is over; other messages wait as long. Commit thread only.
    package func gather(_ chance: CommitPacing.Chance) {
        signal.drain()
        let isThere = lanes.withLockedValue { lanes in
            let wanted = min(chance.events, limits.commitEventsMax)
            if lanes.intake.count < wanted { lanes.gathering = wanted }
            return lanes.gathering == nil
        }
        if !isThere { signal.wait(nanoseconds: chance.nanoseconds) }
        let isMail = lanes.withLockedValue { lanes in
            lanes.gathering = nil
            return !lanes.intake.isEmpty || !lanes.commands.isEmpty
        }
        if isMail { signal.signal() }
    }

    static func refusal(_ refusing: Refusing) -> AcceptAnswer? {
        switch refusing {
        case .no: nil
        case .shuttingDown: .unavailable(reason: "the daemon is shutting down", retryAfter: .seconds(2))
        case .failed: .unavailable(reason: "the store can't commit; the daemon restarts", retryAfter: .seconds(5))
        }
    }
}

/// Tells every sink its results, in one call each.
func answer(_ answers: [(IntakeItem, AcceptAnswer)]) {
    var order: [ObjectIdentifier] = []
    var bySink: [ObjectIdentifier: (sink: any IntakeSink, results: [IntakeResult])] = [:]
    for (item, answer) in answers {
        let key = ObjectIdentifier(item.sink)
        if bySink[key] == nil {
            bySink[key] = (item.sink, [])
            order.append(key)
        }
        bySink[key]!.results.append(IntakeResult(ticket: item.ticket, answer: answer))
    }
    for key in order {
        let (sink, results) = bySink[key]!
        sink.deliver(results)
    }
}

/// Bounds of the commit loop; units in the names.
package struct CommitLimits: Hashable, Sendable {
    package var intakeEventsMax = 65_536
    /// Everything that waiting items hold, not payloads alone.
    package var intakeBytesMax = 64 << 20
    /// One commit.
    package var commitEventsMax = 2048
    package var commitBytesMax = 16 << 20
    /// Events told to the delivery side straight from memory, per commit; past it they are read back.
    package var announcedBytesMax = 8 << 20
    /// When the log is moved into the file. On a disk that another program has filled this takes as much space as the log
    /// has: the reserve must hold it, and one commit more.
    package var checkpoints = CheckpointPacing.Marks(idle: 1 << 20, busy: 8 << 20, most: 16 << 20, commitsMin: 300)
    /// A reader holds so much of the log that new events are refused; outcomes go on.
    package var walBytesRefused = 256 << 20
    package var ballastBytes = ballastBytesMax
    package static let ballastBytesMax = 32 << 20
    package var trimInterval = Span.seconds(10)
    /// Lines of the history, each with up to 13 of its attempts: about 10 ms at most.
    package var trimRowsMax = 250
    /// Lines that are looked at, to find functions that nobody uses.
    package var forgetRowsMax = 2000
    /// Rows of a slice that may have to die: a small part of one commit, so that producers don't notice.
    package var expiringMax = 250
    /// Names that the store knows; past it new ones are refused.
    package var functionsMax = 20_000
    package var producersMax = 20_000
    /// How long a function's state is kept after its trouble.
    package var troubleKept = Span.hours(24)

    package init() {}

    /// On a small disk the reserve, and the log, are small too: a sixteenth of it at most.
    package mutating func scale(toDiskBytes total: Int) {
        ballastBytes = min(ballastBytes, max(1 << 20, total / 16))
        checkpoints.most = min(checkpoints.most, ballastBytes / 2)
        checkpoints.busy = min(checkpoints.busy, ballastBytes / 2)
        checkpoints.idle = min(checkpoints.idle, ballastBytes / 8)
        walBytesRefused = min(walBytesRefused, max(4 << 20, total / 4))
        commitBytesMax = min(commitBytesMax, ballastBytes / 2)
    }
}

/// What the commit thread is asked to do, beside intake.
package enum CommitMessage: Sendable {
    /// Outcomes of attempts, burials, states: the same group commit as new events.
    case outcomes([StoreCommand])
    case claim(ClaimRequest)
    /// Answered with `DeliveryMessage.expiring`; one at a time.
    case findExpiring(ExpiringQuery)
    /// An operator's act; answered once it is on disk. The closure runs on the commit thread and must not block.
    case operate([StoreCommand], @Sendable (Result<[StoreReply], StoreError>) -> Void)
    /// Totals and sizes for status; nil if the store has failed or is closed. The closure must not block.
    case report(@Sendable (CommitReport?) -> Void)
    /// Copies the queue for a backup, in slices between commits. The closure is told after each slice and at the end, on
    /// the commit thread, and must not block.
    case copy(@Sendable (CopyReport) -> Void)
    /// Gives all free pages of the file back, in slices between commits. The closure is told as with `copy`.
    case compact(@Sendable (CompactionReport) -> Void)
    /// A new configuration.
    case reconfigure(CommitSettings)
    /// The door is about to close: nobody waits for room any more, now or later (503).
    case stopWaiting
    /// Commits what is in the lanes, checkpoints, closes.
    case stop
}

/// The commit side's state for status and metrics.
package struct CommitReport: Sendable {
    package var totals: StoreTotals
    package var size: StoreSize
    package var freeDisk: Int?
    package var functions: [FunctionRecord]
    package var commits: Int
    package var commitEvents: Int
    package var accepted: Int
    package var repeats: Int
    package var refused: Int
    /// Events that became dead letters since the start.
    package var dead: Int
    /// Why new events are refused now; nil if they are not.
    package var refusing: String?
    /// Idempotency keys that are remembered.
    package var keys: Int
    /// Outcomes that wait for disk space.
    package var outcomesWaiting: Int
    package var budgets: QueueBudgets
    package var measures: CommitMeasures
}
