/// The port to the durable queue. Synchronous; confined to the thread that opened it.
///
/// `commit` is one transaction: all of its commands or none, on disk (fsync) before it returns. A store never reorders
/// commands. Everything that changes state goes through it; look-ups that the delivery side needs (`claim`) see every
/// earlier commit.
package protocol EventStore: ~Copyable {
    /// Carries out `commands` in order in one durable transaction and returns one reply for each.
    ///
    /// - Throws: `StoreError.full` if the transaction was rolled back for want of space, `.busy` if it could not begin:
    ///   both are known not to be there; any other error leaves the truth unknown until the next open.
    mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply]

    /// Reads events that may be delivered, without changing anything: claims live in the caller's memory.
    mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage

    /// The earliest due time among rows that have one; nil if none has.
    mutating func nextDue() throws(StoreError) -> WallTime?

    /// Counters kept in the same transactions as the rows they count; no scan.
    var totals: StoreTotals { get }

    /// All functions with events or a state on record, for the start and for status.
    mutating func functions() throws(StoreError) -> [FunctionRecord]

    /// Route states on record.
    mutating func routes() throws(StoreError) -> [RouteRecord]

    /// Operators' pauses on record, by pattern.
    mutating func pauses() throws(StoreError) -> [PauseRule]

    /// Ends of pauses and outages on record, each scope once.
    mutating func cutOffs() throws(StoreError) -> [CutOff]

    /// What an earlier process left of the wall clock.
    mutating func clockRecord() throws(StoreError) -> ClockRecord?

    /// A queued event, whole; nil if it is not in the queue, or its row is damaged.
    mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent?

    /// Moves committed pages from the log into the database file, without blocking readers.
    mutating func checkpoint() throws(StoreError)
}

/// One change to the queue.
package enum StoreCommand: Sendable {
    /// Store an event, unless its key names one that is remembered.
    case accept(NewEvent)
    /// Record what came of an attempt.
    case resolve(Resolution)
    /// The events may have reached Lambda without our knowing (flight file after an unclean start); unknown ids are skipped.
    case markUncertain([EventID])
    /// Payload bytes after which a `redrive` or `purge` takes no further letter, and a slice of rows that may have to die
    /// no further row: producers wait behind the transaction.
    package static let movedBytesMax = 8 << 20

    /// Put up to `limit` dead letters back into the queue: same id and history, attempts and age reset, due now, a hard
    /// expiry that has passed dropped; with `keepExpiry` letters with such an expiry stay where they are.
    case redrive(DeadLetterSelection, limit: Int, keepExpiry: Bool = false)
    /// Delete up to `limit` dead letters and free their keys.
    case purge(DeadLetterSelection, limit: Int)
    /// Make a queued event a dead letter without an attempt; decided by the caller.
    case bury(sequence: Int64, DeadLetterCondition, reason: String)
    /// Keep a function's state for the next start.
    case saveFunctionState(FunctionKey, SavedState?)
    /// As for a function; where it is taken away, the outage's end is kept as a `CutOff`.
    case saveRouteState(String, SavedState?)
    case saveClock(ClockRecord)
    /// The start has come so far that what happens from now on is this process's: an end that is not in order, and the
    /// boot it runs in. What an earlier one left stays as it was until then, however many starts fail. The record, where
    /// there is one, is one of this boot.
    case begin(ClockRecord?)
    /// Keep a pause, at most `PauseRule.rulesMax`. Where there is one of this pattern it stays, with the new reason.
    case pause(PauseRule)
    /// Forget all pauses whose pattern, taken as a name, is matched by this one; each one's end is kept as a `CutOff`.
    case resume(GlobPattern)
    /// Take events out of the queue for good: key freed, a line kept in the history. The caller sees to it that none is in
    /// flight, and that none is started meanwhile.
    case cancel([EventID])
    /// Clear delay and backoff: what was due later is due now.
    case sendNow([EventID], force: Bool)
    /// What of these queued events is due later is due now; their ages stay. Unknown sequence numbers are skipped.
    case bringForward([Int64])
    /// Forget hand-over history handed over before this time, at most `limit` lines, and go on with the store's own work
    /// on keys whose window has passed.
    case trim(historyBefore: WallTime, historyMax: Int, limit: Int)
    /// Forget the state of functions that hold nothing queued and whose latest trouble was before this time, and then
    /// functions that hold nothing, have no state, and that no hand-over names. A slice: at most `limit` rows
    /// are looked at, so that it may take several calls until all are found. The function seen last stays.
    case forgetFunctions(troubleBefore: WallTime, limit: Int)
    /// Bring in events and keys under the ids that they have. Whatever this database knows already stays as it is; what is
    /// over the room is left out. A queued one is due now, or when it was promised to be, and its age counts from then.
    /// With `isTrial` nothing is changed, and each record is judged as if it came alone.
    case bringIn([ImportedRecord], room: ImportRoom, isTrial: Bool = false)
}

