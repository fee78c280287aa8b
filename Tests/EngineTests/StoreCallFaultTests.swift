import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// The commit loop over a store of which one call after the other fails.
struct StoreCallFaultTests {
    private static let errors: [StoreError] = [.busy("test"), .full("test"), .failed("test"), .damaged("test")]

    /// - Parameter room: how many of the two events that are sent have room.
    @Test(arguments: errors, 1...2)
    func `whichever call of the store fails, everybody is answered once, and nothing is lost (P1, P2, P9)`(
        error: StoreError,
        room: Int
    ) throws {
        let ends = try ends(room: room) { at in [at: error] }
        switch error {
        case .busy: #expect(ends == 0)
        // Of a question, which needs no room: then something is very wrong.
        case .full: #expect(ends <= 3)
        default: #expect(ends >= 5)
        }
    }

    @Test(arguments: 1...4)
    func `a lock met beside a full disk costs nothing either: outcomes and answers wait for it (P1, P2, P9)`(
        callsBetween: Int
    ) throws {
        #expect(try ends { at in [at: .full("test"), at + callsBetween: .busy("test")] } <= 1)
    }

    @Test(arguments: errors)
    func `an order that is on disk and can't be read back ends the loop, and its operator is told so`(
        error: StoreError
    ) throws {
        let run = try Run([:], pauses: error)
        #expect(run.turns())
        #expect(run.operations == 1 && run.answers.count == 2)
        #expect(run.failures.map { "\($0)".contains("an order is on disk") } == [true])
    }

    /// Runs with errors at one call after the other, until there are no more calls: how often the loop had to end.
    private func ends(room: Int = 2, _ errors: (_ at: Int) -> [Int: StoreError]) throws -> Int {
        var ends = 0
        for at in 1... {
            let run = try Run(errors(at), room: room)
            let isOver = run.turns()
            #expect(
                run.answers.count == 2 && run.operations == 1 && run.reports >= 1 && run.copyEnds == 1,
                "call \(at)"
            )
            if isOver {
                ends += 1
            } else {
                #expect(run.isOutcomeKept, "call \(at)")
                #expect(run.accepted == run.answers.count { if case .accepted = $0.value { true } else { false } })
            }
            if !run.calls.hasStruck { break }
        }
        return ends
    }

    /// Some rounds of a loop that is asked for everything at once.
    private final class Run {
        let calls: StoreCalls
        private let model: ModelStore
        private let producer = Producer()
        private let told = Told()
        private let simulation = Simulation(seed: 1)
        private var committer: Committer<FailingStore>
        private let folder: TemporaryDirectory
        private let outcome: Int64
        private let before: Int

        private static let start = WallTime(milliseconds: 1_700_000_000_000)

        private static func now(_ second: Int64) -> Moment {
            Moment(
                wall: start.advanced(by: .seconds(second)),
                monotonic: MonotonicTime(nanoseconds: (second + 1) * 1_000_000_000)
            )
        }

        /// - Parameter pauses: what the store says when it is asked for the pauses.
        init(_ errors: [Int: StoreError], room: Int = 2, pauses: StoreError? = nil) throws {
            folder = try TemporaryDirectory(inMemory: true)
            let calls = StoreCalls(errors)
            self.calls = calls
            model = ModelStore()
            var direct = model
            let replies = try direct.commit(
                [.accept(StoreBench.event("a")), .accept(StoreBench.event("a")), .accept(StoreBench.event("a"))],
                now: Self.start
            )
            guard case .accepted(let first) = replies[0], case .accepted(let second) = replies[1] else {
                throw StoreError.failed("not accepted")
            }
            outcome = first.sequence
            // A retry that a clock far ahead has put off.
            _ = try direct.commit(
                [Self.resolve(second.sequence, .waits(dueAt: Self.start.advanced(by: .hours(900))))],
                now: Self.start
            )
            before = model.totals.queued
            var budgets = QueueBudgets()
            budgets.eventsMax = before + room
            var policy = FunctionPolicy()
            policy.share = 1
            committer = Committer(
                store: FailingStore(model, calls, pauses: pauses),
                limits: CommitLimits(),
                settings: CommitSettings(
                    budgets: budgets,
                    history: (.hours(24), 1_000_000),
                    roomWait: .seconds(2),
                    policies: PolicyTable(defaults: policy)
                ),
                ballast: Ballast(path: folder.file("ballast"), bytes: 0),
                ages: EventAges(),
                freeDisk: { nil },
                tellDelivery: { _ in }
            )
        }

        private static func resolve(_ sequence: Int64, _ fate: Resolution.Fate) -> StoreCommand {
            .resolve(
                Resolution(
                    sequence: sequence,
                    attempt: fate == .handedOver ? StoreBench.handOver(at: start) : StoreBench.failure(at: start),
                    fate: fate,
                    chargedAttempts: 0,
                    unknownAttempts: 0,
                    routeFailures: 0,
                    uncertain: false
                )
            )
        }

        /// Returns whether the loop had to end.
        func turns() -> Bool {
            let items = ["one", "two"].enumerated().map { number, key in
                let event = StoreBench.event("a", key: StoreBench.key(key))
                return IntakeItem(event: event, sink: producer, ticket: UInt64(number))
            }
            let told = told
            let lane = ClaimRequest.Lane.fresh(after: 0, through: .max, only: nil)
            let messages: [CommitMessage] = [
                .outcomes([Self.resolve(outcome, .handedOver)]), .claim(ClaimRequest(lane: lane, eventsMax: 9)),
                .findExpiring(.passed(behind: nil, until: Self.start)),
                .operate([.pause(PauseRule(pattern: GlobPattern("z"), since: Self.start))]) { result in
                    told.operations += 1
                    if case .failure(let error) = result { told.failures.append(error) }
                },
                .report { _ in told.reports += 1 },
                .copy { report in
                    switch report {
                    case .progress: break
                    case .done, .failed: told.copyEnds += 1
                    }
                },
            ]
            var isOver = false
            for second in 0..<10 where !isOver {
                let isFirst = second == 0
                let verdict = committer.turn(
                    intake: isFirst ? items : [],
                    commands: isFirst ? messages : [],
                    now: Self.now(Int64(second))
                )
                if case .failed = verdict { isOver = true }
            }
            calls.isOver = true
            return isOver
        }

        var answers: [UInt64: AcceptAnswer] { producer.answers }
        var operations: Int { told.operations }
        var failures: [StoreError] { told.failures }
        var reports: Int { told.reports }
        var copyEnds: Int { told.copyEnds }
        var isOutcomeKept: Bool { model.totals.queued == before - 1 + accepted }
        var accepted: Int { Int(model.totals.lastSequence) - before }
    }

    /// Touched by the test's thread alone, on which the loop's body runs.
    private final class Told: @unchecked Sendable {
        var operations = 0
        var failures: [StoreError] = []
        var reports = 0
        var copyEnds = 0
    }
}

