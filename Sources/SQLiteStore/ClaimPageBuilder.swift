import OutboxCore

/// Decides, row by row, what goes into a `ClaimPage`; reads nothing itself.
struct ClaimPageBuilder {
    struct Row {
        var sequence: Int64
        var function: FunctionKey
        var dueAt: WallTime?
    }

    private let request: ClaimRequest
    private let isFresh: Bool
    private let only: FunctionKey?
    /// How many events of which functions, where the fresh lane is asked for some only; nil: all.
    private let quotas: [FunctionKey: Int]?
    /// All of these together.
    private let wanted: Int
    private var events: [QueuedEvent] = []
    private var bytes = 0
    private var scanned = 0
    private var taken: [FunctionKey: Int] = [:]
    private var skipped: [FunctionKey: ClaimPage.Skipped] = [:]
    private var damaged: [Int64] = []
    private var lastLooked: Row?
    /// Set when the lane has no more rows.
    var isExhausted = false

    init(_ request: ClaimRequest) {
        self.request = request
        switch request.lane {
        case .fresh(_, _, let only): (isFresh, self.only, quotas) = (true, nil, only)
        case .due(_, _, let only): (isFresh, self.only, quotas) = (false, only, nil)
        }
        wanted = quotas?.values.reduce(0) { $0 + min($1, .max - $0) } ?? .max
    }

    /// A bound is reached: no further row is looked at.
    var isFull: Bool { events.count >= min(request.eventsMax, wanted) || scanned >= request.scannedMax }

    /// Events of the function that the page may hold; nil: the row isn't even looked for.
    private func limit(_ function: FunctionKey) -> Int? {
        if let quotas { return quotas[function] }
        return only == nil || only == function ? request.perFunctionMax : nil
    }

    /// Whether the row is behind the one before it, as its lane's order wants; else pages of the file changed places.
    func follows(_ row: Row) -> Bool {
        guard let last = lastLooked else { return true }
        guard !isFresh, let lastDue = last.dueAt, let due = row.dueAt else { return last.sequence < row.sequence }
        return (lastDue, last.sequence) < (due, row.sequence)
    }

    /// Looks at a row; false if it is passed over.
    mutating func wants(_ row: Row) -> Bool {
        scanned += 1
        let isInLane = row.dueAt == nil || !isFresh
        if isInLane, let limit = limit(row.function), !request.held.contains(row.sequence) {
            if !request.skip.contains(row.function), taken[row.function, default: 0] < limit {
                return true
            }
            skip(row)
        }
        lastLooked = row
        return false
    }

    /// Takes the event of a row that is wanted.
    /// - Returns: false if it is too large for this page, and the page is done.
    mutating func add(_ event: QueuedEvent, _ row: Row) -> Bool {
        guard events.isEmpty || event.payload.count <= request.bytesMax - bytes else { return false }
        events.append(event)
        bytes += event.payload.count
        taken[row.function, default: 0] += 1
        lastLooked = row
        return true
    }

    /// The row is wanted and can't be read.
    mutating func setAside(_ row: Row) {
        damaged.append(row.sequence)
        lastLooked = row
    }

    private mutating func skip(_ row: Row) {
        var range = skipped[row.function] ?? ClaimPage.Skipped(first: row.sequence, last: row.sequence, count: 0)
        range.first = min(range.first, row.sequence)
        range.last = max(range.last, row.sequence)
        range.count += 1
        skipped[row.function] = range
    }

    /// - Parameter freshThrough: where the fresh lane ends when exhausted.
    func page(freshThrough: Int64) -> ClaimPage {
        var throughSequence: Int64 = 0
        var throughDue: DuePlace?
        switch request.lane {
        case .fresh(let after, _, _):
            throughSequence = isExhausted ? freshThrough : lastLooked?.sequence ?? after
        case .due(let after, _, _):
            throughDue = after
            if let lastLooked, let dueAt = lastLooked.dueAt {
                throughDue = DuePlace(dueAt: dueAt, sequence: lastLooked.sequence)
            }
        }
        return ClaimPage(
            request: request,
            events: events,
            throughSequence: throughSequence,
            throughDue: throughDue,
            skipped: skipped,
            damaged: damaged,
            exhausted: isExhausted
        )
    }
}
