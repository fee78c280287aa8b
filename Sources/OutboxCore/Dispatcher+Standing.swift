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
    package var throttle: Throttle?
    /// What holds its function back, a throttle or anything else; nil where nothing does, or it isn't in memory.
    package var brake: Brake?

    /// AWS slows the event's function or route down.
    package struct Throttle: Hashable, Sendable {
        /// All functions of the route, not this one alone.
        package var isRoute: Bool
        /// Nothing is sent before, as `Retry-After` asked.
        package var until: MonotonicTime?
        /// Attempts a second that are allowed for now.
        package var perSecond: Double?

        package init(isRoute: Bool, until: MonotonicTime? = nil, perSecond: Double? = nil) {
            self.isRoute = isRoute
            self.until = until
            self.perSecond = perSecond
        }
    }

    package init(
        inFlightSince: WallTime? = nil,
        functionSuspension: Suspension? = nil,
        routeSuspension: Suspension? = nil,
        throttle: Throttle? = nil,
        brake: Brake? = nil
    ) {
        self.inFlightSince = inFlightSince
        self.functionSuspension = functionSuspension
        self.routeSuspension = routeSuspension
        self.throttle = throttle
        self.brake = brake
    }
}

extension Dispatcher {
    /// Where each of these events stands, in the order asked. A few look-ups each, however much waits (P6).
    package func standings(of places: [QueuedPlace], now: MonotonicTime) -> [DispatchStanding] {
        places.map { place in
            var standing = DispatchStanding(functionSuspension: functions[place.functionKey]?.suspension)
            if let entry = window[place.sequence], entry.place != .waiting { standing.inFlightSince = entry.startedAt }
            if let route = place.route { standing.routeSuspension = routes[route.rawValue].suspension }
            standing.throttle = throttle(of: place)
            standing.brake = functions[place.functionKey].flatMap { brake(on: $0, now: now) }
            return standing
        }
    }

    /// A rest that was asked for stands in the way most, then what all functions share.
    private func throttle(of place: QueuedPlace) -> DispatchStanding.Throttle? {
        let function = functions[place.functionKey]
        let route = place.route.map { routes[$0.rawValue] }
        if let until = route?.heldUntil, until >= function?.heldUntil ?? until {
            return DispatchStanding.Throttle(isRoute: true, until: until)
        }
        if let until = function?.heldUntil { return DispatchStanding.Throttle(isRoute: false, until: until) }
        if let rate = route?.pace.control?.perSecond {
            return DispatchStanding.Throttle(isRoute: true, perSecond: rate)
        }
        return (function?.pace.control?.perSecond).map { DispatchStanding.Throttle(isRoute: false, perSecond: $0) }
    }
}
