/// How fast the events of a function in use go out, what holds them back, and the settings.
package struct FunctionPaceStatus: Codable, Hashable, Sendable {
    /// What holds a function back.
    package enum Brake: String, Codable, Hashable, Sendable, CaseIterable {
        /// A throttle's `Retry-After`, of the function or its route.
        case rest
        case routeRest = "route-rest"
        /// The rate after throttles, of the function or its route.
        case throttle
        case routeThrottle = "route-throttle"
        /// Settings of the configuration.
        case rate
        case drainRate = "drain_rate"
        case maxInFlight = "max_in_flight"
        case allInFlight = "delivery.max_in_flight"
        /// Fewer in flight than `max_in_flight` allows, until more have gone well: of the function or its route.
        case slowStart = "slow-start"
        case routeSlowStart = "route-slow-start"
    }

    /// Hand-overs a second of late.
    package var handedOverPerSecond: Double
    /// Nil: nothing holds it back.
    package var limitedBy: Brake?
    /// Attempts a second that this allows; nil where it is no rate.
    package var limitPerSecond: Double?
    /// Of a rest: nothing is sent before.
    package var restsUntil: Timestamp?
    /// Attempts in flight that are allowed now.
    package var inFlightLimit: Int
    /// Until its queue is empty, if nothing is added; nil where nothing says how fast it goes.
    package var secondsToEmpty: Int64?
    /// The settings; nil: unlimited.
    package var rate: Double?
    package var drainRate: Double?
    package var maxInFlight: Int

    private enum CodingKeys: String, CodingKey {
        case handedOverPerSecond = "handed_over_per_second"
        case limitedBy = "limited_by"
        case limitPerSecond = "limit_per_second"
        case restsUntil = "rests_until"
        case inFlightLimit = "in_flight_limit"
        case secondsToEmpty = "seconds_to_empty"
        case rate
        case drainRate = "drain_rate"
        case maxInFlight = "max_in_flight"
    }

    package init(
        handedOverPerSecond: Double = 0,
        limitedBy: Brake? = nil,
        limitPerSecond: Double? = nil,
        restsUntil: Timestamp? = nil,
        inFlightLimit: Int,
        secondsToEmpty: Int64? = nil,
        rate: Double? = nil,
        drainRate: Double? = nil,
        maxInFlight: Int
    ) {
        self.handedOverPerSecond = handedOverPerSecond
        self.limitedBy = limitedBy
        self.limitPerSecond = limitPerSecond
        self.restsUntil = restsUntil
        self.inFlightLimit = inFlightLimit
        self.secondsToEmpty = secondsToEmpty
        self.rate = rate
        self.drainRate = drainRate
        self.maxInFlight = maxInFlight
    }

    /// What holds it back, for people; nil where nothing does.
    package var words: String? {
        let rate = Wording.rate(limitPerSecond ?? 0)
        return switch limitedBy {
        case nil: nil
        case .rest?: "throttled by AWS, rests until \(restsUntil.map(\.description) ?? "a while")"
        case .routeRest?: "route throttled by AWS, rests until \(restsUntil.map(\.description) ?? "a while")"
        case .throttle?: "throttled by AWS: \(rate)/s"
        case .routeThrottle?: "route throttled by AWS: \(rate)/s"
        case .rate?: "rate: \(rate)/s"
        case .drainRate?: "drain_rate: \(rate)/s"
        case .maxInFlight?: "max_in_flight: \(maxInFlight)"
        case .allInFlight?: "delivery.max_in_flight"
        case .slowStart?: "slow start: \(inFlightLimit) of \(maxInFlight) in flight"
        case .routeSlowStart?: "slow start of its route"
        }
    }

    /// The settings, for people.
    package var settings: String {
        func text(_ rate: Double?) -> String { rate.map { "\(Wording.rate($0))/s" } ?? "unlimited" }
        return "rate \(text(rate)), drain_rate \(text(drainRate)), max_in_flight \(maxInFlight)"
    }
}