/// Counts a store's calls, and fails some.
final class StoreCalls {
    /// By the number of the call, from 1.
    private var errors: [Int: StoreError]
    private var count = 0
    var checkpoints = 0
    /// Of each checkpoint.
    var checkpointError: StoreError?
    var isOver = false
    var hasStruck: Bool { errors.isEmpty }

    init(_ errors: [Int: StoreError]) {
        self.errors = errors
    }

    func next() throws(StoreError) {
        if isOver { return }
        count += 1
        if let error = errors.removeValue(forKey: count) { throw error }
    }
}

/// A store of which one call fails.
struct FailingStore: EventStore, EventStoreUpkeep {
    private var inner: ModelStore
    private let calls: StoreCalls
    private let pausesError: StoreError?

    init(_ inner: ModelStore, _ calls: StoreCalls, pauses: StoreError? = nil) {
        self.inner = inner
        self.calls = calls
        pausesError = pauses
    }

    mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        if commands.isEmpty { return [] }
        try calls.next()
        return try inner.commit(commands, now: now)
    }

    mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        try calls.next()
        return try inner.claim(request)
    }

    mutating func nextDue() throws(StoreError) -> WallTime? { try inner.nextDue() }
    var totals: StoreTotals { inner.totals }
    mutating func functions() throws(StoreError) -> [FunctionRecord] { try inner.functions() }
    mutating func routes() throws(StoreError) -> [RouteRecord] { try inner.routes() }
    mutating func pauses() throws(StoreError) -> [PauseRule] {
        if let pausesError { throw pausesError }
        return try inner.pauses()
    }

    mutating func cutOffs() throws(StoreError) -> [CutOff] { try inner.cutOffs() }
    mutating func clockRecord() throws(StoreError) -> ClockRecord? { try inner.clockRecord() }
    mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? { try inner.queued(id) }

    mutating func checkpoint() throws(StoreError) {
        calls.checkpoints += 1
        if let error = calls.checkpointError { throw error }
        try calls.next()
        try inner.checkpoint()
    }

    mutating func nextDue(after time: WallTime) throws(StoreError) -> WallTime? {
        try calls.next()
        return try inner.nextDue(after: time)
    }

    mutating func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage {
        try calls.next()
        return try inner.expiring(query, limit: limit)
    }

    mutating func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage {
        try calls.next()
        return try inner.retries(behind: place, limit: limit)
    }

    mutating func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply? {
        try calls.next()
        return try inner.lookUpRepeat(of: event, now: now)
    }

    func usage(of function: FunctionIdentity) -> FunctionUsage { inner.usage(of: function) }
    func knows(_ function: FunctionIdentity) -> Bool { inner.knows(function) }
    func knows(producer: String) -> Bool { inner.knows(producer: producer) }
    var names: StoreNames { inner.names }
    /// As if a reader held so much of the log.
    var walBytes = 0
    var keysRemembered: Int { inner.keysRemembered }

    mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int {
        try calls.next()
        return try inner.giveBackSpace(pages: pages, goOn: goOn)
    }

    mutating func beginCopy() throws(StoreError) -> String {
        try calls.next()
        return "copy"
    }

    mutating func copy(pages: Int) throws(StoreError) -> CopyProgress {
        try calls.next()
        var progress = CopyProgress(pages: 1, left: 0)
        progress.isDone = true
        return progress
    }

    mutating func size() throws(StoreError) -> StoreSize {
        try calls.next()
        return try inner.size()
    }
}
