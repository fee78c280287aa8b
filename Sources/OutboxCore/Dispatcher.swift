/// Decides which event is attempted when, and what an attempt's outcome means for event, function and route.
///
/// A value without I/O, clock or randomness of its own: it takes (now, something happened) and returns what to do. It
/// holds at most `DispatchLimits.windowEventsMax` events; all others wait in the store, as ranges that cost no row.
///
/// The owner (one thread) reports in this order, which is the order of the store's commits: `accepted`, `committed`,
/// `claimed`; and carries out what `wake`, `completed` and `nextClaim` return. An event that is in the window is never
/// admitted twice, whatever a page says.
package struct Dispatcher: Sendable {
    struct Entry: Sendable {
        enum Place: Sendable { case waiting, inFlight, committing }
        var event: QueuedEvent
        var place: Place
        /// When the attempt began.
        var startedAt = WallTime(milliseconds: 0)
        /// Where it waits, and goes back to if it was throttled.
        var line = WaitingLine.fresh
        /// What to do with the event once its outcome is on disk.
        var fate: Resolution.Fate?
    }

    package let limits: DispatchLimits
    package internal(set) var directory: any DispatchDirectory
    var functions = InPlaceTable<FunctionKey, FunctionState>()
    var routes: [RouteState]
    var window = InPlaceTable<Int64, Entry>()
    var windowBytes = 0
    package internal(set) var inFlight = 0
    var functionsInFlight = 0
    package internal(set) var counters = DispatchCounters()
    /// Attempts that ended, by `AttemptKind`.
    package internal(set) var tally = FunctionTally<FunctionKey>()

    /// Functions that may have something to start, in turn.
    var turns = Line()
    /// Functions that wait for a token or for the end of a hold, by time.
    var paced = ProbeLine()
    var suspendedFunctions: Set<FunctionKey> = []
    var probes = ProbeLine()
    /// Functions with rows in the store that were passed over.
    var passedOver: Set<FunctionKey> = []
    /// Functions with so many events in the window that there may be no room for more.
    var crowding: Set<FunctionKey> = []
    /// Events that are in flight, or whose outcome is not on disk yet.
    var underWay: Set<Int64> = []
    /// Of `passedOver`, those that can use some now, in turn; and suspended ones whose probe is due.
    var toRead = Line()
    var toProbe = Line()
    var poison: PoisonWatch
    /// Events that crashes left in flight, the one of them that is in flight now, and those set aside until others end.
    var crashed = CrashSuspects()
    var aloneAfterCrash: Int64?
    var setAside: Set<Int64> = []
    /// Functions with events on trial.
    var trials: Set<FunctionKey> = []
    /// Rows evicted while a page is on its way that may count them as held: they must not be taken for read.
    var evictedMeanwhile: [FunctionKey: FunctionState.Parked] = [:]
    /// Rows being buried for their hard expiry: not to be attempted any more.
    var burying: Set<Int64> = []
    /// Rows that operators are taking out of the queue.
    var withdrawn: [Int64: Withdrawal] = [:]
    /// Operators' pauses.
    package internal(set) var pauses: [PauseRule] = []
    /// Ends of pauses.
    var cutOffs: [CutOff] = []
    var ages = EventAges()
    /// To be kept, as soon as something may be.
    var clockRecord: ClockRecord?
    var expiry = ExpiryLooks()

    // The place in the store.
    var freshCursor: Int64 = 0
    /// The furthest that the cursor has been; behind it rows may be in the window already.
    var freshHigh: Int64 = 0
    /// Where the cursor was put back to while a page was on its way that may not hold what is there.
    var rewoundTo: Int64?
    var announced: Int64 = 0
    var outstanding: ClaimRequest?
    /// Earliest due time that may hold something not yet in the window.
    var nextDue: WallTime?
    var duePlace: DuePlace?
    /// Due times reported while a due page was on its way.
    var dueMeanwhile: WallTime?
    /// The latest time up to which due rows were read: where the wall clock is behind it, it has stepped back.
    var dueReadUntil = WallTime(milliseconds: .min)
    var lanesTurn = 0
    var readsProbesNext = false

    /// An outcome waits for disk space: no attempt may start (its outcome could not be recorded).
    package var isBlockedByDisk = false
    /// Shutdown: nothing new is started.
    package var isDraining = false

    /// - Parameters:
    ///   - lastSequence: the highest sequence number in the store: everything up to it may wait there.
    ///   - nextDue: the earliest due time in the store.
    package init(
        limits: DispatchLimits,
        directory: any DispatchDirectory,
        lastSequence: Int64,
        nextDue: WallTime?
    ) {
        self.limits = limits
        self.directory = directory
        poison = PoisonWatch(eventsMax: limits.suspectsMax)
        self.announced = lastSequence
        self.nextDue = nextDue
        routes = directory.routeNames.map { RouteState(name: $0, inFlightMax: limits.inFlightMax) }
    }

    /// Takes up suspensions that were kept over a restart; their probes come forward, spread over 10 s.
    package mutating func restore(
        functions records: [FunctionRecord],
        routes saved: [RouteRecord],
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        for record in records {
            guard let state = record.state, !Planted.suspensionLost else { continue }
            ensureFunction(record.key, record.function)
            functions[known: record.key].suspension = Self.restored(state, now: now, using: &random)
            suspendedFunctions.insert(record.key)
            scheduleProbe(of: record.key)
        }
        for record in saved {
            guard let index = routes.firstIndex(where: { $0.name == record.name }) else { continue }
            routes[index].suspension = Self.restored(record.state, now: now, using: &random)
            // There are few: an operator who mended one and restarted doesn't wait.
            routes[index].suspension?.nextProbe = now.monotonic
        }
    }

    private static func restored(
        _ state: SavedState,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Suspension {
        Suspension(
            reason: state.reason,
            since: state.since,
            failedProbes: state.failedProbes,
            nextProbe: soon(now, using: &random)
        )
    }

    static func soon(_ now: Moment, using random: inout some RandomNumberGenerator) -> MonotonicTime {
        now.monotonic.advanced(by: .milliseconds(Int64.random(in: 0...10_000, using: &random)))
    }

    mutating func ensureFunction(_ key: FunctionKey, _ identity: FunctionIdentity) {
        if functions.contains(key) { return }
        if functions.count >= limits.functionsMax {
            functions.keep { !$0.isForgettable }
        }
        functions[key] = FunctionState(
            key: key,
            identity: identity,
            route: directory.route(for: identity),
            policy: directory.policy(for: identity)
        )
        if !pauses.isEmpty, !Planted.pauseLost { functions[known: key].pause = pause(of: identity) }
        if !cutOffs.isEmpty { functions[known: key].pauseEnded = cutOffs.pauseEnded(of: identity) }
    }

    /// Not usable now: paused, or suspended itself, or its route is.
    func isBlocked(_ function: FunctionState) -> Bool {
        function.pause != nil || function.suspension != nil || routes[function.route.rawValue].suspension != nil
    }

    /// Under a throttle's hold, its own or its route's, for so long that it needs no events in memory.
    func isHeld(_ function: FunctionState) -> Bool {
        [function.hold, routes[function.route.rawValue].hold].contains { $0?.isLong ?? false }
    }

    /// The last quarter of the window is for functions that hold little of it.
    var isCrowded: Bool {
        window.count >= limits.windowEventsMax * 3 / 4 || windowBytes >= limits.windowBytesMax * 3 / 4
    }

    /// Events of a function that may be in memory now: what it can use soon, so that slow functions don't fill the
    /// window that others need (P6).
    func share(of function: FunctionState) -> Int {
        // Not even candidates: a paused function isn't probed.
        if function.pause != nil { return 0 }
        if !Planted.suspendedFillWindow, isBlocked(function) || isHeld(function) { return FunctionState.candidatesMax }
        var usable = max(8, 4 * function.limit.current)
        let route = routes[function.route.rawValue].pace.control?.perSecond
        for rate in [function.policy.rate, function.pace.control?.perSecond, route].compactMap(\.self) {
            usable = min(usable, max(8, Int(min(2 * rate, 1e6))))
        }
        let own = min(limits.functionEventsMax, usable)
        return isCrowded ? min(own, max(1, limits.functionEventsMax / 16)) : own
    }

    /// Lets the function have its turn, if something of it waits.
    mutating func list(_ key: FunctionKey) {
        guard functions.contains(key) else { return }
        if functions[known: key].hasPassedOver { wantRows(of: key) }
        if functions[known: key].suspension != nil,
            functions[known: key].waiting > 0 || functions[known: key].hasPassedOver
        {
            probes.look(at: key)
        }
        guard functions[known: key].waiting > 0 else { return }
        routes[functions[known: key].route.rawValue].lacksCandidate = false
        guard !functions[known: key].isListed else { return }
        functions[known: key].isListed = true
        if Planted.latestTakesTurn { return turns.prepend(key.rawValue) }
        turns.append(key.rawValue)
    }

    /// The state for status and metrics.
    package func snapshot(now: Moment) -> DispatchSnapshot {
        let oldest = oldestInMemory()
        return DispatchSnapshot(
            functions: functions.values.sorted { $0.key < $1.key }.map {
                .init(
                    key: $0.key,
                    identity: $0.identity,
                    route: $0.route,
                    suspension: $0.suspension,
                    pause: $0.pause,
                    inFlight: $0.inFlight,
                    waitingInMemory: $0.waiting,
                    oldestInMemory: oldest[$0.key]?.sequence,
                    firstPassedOver: $0.parked?.first,
                    heldUntil: $0.heldUntil,
                    pace: pace(of: $0, now: now.monotonic)
                )
            },
            routes: routes.enumerated().map { index, route in
                .init(
                    key: RouteKey(index),
                    name: route.name,
                    suspension: route.suspension,
                    inFlight: route.inFlight,
                    handedOver: route.handedOver,
                    heldUntil: route.heldUntil
                )
            },
            pauses: pauses,
            inFlight: inFlight,
            windowEvents: window.count,
            windowBytes: windowBytes,
            inFlightSince: Dictionary(
                uniqueKeysWithValues: zip(window.keys, window.values).compactMap { sequence, entry in
                    entry.place == .waiting ? nil : (sequence, entry.startedAt)
                }
            ),
            counters: counters,
            tally: tally,
            isBlockedByDisk: isBlockedByDisk
        )
    }

    /// The oldest event of each function among those in the window.
    private func oldestInMemory() -> [FunctionKey: DuePlace] {
        var oldest: [FunctionKey: DuePlace] = [:]
        for (sequence, entry) in zip(window.keys, window.values) {
            let place = DuePlace(dueAt: entry.event.ageFrom, sequence: sequence)
            if let best = oldest[entry.event.functionKey], best <= place { continue }
            oldest[entry.event.functionKey] = place
        }
        return oldest
    }
}
