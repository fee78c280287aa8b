/// An event of the queue that somebody asks about.
package struct QueuedPlace: Hashable, Sendable {
    package var sequence: Int64
    package var functionKey: FunctionKey
    /// Nil where the daemon has none for its region.
    package var route: RouteKey?

    package init(sequence: Int64, functionKey: FunctionKey, route: RouteKey?) {
        self.sequence = sequence
        self.functionKey = functionKey
        self.route = route
    }
}

/// Where an event of the queue stands with the dispatcher: what its row alone doesn't tell. Pauses are not in it: whoever
/// asks matches their rules himself.
package struct DispatchStanding: Hashable, Sendable {
    /// When the attempt that is under way began.
    package var inFlightSince: WallTime?
    package var functionSuspension: Suspension?
    package var routeSuspension: Suspension?

    package init(
        inFlightSince: WallTime? = nil,
        functionSuspension: Suspension? = nil,
        routeSuspension: Suspension? = nil
    ) {
        self.inFlightSince = inFlightSince
        self.functionSuspension = functionSuspension
        self.routeSuspension = routeSuspension
    }
}

extension Dispatcher {
    /// Where each of these events stands, in the order asked. A few look-ups each, however much waits (P6).
    package func standings(of places: [QueuedPlace]) -> [DispatchStanding] {
        places.map { place in
            var standing = DispatchStanding(functionSuspension: functions[place.functionKey]?.suspension)
            if let entry = window[place.sequence], entry.place != .waiting { standing.inFlightSince = entry.startedAt }
            if let route = place.route { standing.routeSuspension = routes[route.rawValue].suspension }
            return standing
        }
    }
}