/// What one command did.
package enum StoreReply: Sendable {
    case accepted(QueuedEvent)
    /// A repeat: the first event's id and where it is now.
    case repeated(EventID, EventState)
    /// Same key of the producer's own, other content; nothing stored.
    case conflict(EventID)
    /// For `resolve`, `markUncertain`, `bury`, `save…`, `begin`, `pause`, `bringForward`: done.
    case done
    /// `resolve` or `bury` for an event that is no longer queued; `pause` where there are too many already.
    case notFound
    /// Which letters a `redrive` or `purge` moved; none means that none are left.
    case moved([EventID])
    /// Which queued events a `cancel` took out, or a `sendNow` found; in the order given.
    case found([EventID])
    /// Which pauses a `resume` took back.
    case resumed([PauseRule])
    /// How many lines of the history a `trim` removed, and whether there is more to do, of whatever kind.
    case trimmed(Int, more: Bool)
    /// Functions whose state, or which altogether, a `forgetFunctions` removed; their keys are never given again.
    case forgotten([FunctionKey])
    /// What became of the records of a `bringIn`, in their order.
    case broughtIn([ImportOutcome])
}

/// What came of an attempt, decided by the dispatcher.
package struct Resolution: Hashable, Sendable {
    package enum Fate: Hashable, Sendable {
        /// Lambda has it: the event leaves the queue, a line stays in the hand-over history.
        case handedOver
        /// Stays in the queue. `dueAt` nil leaves the row's place in line as it is.
        case waits(dueAt: WallTime?)
        case dead(DeadLetterCondition, reason: String)
    }
    package var sequence: Int64
    package var attempt: AttemptRecord
    package var fate: Fate
    /// The event's counters after this attempt.
    package var chargedAttempts: Int
    package var unknownAttempts: Int
    package var routeFailures: Int
    package var uncertain: Bool

    package init(
        sequence: Int64,
        attempt: AttemptRecord,
        fate: Fate,
        chargedAttempts: Int,
        unknownAttempts: Int,
        routeFailures: Int,
        uncertain: Bool
    ) {
        self.sequence = sequence
        self.attempt = attempt
        self.fate = fate
        self.chargedAttempts = chargedAttempts
        self.unknownAttempts = unknownAttempts
        self.routeFailures = routeFailures
        self.uncertain = uncertain
    }
}

/// Which events the delivery side wants to read.
package struct ClaimRequest: Hashable, Sendable {
    package enum Lane: Hashable, Sendable {
        /// Rows without a due time, in accept order, after `after` and through `through`; of some functions only, if
        /// given, and at most so many of each: the rest of those is reported in `skipped`, and a page ends where none is
        /// left to be read.
        case fresh(after: Int64, through: Int64, only: [FunctionKey: Int]?)
        /// Rows with `dueAt <= until`, in order of (dueAt, sequence), behind the given place; of one function only, if given.
        case due(after: DuePlace?, until: WallTime, only: FunctionKey?)
    }
    package var lane: Lane
    /// Functions whose rows are passed over; they are reported in `ClaimPage.skipped`.
    package var skip: Set<FunctionKey>
    /// Rows passed over because they are in memory already; not reported.
    package var held: Set<Int64>
    package var eventsMax: Int
    package var bytesMax: Int
    /// Rows looked at, skipped ones included; bounds the time that a page takes.
    package var scannedMax: Int
    /// At most this many events of any one function; the rest of it is reported in `skipped`.
    package var perFunctionMax: Int

    package init(
        lane: Lane,
        skip: Set<FunctionKey> = [],
        held: Set<Int64> = [],
        eventsMax: Int,
        bytesMax: Int = .max,
        scannedMax: Int = .max,
        perFunctionMax: Int = .max
    ) {
        self.lane = lane
        self.skip = skip
        self.held = held
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
        self.scannedMax = scannedMax
        self.perFunctionMax = perFunctionMax
    }
}

