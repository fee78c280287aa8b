internal import Engine
internal import OutboxCore
internal import SQLiteStore

/// What the delivery side needs to know of the store before it can begin.
struct StoreStart: Sendable {
    var identity: StoreIdentity
    var functions: [FunctionRecord]
    var routes: [RouteRecord]
    var pauses: [PauseRule]
    var cutOffs: [CutOff]
    var clock: ClockRecord?
    var lastSequence: Int64
    var nextDue: WallTime?
    var totals: StoreTotals
    /// Events that an earlier process left in flight; they are marked uncertain.
    var leftInFlight: Int
    /// Those of them, and of earlier crashes, that go out one at a time.
    var crashed: CrashSuspects
}

/// An open store, with what an unclean end left put right. Commit thread.
struct OpenedStore: ~Copyable {
    let start: StoreStart
    private let store: SQLiteStore

    /// - Parameters:
    ///   - announceCopy: called before a copy is made for an upgrade, which may take minutes.
    ///   - announceCheck: called before a check that may take minutes.
    static func open(
        _ options: SQLiteStoreOptions,
        left: FlightRecord,
        now: Moment,
        announceCopy: () -> Void,
        announceCheck: () -> Void
    ) throws(StoreError) -> OpenedStore {
        var random = SystemRandomNumberGenerator()
        var store = try SQLiteStore.open(options, now: now.wall, using: &random, announceCopy: announceCopy)
        // After a crash of the process alone the kernel still had every page.
        let isDoubtful = store.identity.hadDiskError || (!store.identity.wasClean && !store.identity.sameBoot)
        if isDoubtful {
            announceCheck()
            let damage = try store.quickCheck()
            guard damage.isEmpty else {
                throw .failed("the database is damaged: \(damage.joined(separator: "; "))")
            }
        }
        let clock = try store.clockRecord()
        // Seen with the eyes of this boot: a start that fails later leaves a record that holds.
        var ages = EventAges(record: clock, isSameBoot: store.identity.sameBoot, now: now)
        let begin = StoreCommand.begin(ages.look(now, isTrusted: false))
        _ = try store.commit([.markUncertain(left.inFlight), begin], now: now.wall)
        let start = StoreStart(
            identity: store.identity,
            functions: try store.functions(),
            routes: try store.routes(),
            pauses: try store.pauses(),
            cutOffs: try store.cutOffs(),
            clock: clock,
            lastSequence: store.totals.lastSequence,
            nextDue: try store.nextDue(),
            totals: store.totals,
            leftInFlight: left.inFlight.count,
            crashed: CrashSuspects(
                inFlight: left.inFlight,
                carried: left.suspects,
                wasClean: left.endedInOrder,
                isSameBoot: left.isSameBoot
            )
        )
        return OpenedStore(start: start, store: store)
    }

    private init(start: StoreStart, store: consuming SQLiteStore) {
        self.start = start
        self.store = store
    }

    consuming func take() -> SQLiteStore { store }
}
