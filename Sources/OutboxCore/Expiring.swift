/// Which rows may have to die, as the delivery side asks the store. Each answer is a slice.
package enum ExpiringQuery: Hashable, Sendable {
    /// Rows whose hard expiry is at or before `until`, behind a place in the order of (expiry, sequence).
    case passed(behind: DuePlace?, until: WallTime)
    /// Rows of these functions that are too old, in accept order. A time further ahead than `ahead` is none: it was
    /// taken by another clock, and the row is too old.
    case aged(behind: Int64, [FunctionKey: AgeLimit], ahead: WallTime)
}

/// When an event of a function is too old.
package struct AgeLimit: Hashable, Sendable {
    /// Its age counts from here or before.
    package var agedFrom: WallTime
    /// It must have had an attempt since, or count its age from later; nil: it needs none.
    package var attemptedSince: WallTime?

    package init(agedFrom: WallTime, attemptedSince: WallTime?) {
        self.agedFrom = agedFrom
        self.attemptedSince = attemptedSince
    }

    /// Whether a row that was too old by an earlier limit still is: the policy, or a pause, may have changed meanwhile.
    func confirms(_ earlier: AgeLimit) -> Bool {
        earlier.agedFrom <= agedFrom && earlier.attemptedSince == attemptedSince
    }
}

/// A slice of rows that may have to die: as many as their burials take one commit, by number and by bytes.
package struct ExpiringPage: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package var sequence: Int64
        package var functionKey: FunctionKey
        package var function: FunctionIdentity

        package init(sequence: Int64, functionKey: FunctionKey, function: FunctionIdentity) {
            self.sequence = sequence
            self.functionKey = functionKey
            self.function = function
        }
    }
    package var query: ExpiringQuery
    package var rows: [Row]
    /// What to ask next; nil: that was all.
    package var next: ExpiringQuery?

    package init(query: ExpiringQuery, rows: [Row], next: ExpiringQuery?) {
        self.query = query
        self.rows = rows
        self.next = next
    }
}
