/// Which dead letters an operator means: exactly one member is set. An empty selection is refused, never taken as "all".
package struct Selection: Codable, Hashable, Sendable {
    /// At most `idsMax`.
    package var ids: [String]?
    /// Function name, `name:qualifier` or full ARN; `*` and `?` match.
    package var function: String?
    package var all: Bool?

    /// Ids in one request.
    package static let idsMax = 1000

    package init(ids: [String]) {
        self.ids = ids
    }

    package init(function: String) {
        self.function = function
    }

    /// Every dead letter.
    package static var everything: Selection {
        var selection = Selection(ids: [])
        selection.ids = nil
        selection.all = true
        return selection
    }
}

/// How many dead letters a selection means at this moment.
package struct SelectionCount: Codable, Hashable, Sendable {
    package var count: Int

    package init(count: Int) {
        self.count = count
    }
}

/// What a redrive put back into the queue.
package struct RedriveResult: Codable, Hashable, Sendable {
    package var count: Int
    /// The first 1,000.
    package var ids: [String]

    package init(count: Int, ids: [String]) {
        self.count = count
        self.ids = ids
    }
}

/// What a purge deleted.
package struct PurgeResult: Codable, Hashable, Sendable {
    package var count: Int
    /// The first 1,000.
    package var ids: [String]

    package init(count: Int, ids: [String]) {
        self.count = count
        self.ids = ids
    }
}

/// Body of every answer that is not 2xx.
package struct ErrorBody: Codable, Hashable, Error, Sendable {
    /// For programs: `invalid`, `not-found`, `too-large`, `unavailable`, `internal`.
    package var code: String
    /// For people: what is wrong and what to do.
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
