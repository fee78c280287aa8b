import OutboxCore

/// What is suspended, as the journal says, and how its probes came.
struct Scopes {
    struct Scope {
        var reason: String?
        /// A start that may be a probe, until its end.
        var probe: Int64?
        /// The suspension's begin, or the end of the latest probe. Nanoseconds.
        var probedAt: Int64 = 0
        var failedProbes = 0
        var lastWasUnsent = false
        /// Something has brought the next probe forward since.
        var isForward = false
        /// At this time; nanoseconds.
        var forwardAt = Int64.min
        var heldUntil = Int64.min
        /// Failures of functions that may be the route's, by reason, since the latest hand-over.
        var failing: [Cause: Set<Int>] = [:]
        var handedOver = 0
        var hasOwnSuspension: Bool { reason != nil }

        mutating func bringForward(at now: Int64) {
            isForward = true
            forwardAt = now
        }

        mutating func suspend(_ reason: String, at now: Int64) {
            if self.reason == nil {
                probedAt = now
                failedProbes = 0
                // What brought it forward may have come behind the failure, though the journal is heard last.
                isForward = forwardAt == now
                probe = nil
                lastWasUnsent = false
            }
            self.reason = reason
        }

        /// The earliest time of the next probe.
        func nextProbe(cap: Double) -> Int64 {
            if isForward { return .min }
            let bound = failedProbes > 20 ? cap : min(cap, Double(1 << failedProbes))
            return probedAt + Int64(bound / 2 * 1e9) - 1_000_000
        }
    }

    var functions: [Scope]
    var routes: [Scope]

    init(functions: Int, routes: Int) {
        self.functions = Array(repeating: Scope(), count: functions)
        self.routes = Array(repeating: Scope(), count: routes)
    }

    mutating func bringAllForward(at now: Int64) {
        for index in functions.indices { functions[index].bringForward(at: now) }
        for index in routes.indices { routes[index].bringForward(at: now) }
    }

    /// A new process: it knows only what was saved.
    mutating func restart(functions saved: [Int: String], routes: [Int: String], at now: Int64) {
        let handedOver = self.routes.map(\.handedOver)
        self = Scopes(functions: functions.count, routes: self.routes.count)
        for (index, reason) in saved { functions[index].suspend(reason, at: now) }
        for (index, reason) in routes { self.routes[index].suspend(reason, at: now) }
        for index in handedOver.indices { self.routes[index].handedOver = handedOver[index] }
        bringAllForward(at: now)
    }
}
