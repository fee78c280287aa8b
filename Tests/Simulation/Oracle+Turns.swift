import Engine
import OutboxCore

/// Whose turn it is among the events of one function: fresh and retried ones alternate, and of ten one is redriven where
/// both wait.
///
/// Only what is in memory for sure is looked at: a report of the delivery side that counts as many as are due tells of all
/// of them. From then on nothing takes them out but an attempt, or something that ends the knowledge.
struct Turns {
    enum Kind: CaseIterable { case fresh, retried, redriven }

    /// Starts of others in a row, between two of its own, that a kind that waits may see: one of each other line, and
    /// for redriven ones nine and one that was chosen before.
    static let passedOverMax: [Kind: Int] = [.fresh: 3, .retried: 3, .redriven: EventTurns.othersPerRedriven + 1]

    /// Queued, wherever.
    var queued: Set<Int64> = []
    /// Waiting in memory.
    private(set) var inMemory: [Kind: Set<Int64>] = [:]
    private var passedOver: [Kind: Int] = [:]
    /// Starts of others since the latest of a redriven one, while there were such all the time.
    private var othersSinceRedriven: Int?
    /// No drain rate since the process began: nothing waits for it, and there is no line for a backlog.
    var neverDrains = true

    mutating func forget() {
        inMemory = [:]
        passedOver = [:]
        othersSinceRedriven = nil
    }

    mutating func learn(_ sequence: Int64, _ kind: Kind) { inMemory[kind, default: []].insert(sequence) }

    /// Has left the memory without an attempt.
    mutating func left(_ sequence: Int64) {
        for kind in Kind.allCases { _ = inMemory[kind]?.remove(sequence) }
        if !hasOthers { othersSinceRedriven = nil }
    }

    private func has(_ kind: Kind) -> Bool { !(inMemory[kind]?.isEmpty ?? true) }
    private var hasOthers: Bool { has(.fresh) || has(.retried) }

    /// An attempt that took a turn begins; what it must not have done, if anything.
    mutating func start(_ sequence: Int64, _ started: Kind) -> (expected: String, found: String)? {
        var wrong: (String, String)?
        for kind in Kind.allCases {
            if kind == started || !has(kind) {
                passedOver[kind] = 0
                continue
            }
            passedOver[kind, default: 0] += 1
            guard passedOver[kind]! > Self.passedOverMax[kind]! else { continue }
            wrong = (
                "\(kind) events in turn with others", "\(passedOver[kind]!) others in a row, the latest \(started)"
            )
        }
        if started == .redriven {
            let max = EventTurns.othersPerRedriven
            if let others = othersSinceRedriven, others < max, hasOthers {
                wrong = ("\(max) others for each redriven event", "\(others) while others waited")
            }
            othersSinceRedriven = hasOthers ? 0 : nil
        } else if let others = othersSinceRedriven {
            othersSinceRedriven = others + 1
        }
        left(sequence)
        return wrong
    }
}

extension Oracle {
    /// The delivery side begins, or has read another configuration.
    func turnsConfigured(isStart: Bool) {
        for index in turns.indices {
            if isStart { turns[index].neverDrains = true }
            if policy(index).drainRate != nil { turns[index].neverDrains = false }
            turns[index].forget()
        }
    }

    /// The delivery side's own account says how much of each function it holds in memory.
    func turnsLearn(_ report: DeliveryReport) {
        guard suspects.isEmpty else { return }
        for function in report.dispatch.functions where function.waitingInMemory > 1 {
            let index = index(of: function.identity)
            guard turns[index].neverDrains, isOpen(index) else { continue }
            learnTurns(index, waiting: function.waitingInMemory)
        }
    }

    /// Neither function nor route are suspended.
    func isOpen(_ function: Int) -> Bool {
        scopes.functions[function].reason == nil
            && scopes.routes[record.plan.functions[function].route].reason == nil
    }

    private func learnTurns(_ function: Int, waiting: Int) {
        var due: [(Int64, Turns.Kind)] = []
        let now = record.world.now.wall
        for sequence in turns[function].queued where flights[sequence] == nil {
            let entry = entries[sequence]!
            // It may take a turn in which nothing is seen.
            if entry.midway > 0 || forced.contains(sequence) { return }
            if let dueAt = entry.dueAt, dueAt > now {
                // In memory or not: who knows.
                if dueAt <= maxWall { return }
                continue
            }
            due.append((sequence, entry.redriven > 0 ? .redriven : entry.dueAt == nil ? .fresh : .retried))
        }
        guard due.count == waiting else { return }
        for (sequence, kind) in due { turns[function].learn(sequence, kind) }
        if Set(due.map(\.1)).count > 1 { record.happened(.turnsWatched) }
    }

    /// Whether something of the function may take a turn in which nothing is seen.
    func mayBeUnseen(_ function: Int) -> Bool {
        if !suspects.isEmpty { return true }
        let now = record.world.now.wall
        return turns[function].queued.contains { sequence in
            let entry = entries[sequence]!
            return entry.midway > 0 || entry.wasRefused || forced.contains(sequence)
                || entry.expiresAt.map { $0 <= now } ?? false
        }
    }

    /// An attempt of a function in use begins.
    func turnsStart(_ function: Int, _ event: QueuedEvent) {
        if forced.contains(event.sequence) { return turns[function].left(event.sequence) }
        let kind: Turns.Kind = event.redriven > 0 ? .redriven : event.dueAt == nil ? .fresh : .retried
        guard let wrong = turns[function].start(event.sequence, kind) else { return }
        if mayBeUnseen(function) { return turns[function].forget() }
        violated("turns", "\(wrong.expected) of \(name(function))", wrong.found)
    }

    func turnsTold(_ message: DeliveryMessage) {
        switch message {
        case .withdraw(let sequences, _):
            for sequence in sequences { if let entry = entries[sequence] { turns[entry.function].left(sequence) } }
        case .force(let event): turns[index(of: event.function)].forget()
        case .pauses: for index in turns.indices { turns[index].forget() }
        default: break
        }
    }

    /// Those that don't fit the function's pace any more leave the memory; so do all but some of what is suspended.
    func turnsForget(function: Int) { turns[function].forget() }

    func turnsForget(route: Int) {
        for (index, function) in record.plan.functions.enumerated() where function.route == route {
            turns[index].forget()
        }
    }
}
