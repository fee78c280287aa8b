/// A row of the queue, as far as ages need it.
package struct WaitingRow: Hashable, Sendable {
    package var sequence: Int64
    package var functionKey: FunctionKey
    package var ageFrom: WallTime

    package init(sequence: Int64, functionKey: FunctionKey, ageFrom: WallTime) {
        self.sequence = sequence
        self.functionKey = functionKey
        self.ageFrom = ageFrom
    }
}

/// Rows of the queue without their contents: single ones, and in accept order.
package protocol WaitingRowReader: ~Copyable {
    /// Those of the given rows that are still in the queue, in no order.
    mutating func waitingRows(_ sequences: [Int64]) throws(StoreError) -> [WaitingRow]

    /// Rows behind `after` in accept order; fewer than `limit` mean that the queue ends there.
    mutating func waitingRows(after: Int64, limit: Int) throws(StoreError) -> [WaitingRow]

    /// Rows with a due time behind `after`, in order of it; fewer than `limit` mean that there are no more.
    mutating func dueRows(after: DuePlace?, limit: Int) throws(StoreError) -> [DueRow]
}

/// A row of the queue with a due time: delayed, tried before, or redriven.
package struct DueRow: Hashable, Sendable {
    package var place: DuePlace
    package var functionKey: FunctionKey

    package init(place: DuePlace, functionKey: FunctionKey) {
        self.place = place
        self.functionKey = functionKey
    }
}

/// Each function's oldest waiting event, without an index on the queue and without ever reading all of it (P7).
///
/// What is the oldest once stays it until it leaves the queue: whatever is put in later is younger. So it is remembered
/// by its row and looked up each time. Where it has left, the next one is taken from what the delivery side has at hand
/// (its window, and the first row that it passed over), and from two walks, through the rows with a due time and through
/// the whole queue, that go on by a fixed number of rows each time and begin anew at the end. It may therefore say too
/// young an age, or none, for as long as such a walk takes; never too old a one.
package struct OldestWaiting: Sendable {
    /// Rows that one look walks on, on each of both ways.
    package static let walkRows = 2000

    private var known: [FunctionKey: WaitingRow] = [:]
    private var walked: Int64 = 0
    private var walkedDue: DuePlace?

    package init() {}

    /// The oldest of each function in `waiting` that has one at hand.
    ///
    /// - Parameters:
    ///   - waiting: functions with queued events; what is known of others is forgotten.
    ///   - hints: rows that may be the oldest of their function.
    package mutating func look(
        waiting: Set<FunctionKey>,
        hints: [Int64],
        in reader: inout some WaitingRowReader & ~Copyable
    ) throws(StoreError) -> [FunctionKey: WaitingRow] {
        guard !waiting.isEmpty else {
            known = [:]
            walked = 0
            walkedDue = nil
            return [:]
        }
        let due = try reader.dueRows(after: walkedDue, limit: Self.walkRows)
        walkedDue = due.count < Self.walkRows ? nil : due.last?.place
        let candidates = known.values.map(\.sequence) + hints + Self.first(due, waiting)
        let page = try reader.waitingRows(after: walked, limit: Self.walkRows)
        walked = page.count < Self.walkRows ? 0 : page.last?.sequence ?? 0
        known = [:]
        for row in try reader.waitingRows(candidates) { take(row, waiting) }
        for row in page { take(row, waiting) }
        return known
    }

    /// The lowest row of each function: the oldest, unless it was redriven.
    private static func first(_ rows: [DueRow], _ waiting: Set<FunctionKey>) -> [Int64] {
        var first: [FunctionKey: Int64] = [:]
        for row in rows where waiting.contains(row.functionKey) {
            first[row.functionKey] = min(first[row.functionKey] ?? .max, row.place.sequence)
        }
        return Array(first.values)
    }

    private mutating func take(_ row: WaitingRow, _ waiting: Set<FunctionKey>) {
        guard waiting.contains(row.functionKey) else { return }
        if let best = known[row.functionKey], (best.ageFrom, best.sequence) <= (row.ageFrom, row.sequence) { return }
        known[row.functionKey] = row
    }
}
