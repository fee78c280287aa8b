import OutboxCore
import SQLiteStore

/// The real store, with each commit numbered inside its own transaction: whatever happens to the disk, the number that is
/// found says which commits are there.
struct DiskStore: EventStore, EventStoreUpkeep, ~Copyable {
    /// What numbers are kept under: no route of a plan's has this name.
    static let markName = "commit"

    private var inner: SQLiteStore
    private let ledger: DiskLedger

    init(_ inner: consuming SQLiteStore, ledger: DiskLedger) {
        self.inner = inner
        self.ledger = ledger
    }

    consuming func close(clean: Bool) throws(StoreError) { try inner.close(clean: clean) }

    mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        if commands.isEmpty { return [] }
        let number = ledger.begin()
        let mark = SavedState(reason: "\(number)", since: now, failedProbes: 0)
        ledger.disturb()
        defer { ledger.settleDown() }
        do throws(StoreError) {
            var replies = try inner.commit(commands + [.saveRouteState(Self.markName, mark)], now: now)
            replies.removeLast()
            ledger.acknowledge(number)
            return replies
        } catch {
            if case .failed = error {
                ledger.open = .init(number: number, commands: commands, replies: inner.unsettled?.dropLast(), now: now)
            }
            throw error
        }
    }

    mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        ledger.disturb()
        defer { ledger.settleDown() }
        return try inner.claim(request)
    }

    mutating func checkpoint() throws(StoreError) {
        ledger.disturb()
        defer { ledger.settleDown() }
        try inner.checkpoint()
    }

    mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int {
        ledger.disturb()
        defer { ledger.settleDown() }
        return try inner.giveBackSpace(pages: pages, goOn: goOn)
    }

    mutating func routes() throws(StoreError) -> [RouteRecord] {
        try inner.routes().filter { $0.name != Self.markName }
    }

    mutating func nextDue() throws(StoreError) -> WallTime? { try inner.nextDue() }
    var totals: StoreTotals { inner.totals }
    mutating func functions() throws(StoreError) -> [FunctionRecord] { try inner.functions() }
    mutating func pauses() throws(StoreError) -> [PauseRule] { try inner.pauses() }
    mutating func cutOffs() throws(StoreError) -> [CutOff] { try inner.cutOffs() }
    mutating func clockRecord() throws(StoreError) -> ClockRecord? { try inner.clockRecord() }
    mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? { try inner.queued(id) }
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
    mutating func size() throws(StoreError) -> StoreSize { try inner.size() }
}

/// Which commits were acknowledged, and which one failed with its truth unknown.
final class DiskLedger {
    /// A commit of which only the next opening tells whether it is there.
    struct Open {
        var number: Int
        var commands: [StoreCommand]
        /// What it would have answered; nil: it never came to its end.
        var replies: [StoreReply]?
        var now: WallTime
    }

    private var number = 0
    private(set) var acknowledged = 0
    var open: Open?
    /// Draws the faults of the operation that begins; and the operation has ended.
    var disturb: () -> Void = {}
    var settleDown: () -> Void = {}

    func begin() -> Int {
        number += 1
        return number
    }

    func acknowledge(_ number: Int) { acknowledged = number }

    /// Compares what is there with what was acknowledged.
    ///
    /// - Returns: the commit that had failed, where it is there all the same; and what is wrong, if something is.
    func settle(found: Int) -> (kept: Open?, problem: (expected: String, found: String)?) {
        defer {
            open = nil
            acknowledged = found
        }
        if found == acknowledged { return (nil, nil) }
        guard let open, open.number == found else {
            let alternative = open.map { " or \($0.number)" } ?? ""
            return (nil, ("commit \(acknowledged)\(alternative) as the last that is there", "\(found)"))
        }
        guard open.replies != nil else {
            return (nil, ("nothing of commit \(found), which failed before its end", "it is there"))
        }
        return (open, nil)
    }
}
