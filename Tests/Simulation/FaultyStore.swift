import OutboxCore

/// A store whose commits fail, are slow, or fail and are there all the same; and which tells of all that it has done.
struct FaultyStore<Inner: EventStore & EventStoreUpkeep & ~Copyable>: EventStore, EventStoreUpkeep, ~Copyable {
    private var inner: Inner
    private let faults: StoreFaults

    init(_ inner: consuming Inner, faults: StoreFaults) {
        self.inner = inner
        self.faults = faults
    }

    consuming func take() -> Inner { inner }

    mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        if commands.isEmpty { return [] }
        switch faults.next() {
        case .none: break
        case .full:
            faults.refused(commands)
            throw .full("simulated")
        case .busy:
            faults.refused(commands)
            throw .busy("simulated")
        case .lost: throw .failed("simulated, not there")
        case .kept:
            let replies = try inner.commit(commands, now: now)
            faults.committed(commands, replies, now)
            throw .failed("simulated, there")
        }
        let replies: [StoreReply]
        do throws(StoreError) {
            replies = try inner.commit(commands, now: now)
        } catch {
            faults.failed(commands, error)
            throw error
        }
        faults.committed(commands, replies, now)
        faults.counted(inner.totals)
        return replies
    }

    mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        if faults.isClaimBusy() { throw .busy("simulated") }
        return try inner.claim(request)
    }

    mutating func nextDue() throws(StoreError) -> WallTime? { try inner.nextDue() }
    var totals: StoreTotals { inner.totals }
    mutating func functions() throws(StoreError) -> [FunctionRecord] { try inner.functions() }
    mutating func routes() throws(StoreError) -> [RouteRecord] { try inner.routes() }
    mutating func pauses() throws(StoreError) -> [PauseRule] { try inner.pauses() }
    mutating func cutOffs() throws(StoreError) -> [CutOff] { try inner.cutOffs() }
    mutating func clockRecord() throws(StoreError) -> ClockRecord? { try inner.clockRecord() }
    mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? { try inner.queued(id) }
    mutating func checkpoint() throws(StoreError) { try inner.checkpoint() }

    mutating func nextDue(after time: WallTime) throws(StoreError) -> WallTime? { try inner.nextDue(after: time) }

    mutating func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage {
        try inner.expiring(query, limit: limit)
    }

    mutating func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage {
        try inner.retries(behind: place, limit: limit)
    }

    mutating func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply? {
        try inner.lookUpRepeat(of: event, now: now)
    }

    func usage(of function: FunctionIdentity) -> FunctionUsage { inner.usage(of: function) }
    func knows(_ function: FunctionIdentity) -> Bool { inner.knows(function) }
    func knows(producer: String) -> Bool { inner.knows(producer: producer) }
    var names: StoreNames { inner.names }
    var keysRemembered: Int { inner.keysRemembered }
    var walBytes: Int { inner.walBytes }
    mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int {
        try inner.giveBackSpace(pages: pages, goOn: goOn)
    }
    mutating func size() throws(StoreError) -> StoreSize { try inner.size() }
}

/// Decides which commits fail, and hands on what the others did. One thread.
final class StoreFaults {
    enum Fault { case none, full, busy, lost, kept }

    private let record: Record
    private var random: Seeded
    /// The disk is full, or somebody holds the lock, until then. Nanoseconds.
    private var fullUntil = Int64.min
    private var busyUntil = Int64.min
    var isCalm = false
    /// Told of every commit that is on disk.
    var committed: ([StoreCommand], [StoreReply], WallTime) -> Void = { _, _, _ in }
    /// Told of every commit that is known not to be there.
    var refused: ([StoreCommand]) -> Void = { _ in }
    /// Told what the store counts after it.
    var counted: (StoreTotals) -> Void = { _ in }

    init(_ record: Record, random: Seeded) {
        self.record = record
        self.random = random
    }

    func next() -> Fault {
        let now = record.nanoseconds
        guard !isCalm else { return .none }
        if now < fullUntil {
            record.happened(.commitFull)
            return .full
        }
        if now < busyUntil {
            record.happened(.commitBusy)
            return .busy
        }
        guard random.oneIn(record.plan.weights.storeFault) else { return .none }
        switch random.int(0...5) {
        case 0:
            record.happened(.commitLost)
            return .lost
        case 1:
            record.happened(.commitKept)
            return .kept
        case 2, 3:
            fullUntil = random.oneIn(2) ? now : now + random.seconds(0...20)
            record.happened(.commitFull)
            return .full
        default:
            busyUntil = random.oneIn(2) ? now : now + random.seconds(0...5)
            record.happened(.commitBusy)
            return .busy
        }
    }

    /// The store itself has failed to commit.
    func failed(_ commands: [StoreCommand], _ error: StoreError) {
        switch error {
        case .full:
            record.happened(.commitFull)
            refused(commands)
        case .busy:
            record.happened(.commitBusy)
            refused(commands)
        default: break
        }
    }

    func isClaimBusy() -> Bool {
        guard !isCalm, record.nanoseconds < busyUntil || random.oneIn(record.plan.weights.storeFault * 4) else {
            return false
        }
        record.happened(.claimBusy)
        return true
    }

    /// How long the round that was just done takes. Nanoseconds.
    func delay() -> Int64 {
        guard !isCalm, random.oneIn(record.plan.weights.slowCommit) else { return 0 }
        record.happened(.commitSlow)
        return Int64.random(in: 1...(random.oneIn(5) ? 3_000 : 60), using: &random) * 1_000_000
    }
}
