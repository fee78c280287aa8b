/// What keeps the waiting events of a function that is in use from going out faster at this moment.
package enum Brake: Hashable, Sendable {
    /// A throttle's `Retry-After`, the function's or its route's: nothing is sent before that time.
    case rest(until: MonotonicTime, isRoute: Bool)
    /// The rate after throttles, attempts a second.
    case throttle(perSecond: Double, isRoute: Bool)
    /// The configuration's `rate`, attempts a second.
    case rate(Double)
    /// The configuration's `drain_rate`, attempts a second: the function has events that waited for more than a minute.
    case drainRate(Double)
    /// As many of its attempts are in flight as may be now, of `max_in_flight`.
    case inFlight(limit: Int, ceiling: Int)
    /// As many attempts are in flight on its route as may be now: it was in trouble a moment ago.
    case routeInFlight(limit: Int)
    /// `delivery.max_in_flight`: all of them, or what is left is kept for functions with fewer in flight.
    case allInFlight(limit: Int)

    /// Attempts a second that it allows; nil where it is no rate.
    package var perSecond: Double? {
        switch self {
        case .throttle(let rate, _), .rate(let rate), .drainRate(let rate): rate
        case .rest, .inFlight, .routeInFlight, .allInFlight: nil
        }
    }

    /// Whether it is a rate of the configuration.
    package var isSetting: Bool {
        switch self {
        case .rate, .drainRate: true
        case .rest, .throttle, .inFlight, .routeInFlight, .allInFlight: false
        }
    }
}

extension Dispatcher {
    /// The tightest of those that a function meets now; nil: it is not held back.
    func brake(on function: FunctionState, now: MonotonicTime) -> Brake? {
        let route = routes[function.route.rawValue]
        let isRoute = (route.heldUntil ?? now) > (function.heldUntil ?? now)
        if let until = isRoute ? route.heldUntil : function.heldUntil, until > now {
            return .rest(until: until, isRoute: isRoute)
        }
        var rates: [Brake] = []
        if let control = function.pace.control { rates.append(.throttle(perSecond: control.perSecond, isRoute: false)) }
        if let control = route.pace.control { rates.append(.throttle(perSecond: control.perSecond, isRoute: true)) }
        if let rate = function.policy.rate, function.pacedUntil != nil || !function.rateBucket.hasToken(at: now) {
            rates.append(.rate(rate))
        }
        if function.isBehind, let rate = function.policy.drainRate { rates.append(.drainRate(rate)) }
        if let tightest = rates.min(by: { $0.perSecond! < $1.perSecond! }) { return tightest }
        if function.inFlight >= function.limit.current {
            return .inFlight(limit: function.limit.current, ceiling: function.limit.ceiling)
        }
        if route.limit.current < route.limit.ceiling, route.inFlight >= route.limit.current {
            return .routeInFlight(limit: route.limit.current)
        }
        if inFlight >= limits.inFlightMax || (function.inFlight >= 2 && (isScarce || holdsItsShare(function))) {
            return .allInFlight(limit: limits.inFlightMax)
        }
        return nil
    }
}
