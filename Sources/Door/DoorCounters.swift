package import OutboxCore

/// What the door has done since it opened.
package struct DoorCounters: Hashable, Sendable {
    package var accepted = 0
    package var repeats = 0
    package var dryRuns = 0
    /// Events that were looked up and told of.
    package var lookups = 0
    /// Requests refused, by code.
    package var refused: [Refusal.Code: Int] = [:]
    package var connectionsOpened = 0
    package var connectionsOpen = 0
    /// Turned away because `connectionsMax` were open.
    package var connectionsTurnedAway = 0
    /// Times that accepting was interrupted because descriptors or memory had run out.
    package var acceptPauses = 0
    /// Connections closed because a request, or the next one, did not come in time.
    package var timeouts = 0
    /// From a request that was read whole to its 202, in microseconds.
    package var acceptDurations = Histogram(.accepting)

    package init() {}

    static func + (a: DoorCounters, b: DoorCounters) -> DoorCounters {
        var sum = a
        sum.accepted += b.accepted
        sum.repeats += b.repeats
        sum.dryRuns += b.dryRuns
        sum.lookups += b.lookups
        sum.refused.merge(b.refused, uniquingKeysWith: +)
        sum.connectionsOpened += b.connectionsOpened
        sum.connectionsOpen += b.connectionsOpen
        sum.connectionsTurnedAway += b.connectionsTurnedAway
        sum.acceptPauses += b.acceptPauses
        sum.timeouts += b.timeouts
        sum.acceptDurations = sum.acceptDurations + b.acceptDurations
        return sum
    }
}
