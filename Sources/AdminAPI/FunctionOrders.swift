/// Which functions an operator means: exactly one of `function` and `all` is set.
package struct FunctionOrder: Codable, Hashable, Sendable {
    /// Name, `name:qualifier` or full ARN; `*` and `?` match. A name without qualifier means all of its qualifiers.
    package var function: String?
    package var all: Bool?
    /// Of a pause: why, in the operator's words.
    package var reason: String?

    package init(function: String? = nil, all: Bool? = nil, reason: String? = nil) {
        self.function = function
        self.all = all
        self.reason = reason
    }
}

/// A pause that an operator has ordered; it also holds for functions seen later.
package struct Pause: Codable, Hashable, Sendable {
    package var pattern: String
    package var reason: String?
    package var since: Timestamp

    package init(pattern: String, reason: String? = nil, since: Timestamp) {
        self.pattern = pattern
        self.reason = reason
        self.since = since
    }
}

/// Functions with events, dead letters or a state other than active; the worst first.
package struct FunctionList: Codable, Hashable, Sendable {
    package var functions: [FunctionStatus]
    /// All pauses, also those that mean no function of the list.
    package var pauses: [Pause]

    package init(functions: [FunctionStatus], pauses: [Pause]) {
        self.functions = functions
        self.pauses = pauses
    }
}

/// What a pause means at this moment.
package struct PauseResult: Codable, Hashable, Sendable {
    package var pause: Pause
    /// Functions known by now that it means.
    package var functions: Int
    /// Their waiting events.
    package var queued: Int
    /// Their attempts that were under way; these end.
    package var inFlight: Int

    private enum CodingKeys: String, CodingKey {
        case pause, functions, queued
        case inFlight = "in_flight"
    }

    package init(pause: Pause, functions: Int, queued: Int, inFlight: Int) {
        self.pause = pause
        self.functions = functions
        self.queued = queued
        self.inFlight = inFlight
    }
}

/// What a resume did.
package struct ResumeResult: Codable, Hashable, Sendable {
    /// Pauses that were taken back.
    package var resumed: [Pause]
    /// Suspended functions whose probes come forward.
    package var probed: Int
    /// Other pauses that still mean some of the functions.
    package var stillPaused: [Pause]

    private enum CodingKeys: String, CodingKey {
        case resumed, probed
        case stillPaused = "still_paused"
    }

    package init(resumed: [Pause], probed: Int, stillPaused: [Pause]) {
        self.resumed = resumed
        self.probed = probed
        self.stillPaused = stillPaused
    }
}

/// What became dead letters by an operator's order.
package struct MoveResult: Codable, Hashable, Sendable {
    package var count: Int
    /// Events in flight, which were left alone.
    package var inFlight: Int

    private enum CodingKeys: String, CodingKey {
        case count
        case inFlight = "in_flight"
    }

    package init(count: Int, inFlight: Int) {
        self.count = count
        self.inFlight = inFlight
    }
}
