/// Which dead letters an operator means: ids, or `function` and `condition`, or `all`; `condition` may stand with `all`.
/// An empty selection is refused, never taken as "all".
package struct Selection: Codable, Hashable, Sendable {
    /// At most `idsMax`.
    package var ids: [String]?
    /// Function name, `name:qualifier` or full ARN; `*` and `?` match.
    package var function: String?
    /// `rejected`, `exhausted`, `expired`, `suspected-poison`, `moved` or `corrupt`.
    package var condition: String?
    package var all: Bool?
    /// Of a redrive: leave letters whose hard expiry has passed where they are.
    package var keepExpiry: Bool?

    private enum CodingKeys: String, CodingKey {
        case ids, function, condition, all
        case keepExpiry = "keep_expiry"
    }

    /// Ids in one request.
    package static let idsMax = 1000

    package init(ids: [String]) {
        self.ids = ids
    }

    package init(function: String? = nil, condition: String? = nil) {
        self.function = function
        self.condition = condition
    }

    /// Every dead letter.
    package static var everything: Selection {
        var selection = Selection()
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

/// What a redrive would do at this moment.
package struct RedrivePlan: Codable, Hashable, Sendable {
    package struct Function: Codable, Hashable, Sendable {
        package var function: String
        package var count: Int

        package init(function: String, count: Int) {
            self.function = function
            self.count = count
        }
    }

    package var count: Int
    /// Payload bytes.
    package var bytes: Int
    /// Of `count`, those that would lose a hard expiry, which has passed.
    package var expiriesDropped: Int
    /// Letters that `keep_expiry` leaves where they are.
    package var kept: Int
    /// The largest first.
    package var functions: [Function]

    private enum CodingKeys: String, CodingKey {
        case count, bytes
        case expiriesDropped = "expiries_dropped"
        case kept, functions
    }

    package init(count: Int = 0, bytes: Int = 0, expiriesDropped: Int = 0, kept: Int = 0, functions: [Function] = []) {
        self.count = count
        self.bytes = bytes
        self.expiriesDropped = expiriesDropped
        self.kept = kept
        self.functions = functions
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
