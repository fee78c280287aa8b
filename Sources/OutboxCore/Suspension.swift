/// A function or route that the daemon itself has stopped using for now.
package struct Suspension: Hashable, Sendable {
    /// For people.
    package var reason: String
    package var since: WallTime
    /// Failed probes so far: the exponent of the probe interval.
    package var failedProbes: Int
    package var nextProbe: MonotonicTime

    package init(reason: String, since: WallTime, failedProbes: Int, nextProbe: MonotonicTime) {
        self.reason = reason
        self.since = since
        self.failedProbes = failedProbes
        self.nextProbe = nextProbe
    }

    package var saved: SavedState { SavedState(reason: reason, since: since, failedProbes: failedProbes) }
}

/// What happened to a function or route; the loop logs it and the store keeps it.
package struct StateChange: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case function(FunctionKey, FunctionIdentity)
        case route(String)
    }
    package var subject: Subject
    /// nil: active again.
    package var suspension: Suspension?
    /// False: a probe has failed for the reason that is known already.
    package var isNews: Bool

    package init(subject: Subject, suspension: Suspension?, isNews: Bool = true) {
        self.subject = subject
        self.suspension = suspension
        self.isNews = isNews
    }

    /// What the store has to keep of it.
    package var command: StoreCommand {
        switch subject {
        case .function(let key, _): .saveFunctionState(key, suspension?.saved)
        case .route(let name): .saveRouteState(name, suspension?.saved)
        }
    }
}
