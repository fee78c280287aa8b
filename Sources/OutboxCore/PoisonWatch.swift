/// Counts the failures after sending that speak against one event, not against its route: those between which others
/// got through. Some middlebox may kill one payload, or answer it with a page of its own.
package struct PoisonWatch: Sendable {
    /// Such failures after which the event itself is blamed: it goes alone, with its own backoff.
    package static let failuresToSuspect = 3
    /// Failures that it may then have.
    package static let failuresAlone = 5

    /// Hand-overs on the route when the event (by sequence) last failed. What is forgotten only counts later.
    private var handedOver: [Int64: Int] = [:]
    private let eventsMax: Int

    /// - Parameter eventsMax: events remembered; past it all are forgotten.
    package init(eventsMax: Int) {
        self.eventsMax = eventsMax
    }

    /// Whether an event with so many failures is blamed itself.
    package static func isSuspect(_ failures: Int) -> Bool { failures >= failuresToSuspect }
    /// Whether it has had all its tries.
    package static func isPoison(_ failures: Int) -> Bool { failures >= failuresToSuspect + failuresAlone }

    /// An event failed after sending.
    ///
    /// - Parameters:
    ///   - failures: counted so far.
    ///   - others: hand-overs on the route so far.
    ///   - isRouteSuspended: the route was suspended: then a suspect's failure says nothing, unless others got through.
    /// - Returns: what is counted now.
    package mutating func failed(_ sequence: Int64, failures: Int, others: Int, isRouteSuspended: Bool) -> Int {
        if Planted.poisonHoldsRoute { return failures }
        if handedOver.count >= eventsMax, handedOver[sequence] == nil { handedOver = [:] }
        let before = handedOver.updateValue(others, forKey: sequence)
        let counts: Bool
        if let before, others > before {
            counts = true
        } else if Self.isSuspect(failures) {
            counts = !isRouteSuspended
        } else {
            counts = failures == 0
        }
        return counts ? failures + 1 : failures
    }

    /// The event has left the queue.
    package mutating func left(_ sequence: Int64) {
        if !handedOver.isEmpty { handedOver[sequence] = nil }
    }
}
