package import OutboxCore

/// What the door has done since it opened.
package struct DoorCounters: Hashable, Sendable {
    package var accepted = 0
    package var repeats = 0
    package var dryRuns = 0
    /// Requests refused, by code.
    package var refused: [Refusal.Code: Int] = [:]
    package var connectionsOpened = 0
    package var connectionsOpen = 0
    /// Turned away because `connectionsMax` were open.
    package var connectionsTurnedAway = 0
    /// Connections closed because a request, or the next one, did not come in time.
    package var timeouts = 0

    package init() {}

    static func + (a: DoorCounters, b: DoorCounters) -> DoorCounters {
        var sum = a
        sum.accepted += b.accepted
        sum.repeats += b.repeats
        sum.dryRuns += b.dryRuns
        sum.refused.merge(b.refused, uniquingKeysWith: +)
        sum.connectionsOpened += b.connectionsOpened
        sum.connectionsOpen += b.connectionsOpen
        sum.connectionsTurnedAway += b.connectionsTurnedAway
        sum.timeouts += b.timeouts
        return sum
    }
}
