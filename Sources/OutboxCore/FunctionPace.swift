/// How fast a function's events go out, for people.
package struct FunctionPace: Hashable, Sendable {
    /// Hand-overs a second of late.
    package var handedOverPerSecond: Double
    /// Attempts in flight that are allowed now.
    package var inFlightLimit: Int
    /// Attempts a second that are allowed now, by throttles or by the configuration's `rate`; nil: any number.
    package var ratePerSecond: Double?
    /// Whether throttles say so.
    package var isThrottled: Bool
    /// Its backlog goes out at the configuration's `drain_rate`.
    package var drainPerSecond: Double?

    package init(
        handedOverPerSecond: Double = 0,
        inFlightLimit: Int = 0,
        ratePerSecond: Double? = nil,
        isThrottled: Bool = false,
        drainPerSecond: Double? = nil
    ) {
        self.handedOverPerSecond = handedOverPerSecond
        self.inFlightLimit = inFlightLimit
        self.ratePerSecond = ratePerSecond
        self.isThrottled = isThrottled
        self.drainPerSecond = drainPerSecond
    }

    /// Seconds until so many events have gone out at this pace; nil where nothing says how fast.
    package func secondsToEmpty(_ queued: Int) -> Int64? {
        guard queued > 0 else { return 0 }
        let bounds = [ratePerSecond, drainPerSecond].compactMap(\.self)
        guard let rate = bounds.min() ?? (handedOverPerSecond > 0 ? handedOverPerSecond : nil) else { return nil }
        return Int64(min((Double(queued) / max(rate, 1e-3)).rounded(.up), 1e12))
    }
}
