/// Names a route: an index into the daemon's table of routes.
package struct RouteKey: Hashable, Comparable, Sendable {
    package var rawValue: Int
    package init(_ rawValue: Int) { self.rawValue = rawValue }
    package static func < (a: RouteKey, b: RouteKey) -> Bool { a.rawValue < b.rawValue }
}

/// What the dispatcher knows of one route: endpoint, region and credentials, shared by many functions.
package struct RouteState: Sendable {
    /// Consecutive failures after sending that suspend a route. One cut connection is no outage: another function's
    /// events go on. A failure before anything was sent, or bad credentials, suspend at once.
    package static let sentFailuresToSuspend = 3
    package static let probeCap = Span.seconds(30)
    /// A route whose last failure came before anything was sent: a probe costs one SYN.
    package static let unsentProbeCap = Span.seconds(2)

    package let name: String
    package internal(set) var suspension: Suspension?
    /// When its latest outage ended, as far as is known; and when one ended that this process has seen.
    package internal(set) var outageEnded: WallTime?
    package internal(set) var outageEndedAt: MonotonicTime?
    package internal(set) var inFlight = 0
    /// Hand-overs so far; tells whether others got through between two failures of one event.
    package internal(set) var handedOver = 0
    /// A throttle's `Retry-After`.
    package internal(set) var hold: Hold?
    /// Attempts in flight that are allowed for now: 1 after trouble.
    package internal(set) var limit: AdaptiveLimit
    package internal(set) var pace = ScopePace()
    /// Functions whose turn came while the route had no room; they are first once it has.
    var waiting = Line()
    /// No event to probe it with is in memory, and one was asked for.
    var lacksCandidate = false
    var sentFailures = 0
    var shared = SharedFailure()
    /// The suspect that is in flight: one at a time.
    var alone: Int64?
    var lastProbedFunction: FunctionKey?
    var lastProbedSequence: Int64?
    /// The attempt that is out as a probe.
    var probe: Int64?

    init(name: String, inFlightMax: Int) {
        self.name = name
        limit = AdaptiveLimit(ceiling: inFlightMax, start: inFlightMax)
    }

    package var heldUntil: MonotonicTime? { hold?.until }

    /// Nothing but probes goes out soon.
    var isCutOff: Bool { suspension != nil || hold?.isLong ?? false }

    /// Something may be started on it now.
    func hasRoom(at now: MonotonicTime) -> Bool {
        suspension == nil && hold == nil && inFlight < limit.current && (pace.control?.hasToken(at: now) ?? true)
    }

    /// Begins or prolongs a suspension.
    mutating func suspend(
        reason: String,
        unsent: Bool,
        probeFailed: Bool,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) {
        var next = suspension ?? Suspension(reason: reason, since: now.wall, failedProbes: 0, nextProbe: now.monotonic)
        if probeFailed { next.failedProbes += 1 }
        next.reason = reason
        let interval = RetryPolicy.probeInterval(
            failedProbes: next.failedProbes,
            cap: unsent ? Self.unsentProbeCap : Self.probeCap,
            using: &random
        )
        next.nextProbe = now.monotonic.advanced(by: interval)
        suspension = next
    }
}
