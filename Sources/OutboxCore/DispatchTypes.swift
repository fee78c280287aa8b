/// An attempt that the loop shall begin now.
package struct Start: Sendable {
    package var event: QueuedEvent
    package var route: RouteKey

    package init(event: QueuedEvent, route: RouteKey) {
        self.event = event
        self.route = route
    }
}

/// What the loop shall do after `Dispatcher.wake`.
package struct WakeAction: Sendable {
    package var starts: [Start] = []
    /// Events that are to be buried, and what is to be kept of the clock.
    package var commands: [StoreCommand] = []
    package init() {}
}

/// What the loop shall do after an attempt has ended.
package struct CompletionAction: Sendable {
    package var resolution: Resolution
    package var changes: [StateChange]

    package init(resolution: Resolution, changes: [StateChange] = []) {
        self.resolution = resolution
        self.changes = changes
    }
}

/// Which route a function takes and what the configuration says about it. Replaced whole at a reload.
package protocol DispatchDirectory: Sendable {
    func policy(for function: FunctionIdentity) -> FunctionPolicy
    func route(for function: FunctionIdentity) -> RouteKey
    /// Names of the routes, indexed by `RouteKey.rawValue`; for people and for the store.
    var routeNames: [String] { get }
}

/// The dispatcher's state as people want to see it.
package struct DispatchSnapshot: Sendable {
    package struct Function: Sendable {
        package var key: FunctionKey
        package var identity: FunctionIdentity
        package var route: RouteKey
        package var suspension: Suspension?
        package var pause: PauseRule?
        package var inFlight: Int
        package var waitingInMemory: Int
        /// Rows that may be the function's oldest waiting event: in the window, and of those left in the store.
        package var oldestInMemory: Int64?
        package var firstPassedOver: Int64?
        package var heldUntil: MonotonicTime?
        package var pace: FunctionPace
    }
    package struct Route: Sendable {
        package var key: RouteKey
        package var name: String
        package var suspension: Suspension?
        package var inFlight: Int
        package var handedOver: Int
        package var heldUntil: MonotonicTime?
    }
    package var functions: [Function]
    package var routes: [Route]
    /// Operators' pauses.
    package var pauses: [PauseRule]
    package var inFlight: Int
    package var windowEvents: Int
    package var windowBytes: Int
    /// The attempts in flight: sequence number, and when each began.
    package var inFlightSince: [Int64: WallTime]
    package var counters: DispatchCounters
    /// Attempts that ended, by `AttemptKind`.
    package var tally: FunctionTally<FunctionKey>
    /// An outcome waits for disk space: nothing is started.
    package var isBlockedByDisk: Bool
}

/// Counts since the start.
package struct DispatchCounters: Hashable, Sendable {
    package var attempts = 0
    package var handedOver = 0
    /// Failed attempts by blame.
    package var failures: [Blame: Int] = [:]
    package var uncertain = 0
    package init() {}
}
