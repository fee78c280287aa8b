/// What the dispatcher knows of one function, kept while events wait or attempts run.
package struct FunctionState: Sendable {
    /// Consecutive completed attempts blamed on a function that suspend it.
    package static let failuresToSuspend = 5
    package static let probeCap = Span.minutes(5)
    /// Events kept in memory for a function that can't be used now: enough to choose a probe from.
    package static let candidatesMax = 4

    /// Fresh rows that were passed over and wait in the store: all of this function's rows without a due time in the
    /// range that are not in the window. No row is written to park it.
    package struct Parked: Hashable, Sendable {
        package var first: Int64
        package var last: Int64
    }

    package let key: FunctionKey
    package let identity: FunctionIdentity
    package internal(set) var route: RouteKey
    package internal(set) var policy: FunctionPolicy
    package internal(set) var suspension: Suspension?
    /// An operator has stopped it.
    package internal(set) var pause: PauseRule?
    /// When its latest pause ended, as far as is known; and when one ended that this process has seen.
    package internal(set) var pauseEnded: WallTime?
    package internal(set) var pauseEndedAt: MonotonicTime?
    package internal(set) var inFlight = 0
    /// A throttle's `Retry-After`.
    package internal(set) var hold: Hold?
    package internal(set) var parked: Parked?
    /// Rows with a due time that has come were passed over.
    package internal(set) var duePassedOver = false
    /// How far a scan for them has come, and whether more were passed over meanwhile.
    var duePlace: DuePlace?
    var isDueScanUnderWay = false
    var duePassedOverMeanwhile = false
    /// Attempts in flight that are allowed for now.
    package internal(set) var limit: AdaptiveLimit
    package internal(set) var pace = ScopePace()
    /// For the policy's `rate` and `drain_rate`.
    var rateBucket = TokenBucket()
    var drainBucket = TokenBucket()
    /// Its backlog waits for the drain rate: fresh events needn't wait behind it.
    var isBehind = false
    /// When it is looked at again, as no token was there.
    var pacedUntil: MonotonicTime?
    /// What it may still send in its turn, in units of `Dispatcher.turnBytes`.
    var credit = 0
    var consecutiveFailures = 0
    /// Events that were refused in a row.
    var rejections = RejectionRun()
    /// Events set aside: in the window and in no line.
    var aside = 0
    /// Waiting events in the window, and whose turn it is.
    var fresh = Line()
    var retried = Line()
    var backlog = Line()
    var redriven = Line()
    var turns = EventTurns()
    /// Passed-over rows: those with a due time and those without take turns.
    var readsDueNext = false
    /// In the window, wherever there.
    var windowEvents = 0
    var windowBytes = 0
    var lastProbed: Int64?
    var probe: Int64?
    /// An operator wants this one to be tried next.
    var forced: Int64?
    var isListed = false
    /// Its passed-over rows are to be read.
    var isToRead = false

    init(key: FunctionKey, identity: FunctionIdentity, route: RouteKey, policy: FunctionPolicy) {
        self.key = key
        self.identity = identity
        self.route = route
        self.policy = policy
        limit = AdaptiveLimit(ceiling: policy.maxInFlight)
    }

    /// A new configuration's policy. One that recovers keeps its pace.
    mutating func adopt(_ policy: FunctionPolicy) {
        limit.adopt(ceiling: policy.maxInFlight)
        self.policy = policy
    }

    /// Waiting in the window.
    package var waiting: Int { fresh.count + retried.count + backlog.count + redriven.count }

    /// Nothing is started before.
    package var heldUntil: MonotonicTime? { hold?.until }

    /// Rows in the store were passed over.
    var hasPassedOver: Bool { parked != nil || duePassedOver }

    /// Nothing waits, runs or is suspended.
    var isForgettable: Bool {
        waiting == 0 && aside == 0 && inFlight == 0 && parked == nil && !duePassedOver && suspension == nil && !isListed
    }

    /// Forgettable, and without trouble to remember.
    var isIdle: Bool {
        isForgettable && hold == nil && pace.control == nil && consecutiveFailures == 0 && rejections.isEmpty
            && owesUntil == nil
    }

    /// Until then its rates hold back what comes next, though nothing of it waits: forgotten earlier, it would begin anew
    /// with each event and know no rate.
    var owesUntil: MonotonicTime? {
        guard let rate = rateBucket.full else { return drainBucket.full }
        return drainBucket.full.map { max(rate, $0) } ?? rate
    }

    /// What has been paid for is forgotten.
    mutating func settle(at now: MonotonicTime) {
        if let full = rateBucket.full, full <= now { rateBucket = TokenBucket() }
        if let full = drainBucket.full, full <= now { drainBucket = TokenBucket() }
    }

    /// Takes an event out of its line.
    mutating func take(_ sequence: Int64, from line: WaitingLine) {
        let path = Self.path(line)
        if self[keyPath: path].first == sequence {
            _ = self[keyPath: path].popFirst()
        } else {
            self[keyPath: path].remove(sequence)
        }
    }

    mutating func passOverDue() {
        duePassedOver = true
        if isDueScanUnderWay { duePassedOverMeanwhile = true }
    }

    /// A page of the scan for passed-over due rows came, and what it holds was admitted.
    mutating func dueScanned(through place: DuePlace?, exhausted: Bool) {
        duePlace = exhausted ? nil : place
        guard exhausted else { return }
        duePassedOver = duePassedOverMeanwhile
        duePassedOverMeanwhile = false
        isDueScanUnderWay = false
    }

    mutating func park(_ sequence: Int64) {
        park(first: sequence, last: sequence)
    }

    mutating func park(first: Int64, last: Int64) {
        if let range = parked {
            parked = Parked(first: min(range.first, first), last: max(range.last, last))
        } else {
            parked = Parked(first: first, last: last)
        }
    }

    /// Begins or prolongs a suspension.
    mutating func suspend(
        reason: String,
        probeFailed: Bool,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        var next = suspension ?? Suspension(reason: reason, since: now.wall, failedProbes: 0, nextProbe: now.monotonic)
        if probeFailed { next.failedProbes += 1 }
        next.reason = reason
        let interval = RetryPolicy.probeInterval(failedProbes: next.failedProbes, cap: Self.probeCap, using: &random)
        next.nextProbe = now.monotonic.advanced(by: interval)
        suspension = next
    }
}