/// A place in the due index.
package struct DuePlace: Hashable, Comparable, Sendable {
    package var dueAt: WallTime
    package var sequence: Int64
    package init(dueAt: WallTime, sequence: Int64) {
        self.dueAt = dueAt
        self.sequence = sequence
    }
    package static func < (a: DuePlace, b: DuePlace) -> Bool { (a.dueAt, a.sequence) < (b.dueAt, b.sequence) }
}

/// A page of events for the delivery side.
package struct ClaimPage: Sendable {
    /// Rows passed over for one function, as a range of sequence numbers (fresh lane) with nothing taken in between.
    package struct Skipped: Hashable, Sendable {
        package var first: Int64
        package var last: Int64
        package var count: Int
        package init(first: Int64, last: Int64, count: Int) {
            self.first = first
            self.last = last
            self.count = count
        }
    }
    package var request: ClaimRequest
    package var events: [QueuedEvent]
    /// Everything up to here was looked at: the place to go on from. In the fresh lane a sequence number (at least
    /// `after`; the highest sequence ever given, or `through` if smaller, when exhausted), in the due lane a place.
    package var throughSequence: Int64
    package var throughDue: DuePlace?
    package var skipped: [FunctionKey: Skipped]
    /// Rows that can't be read as an event: they were passed over, and the caller makes dead letters of them (`corrupt`).
    package var damaged: [Int64]
    /// The lane has no more rows behind this page.
    package var exhausted: Bool

    package init(
        request: ClaimRequest,
        events: [QueuedEvent],
        throughSequence: Int64,
        throughDue: DuePlace?,
        skipped: [FunctionKey: Skipped],
        damaged: [Int64] = [],
        exhausted: Bool
    ) {
        self.request = request
        self.events = events
        self.throughSequence = throughSequence
        self.throughDue = throughDue
        self.skipped = skipped
        self.damaged = damaged
        self.exhausted = exhausted
    }
}

/// Which dead letters an operator means.
package enum DeadLetterSelection: Hashable, Sendable {
    case ids([EventID])
    /// Function as the operator writes it, with `*` and `?`; matched against `FunctionIdentity.description` and name.
    case function(GlobPattern)
    /// Those of a condition, or of a function and a condition.
    case matching(EventFilter)
    case all
}

/// Counts kept by the store.
package struct StoreTotals: Hashable, Sendable {
    package var queued: Int = 0
    package var queuedBytes: Int = 0
    package var dead: Int = 0
    package var deadBytes: Int = 0
    /// Highest sequence number ever given.
    package var lastSequence: Int64 = 0

    package init() {}
}

/// A function the store knows.
package struct FunctionRecord: Hashable, Sendable {
    package var key: FunctionKey
    package var function: FunctionIdentity
    package var queued: Int
    package var dead: Int
    /// Payload bytes, queued and dead together.
    package var bytes: Int
    package var state: SavedState?

    package init(
        key: FunctionKey,
        function: FunctionIdentity,
        queued: Int,
        dead: Int,
        bytes: Int,
        state: SavedState?
    ) {
        self.key = key
        self.function = function
        self.queued = queued
        self.dead = dead
        self.bytes = bytes
        self.state = state
    }
}

/// A route whose suspension is on record; the store keeps nothing of any other.
package struct RouteRecord: Hashable, Sendable {
    package var name: String
    package var state: SavedState
    package init(name: String, state: SavedState) {
        self.name = name
        self.state = state
    }
}

/// A suspension that survives a restart.
package struct SavedState: Hashable, Sendable {
    package var reason: String
    package var since: WallTime
    /// Failed probes so far: the exponent of the probe interval.
    package var failedProbes: Int

    package init(reason: String, since: WallTime, failedProbes: Int) {
        self.reason = reason
        self.since = since
        self.failedProbes = failedProbes
    }
}

/// Why the store could not do it.
package enum StoreError: Error, Hashable, Sendable {
    /// No space; rolled back, known not to be there.
    case full(String)
    /// Somebody else holds the database's lock; nothing was done, and the same call may be made again.
    case busy(String)
    /// I/O error or anything else after which only a new start tells the truth.
    case failed(String)
    /// What is there contradicts itself, or can't be read: only a new start can go on, without this file or not at all.
    case damaged(String)
    /// The file belongs to another program, or to a newer version: untouched.
    case refused(String)
    /// Another process owns the file.
    case locked(String)
}
