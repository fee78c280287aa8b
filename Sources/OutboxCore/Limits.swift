/// Bounds of the delivery side's memory and work, in one place; units in the names.
package struct DispatchLimits: Hashable, Sendable {
    /// Attempts in flight, all together.
    package var inFlightMax = 256
    /// Functions remembered; past it those without waiting events are forgotten.
    package var functionsMax = 20_000
    /// Events remembered for having been cut after sending.
    package var suspectsMax = 10_000
    /// Events in memory, waiting and in flight.
    package var windowEventsMax = 4096
    package var windowBytesMax = 64 << 20
    /// Of these one function may hold.
    package var functionEventsMax = 512
    package var functionBytesMax = 16 << 20
    /// One refill.
    package var claimEventsMax = 512
    package var claimBytesMax = 16 << 20
    /// Rows looked at in one refill: bounds its time on the commit thread.
    package var claimScannedMax = 20_000
    /// Longest wait between two looks at the wall clock, which may jump.
    package var wakeMax = Span.seconds(1)

    package init() {}
}
