/// Events that were in flight when the process crashed: they go out one at a time until answered. One that is then the
/// only one of them in flight at two further crashes is taken for their cause.
package struct CrashSuspects: Hashable, Sendable {
    package static let crashesMax = 2
    /// What is remembered at most; the flight file has room for as many.
    package static let eventsMax = 1024

    /// Further crashes at which it was the only one of these in flight.
    package private(set) var crashes: [EventID: Int] = [:]

    package init() {}

    /// What the flight file says after a start.
    ///
    /// - Parameters:
    ///   - inFlight: what the process before left in flight.
    ///   - carried: those it knew from earlier crashes and that were not answered.
    ///   - wasClean: it stopped in order: what it left in flight is no suspect.
    ///   - isSameBoot: false: what ended it may have been the machine; nobody is suspect.
    package init(inFlight: [EventID], carried: [EventID: Int], wasClean: Bool, isSameBoot: Bool) {
        guard isSameBoot else { return }
        crashes = carried
        if wasClean { return }
        let again = inFlight.filter { carried[$0] != nil }
        if again.count == 1 { crashes[again[0], default: 0] += 1 }
        for id in inFlight where crashes.count < Self.eventsMax && crashes[id] == nil { crashes[id] = 0 }
    }

    package func contains(_ id: EventID) -> Bool { !crashes.isEmpty && crashes[id] != nil }

    package func isPoison(_ id: EventID) -> Bool { !crashes.isEmpty && crashes[id] ?? 0 >= Self.crashesMax }

    /// AWS, or something on the way, has answered, and the process lives.
    package mutating func answered(_ id: EventID) {
        if !crashes.isEmpty { crashes[id] = nil }
    }
}
