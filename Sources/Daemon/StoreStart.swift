internal import Engine
internal import OutboxCore
internal import SQLiteStore
internal import SigV4

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
    /// A damaged database was moved aside for this one, and why.
    var replaced: (file: DamagedFile, found: String)?
}

/// Why a start reads the whole database before it begins.
enum CheckReason: Hashable, Sendable, CaseIterable {
    /// Of the machine, not of the process alone.
    case uncleanEnd
    case diskError
    case damage

    /// The log's line.
    var line: String {
        switch self {
        case .uncleanEnd: "checking the database after an unclean end of the machine"
        case .diskError: "checking the database after an error of the disk"
        case .damage: "checking the database after damage was met in it"
        }
    }

    /// nil: there is no reason. After a crash of the process alone the kernel still had every page.
    init?(_ identity: StoreIdentity) {
        if identity.damageSeen > 0 {
            self = .damage
        } else if identity.hadDiskError {
            self = .diskError
        } else if !identity.wasClean && !identity.sameBoot {
            self = .uncleanEnd
        } else {
            return nil
        }
    }
}

/// An open store, with what an unclean end left put right. Commit thread.
struct OpenedStore: ~Copyable {
    private(set) var start: StoreStart
    private let store: SQLiteStore

    /// - Parameters:
    ///   - onDamage: `replace`: a damaged database is moved aside, with its log and the flight file, and a new one made.
    ///   - flight: the flight file's path.
    ///   - announceCopy: called before a copy is made for an upgrade, which may take minutes.
    ///   - announceCheck: called before a check that may take minutes.
    /// - Throws: `StoreError.damaged` only with `stop`.
    static func open(
        _ options: SQLiteStoreOptions,
        onDamage: Configuration.Store.OnDamage = .stop,
        flight: String,
        now: Moment,
        announceCopy: () -> Void = {},
        announceCheck: (CheckReason) -> Void
    ) throws(StoreError) -> OpenedStore {
        do throws(StoreError) {
            let left = FlightFile.left(at: flight, bootID: options.bootID)
            return try openSound(
                options,
                left: left,
                now: now,
                announceCopy: announceCopy,
                announceCheck: announceCheck
            )
        } catch .damaged(let found) where onDamage == .replace {
            let file = try DamagedFile.setAside(options.path, flight: flight, now: now.wall)
            var opened = try openSound(
                options,
                left: FlightRecord(),
                now: now,
                announceCopy: {},
                announceCheck: { _ in }
            )
            opened.start.replaced = (file, found)
            return opened
        }
    }

    /// - Throws: `StoreError.damaged` where damage shows at once, or in a check where one is due.
    private static func openSound(
        _ options: SQLiteStoreOptions,
        left: FlightRecord,
        now: Moment,
        announceCopy: () -> Void,
        announceCheck: (CheckReason) -> Void
    ) throws(StoreError) -> OpenedStore {
        var random = SystemRandomNumberGenerator()
        var store = try SQLiteStore.open(
            options,
            now: now.wall,
            hash: { Digest256(bytes: SHA256.digest($0)) },
            using: &random,
            announceCopy: announceCopy
        )
        if let reason = CheckReason(store.identity) {
            announceCheck(reason)
            let damageSeen = store.identity.damageSeen
            let damage = damageSeen > 0 ? try store.integrityCheck() : try store.quickCheck()
            guard damage.isEmpty else { throw .damaged(damage.prefix(5).joined(separator: "; ")) }
            // A check that finds nothing where damage is met again and again must not keep it from starting for ever.
            if damageSeen > 1 { throw .damaged("what was read contradicted itself, twice") }
        }
        let clock = try store.clockRecord()
        // Seen with the eyes of this boot: a start that fails later leaves a record that holds.
        var ages = EventAges(record: clock, isSameBoot: store.identity.sameBoot, now: now)
        let begin = StoreCommand.begin(ages.look(now, isTrusted: false))
        // All that is read before the first write: nothing damaged is appended to.
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
        _ = try store.commit([.markUncertain(left.inFlight), begin], now: now.wall)
        return OpenedStore(start: start, store: store)
    }

    private init(start: StoreStart, store: consuming SQLiteStore) {
        self.start = start
        self.store = store
    }

    consuming func take() -> SQLiteStore { store }
}
