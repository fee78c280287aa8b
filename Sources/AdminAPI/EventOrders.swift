/// Which queued events an operator means.
package struct EventOrder: Codable, Hashable, Sendable {
    /// 1 to `Selection.idsMax`.
    package var ids: [String]
    /// Of "send now", with one id: make it the next probe of a suspended function or route.
    package var force: Bool?

    package init(ids: [String], force: Bool? = nil) {
        self.ids = ids
        self.force = force
    }
}

/// What became of the events of an order, in the order of its ids.
package struct EventResults: Codable, Hashable, Sendable {
    package var results: [EventResult]

    package init(results: [EventResult]) {
        self.results = results
    }
}

/// What became of one event.
package struct EventResult: Codable, Hashable, Sendable {
    package enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        case done
        /// An attempt is under way: nothing was changed.
        case inFlight = "in-flight"
        /// It is not in the queue any more; `state` says where it is.
        case notQueued = "not-queued"
        /// Nothing is known of it.
        case unknown
    }

    package var id: String
    package var outcome: Outcome
    /// As in `Event`; left out where nothing is known of it.
    package var state: String?

    package init(id: String, outcome: Outcome, state: String? = nil) {
        self.id = id
        self.outcome = outcome
        self.state = state
    }
}
