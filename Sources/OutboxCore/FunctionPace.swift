/// How fast a function's events go out, for people.
package struct FunctionPace: Hashable, Sendable {
    /// Hand-overs a second of late.
    package var handedOverPerSecond: Double
    /// Attempts in flight that are allowed now.
    package var inFlightLimit: Int
    /// What holds it back now; nil: nothing.
    package var brake: Brake?
    /// The configuration's `rate`, `drain_rate` and `max_in_flight`; nil: unlimited.
    package var rate: Double?
    package var drainRate: Double?
    package var inFlightMax: Int

    package init(
        handedOverPerSecond: Double = 0,
        inFlightLimit: Int = 0,
        brake: Brake? = nil,
        rate: Double? = nil,
        drainRate: Double? = nil,
        inFlightMax: Int = 0
    ) {
        self.handedOverPerSecond = handedOverPerSecond
        self.inFlightLimit = inFlightLimit
        self.brake = brake
        self.rate = rate
        self.drainRate = drainRate
        self.inFlightMax = inFlightMax
    }

    /// Seconds until so many events have gone out: at the rate that holds it back, else at the pace of late; nil where
    /// nothing says how fast.
    package func secondsToEmpty(_ queued: Int) -> Int64? {
        guard queued > 0 else { return 0 }
        guard let rate = brake?.perSecond ?? (handedOverPerSecond > 0 ? handedOverPerSecond : nil) else { return nil }
        return Int64(min((Double(queued) / max(rate, 1e-3)).rounded(.up), 1e12))
    }
}
