import OutboxCore

/// Lambda's own queues, one a function: what it has taken it works off at the function's pace, and drops after six hours.
/// Either way it is Lambda's, and nobody here sends it again for that.
struct LambdaQueue {
    /// Nanoseconds.
    static let ageMax: Int64 = 6 * 3600 * 1_000_000_000

    /// Nanoseconds that a function takes for one.
    private let spans: [Int64]
    /// When all that a function has waiting is worked off.
    private var emptyAt: [Int64]
    /// All that it ever took.
    private(set) var taken: Set<EventID> = []

    init(_ plan: Plan) {
        spans = plan.functions.map { Int64(1e9 / $0.capacity) }
        emptyAt = spans.map { _ in 0 }
    }

    /// Lambda takes an event. True: it will be too old when its turn comes.
    mutating func take(_ id: EventID, _ function: Int, at now: Int64) -> Bool {
        emptyAt[function] = max(emptyAt[function], now) + spans[function]
        taken.insert(id)
        return emptyAt[function] - now > Self.ageMax
    }
}

extension Oracle {
    /// At the end: what was handed over is what Lambda has taken, and it has taken nothing else than what was accepted.
    func checkHandedOver(_ lambda: LambdaQueue) {
        var unknown = lambda.taken
        for entry in entries.values {
            let isTaken = unknown.remove(entry.id) != nil
            if entry.state == .handedOver, !isTaken {
                violated("I1", "an event handed over that Lambda has taken", "\(entry.id), which it never took")
            }
        }
        if let other = unknown.first { violated("I1", "only accepted events at Lambda", "\(other)") }
    }
}
