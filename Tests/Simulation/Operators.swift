import Engine
import OutboxCore

/// People who pause, resume, move, redrive, purge, cancel, hurry, and change the configuration. Orders that take events out
/// of the queue go through the delivery side first, as the daemon's own do.
final class Operators {
    private let record: Record
    private let oracle: Oracle
    private let keys: Keys
    private var random: Seeded
    /// Pauses ordered and not taken back.
    private var paused: [GlobPattern] = []
    /// What the delivery side has said about events that are to be taken out.
    private var ready: [(withdrawn: [Int64], isMove: Bool)] = []
    /// Draws what only some seeds have.
    private var extras: Extras
    /// Dead letters that somebody has noted.
    private var listed: [EventID] = []
    /// For the delivery side, behind what the commit side tells it.
    private var messages: [DeliveryMessage] = []
    var isCalm = false
    var pending = 0

    init(_ record: Record, oracle: Oracle, keys: Keys, random: Seeded) {
        self.record = record
        self.oracle = oracle
        self.keys = keys
        self.random = random
        extras = record.plan.extras
    }

    /// For the delivery side now.
    func takeMessages() -> [DeliveryMessage] {
        defer { messages = [] }
        return messages
    }

    /// For the commit side now.
    func orders() -> [CommitMessage] {
        var orders = takeOut()
        if extras.isRoomy, !isCalm { orders += surge() }
        guard !isCalm, random.oneIn(record.plan.weights.operatorAct) else { return orders }
        switch random.int(0...13) {
        case 0, 1: orders.append(pause(pattern()))
        case 2, 3: orders.append(resume(paused.randomElement(using: &random) ?? GlobPattern("*")))
        case 4: withdraw(isMove: false)
        case 5: withdraw(isMove: true)
        case 6, 7: orders.append(redrive(keepExpiry: random.oneIn(4)))
        case 8: orders.append(purge())
        case 9, 10: if let order = sendNow() { orders.append(order) }
        case 11:
            record.happened(.hangUp)
            messages.append(.reload)
        case 12: orders.append(reconfigure())
        default: keys.disturb(&random)
        }
        return orders
    }

    private func pattern() -> GlobPattern {
        if random.oneIn(8) { return GlobPattern("*") }
        let function = record.plan.functions.randomElement(using: &random)!.identity
        return GlobPattern(random.oneIn(3) ? "f\(function.name.dropFirst().prefix(1))*" : function.description)
    }

    private func done(_ body: @escaping (Result<[StoreReply], StoreError>) -> Void)
        -> @Sendable (
            Result<[StoreReply], StoreError>
        ) -> Void
    {
        pending += 1
        // Called back within the step, on the simulation's own thread.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) let own = self
        return { result in
            own.record.tell {
                own.pending -= 1
                body(result)
            }
        }
    }

    // MARK: Functions

    private func pause(_ pattern: GlobPattern) -> CommitMessage {
        record.happened(.pause)
        let rule = PauseRule(pattern: pattern, since: record.world.now.wall)
        return .operate(
            [.pause(rule)],
            done { [self] result in
                guard case .success = result else { return }
                paused.append(pattern)
                oracle.pauses.append(pattern)
            }
        )
    }

    /// Whether it works or not: from the order on it may be resumed.
    private func resume(_ pattern: GlobPattern) -> CommitMessage {
        record.happened(.resume)
        oracle.pauses.removeAll { pattern.matches($0.text) }
        return .operate(
            [.resume(pattern)],
            done { [self] result in
                switch result {
                case .success:
                    paused.removeAll { pattern.matches($0.text) }
                    // Also what was ordered before it and told meanwhile.
                    oracle.pauses.removeAll { pattern.matches($0.text) }
                // What stays on record still holds.
                case .failure:
                    for rule in paused where pattern.matches(rule.text) && oracle.storedPauses.contains(rule.text) {
                        oracle.pauses.append(rule)
                    }
                }
            }
        )
    }

    private func reconfigure() -> CommitMessage {
        record.happened(.policies)
        var table = PolicyTable(defaults: Plan.policy(&random), entries: record.plan.policies.entries)
        for index in table.entries.indices where random.oneIn(2) {
            let isHealthy = table.entries[index].policy.rate == nil && index == 0
            table.entries[index].policy = Plan.policy(&random)
            if isHealthy { table.entries[index].policy.makeHealthy() }
        }
        return configuration(table)
    }

    /// Both sides get it; the oracle goes by what the delivery side has read.
    func configuration(_ table: PolicyTable) -> CommitMessage {
        messages.append(.reconfigure(SimulatedDirectory(policies: table, routeNames: record.plan.routes)))
        return .reconfigure(Self.settings(record.plan, table))
    }

    static func settings(_ plan: Plan, _ table: PolicyTable) -> CommitSettings {
        CommitSettings(budgets: plan.budgets, history: (.hours(24), 200), roomWait: plan.roomWait, policies: table)
    }

    // MARK: Events

    private func someQueued(_ count: Int) -> [EventID] {
        let waiting = oracle.entries.values.filter { $0.state == .queued }.map(\.id).sorted()
        return Array(waiting.shuffled(using: &random).prefix(count))
    }

    /// Asks the delivery side to let go of some events.
    private func withdraw(isMove: Bool) { withdraw(someQueued(random.int(1...6)), isMove: isMove) }

    private func withdraw(_ ids: [EventID], isMove: Bool) {
        guard !ids.isEmpty else { return }
        record.happened(isMove ? .move : .cancel)
        let sequences = ids.map(\.sequence)
        pending += 1
        // Called back within the step, on the simulation's own thread.
        nonisolated(unsafe) let own = self
        messages.append(
            .withdraw(sequences) { flying in
                own.pending -= 1
                guard let flying else { return }
                if !flying.isEmpty { own.record.happened(.cancelInFlight) }
                for sequence in sequences where !flying.contains(sequence) && own.oracle.flights[sequence] != nil {
                    own.oracle.violated("cancel", "word that \(sequence) is in flight", "none")
                }
                own.ready.append((sequences.filter { !flying.contains($0) }, isMove))
            }
        )
    }

    private func takeOut() -> [CommitMessage] {
        defer { ready = [] }
        return ready.filter { !$0.withdrawn.isEmpty }.map { order in
            let ids = order.withdrawn.compactMap { oracle.entries[$0]?.id }
            if order.isMove { oracle.moving.formUnion(order.withdrawn) }
            let commands: [StoreCommand] =
                order.isMove
                ? order.withdrawn.map {
                    .bury(sequence: $0, .moved, reason: "an operator moved it to the dead letters")
                }
                : [.cancel(ids)]
            return .operate(
                commands,
                done { [self] result in
                    switch result {
                    case .success: messages.append(.returned(gone: order.withdrawn, kept: []))
                    // It may be on disk: the next process tells.
                    case .failure(.failed): return
                    case .failure: messages.append(.returned(gone: [], kept: order.withdrawn))
                    }
                    oracle.moving.subtract(order.withdrawn)
                }
            )
        }
    }

    private func selection() -> DeadLetterSelection {
        switch random.int(0...3) {
        case 0: return .all
        case 1: return .function(pattern())
        case 2: return .matching(EventFilter(function: nil, condition: .exhausted))
        default:
            let dead = oracle.entries.values.filter { $0.state == .dead }.map(\.id).sorted()
            return .ids(Array(dead.shuffled(using: &random).prefix(4)) + fromList(dead))
        }
    }

    /// Letters of a list that was made some time ago: some may have been redriven, or be dead again, by now.
    private func fromList(_ dead: [EventID]) -> [EventID] {
        guard extras.keepsLists else { return [] }
        defer { if listed.isEmpty || extras.random.oneIn(3) { listed = dead } }
        return Array(listed.shuffled(using: &extras.random).prefix(4))
    }

    /// Much at once: all of a function goes to the dead letters, or all letters go back.
    private func surge() -> [CommitMessage] {
        if extras.random.oneIn(60) {
            record.happened(.redrive)
            return [.operate([.redrive(.all, limit: 200, keepExpiry: false)], done { _ in })]
        }
        if extras.random.oneIn(60) {
            let function = extras.random.int(0...record.plan.functions.count - 1)
            withdraw(
                oracle.entries.values.filter { $0.function == function && $0.state == .queued }.map(\.id),
                isMove: true
            )
        }
        return []
    }

    private func redrive(keepExpiry: Bool) -> CommitMessage {
        record.happened(keepExpiry ? .redriveKeep : .redrive)
        return .operate([.redrive(selection(), limit: random.int(1...40), keepExpiry: keepExpiry)], done { _ in })
    }

    private func purge() -> CommitMessage {
        record.happened(.purge)
        return .operate([.purge(selection(), limit: random.int(1...5))], done { _ in })
    }

    private func sendNow() -> CommitMessage? {
        let force = random.oneIn(2)
        let ids = someQueued(random.int(1...3)).filter { oracle.flights[$0.sequence] == nil }
        guard !ids.isEmpty else { return nil }
        record.happened(force ? .force : .sendNow)
        return .operate([.sendNow(ids, force: force)], done { _ in })
    }

    /// The process has gone: whoever waits gets an error.
    func disconnected() {
        pending = 0
        ready = []
        messages = []
    }

    // MARK: The end

    /// The last word: nothing is stopped, every letter stays where it is.
    func resumeAll() -> CommitMessage { resume(GlobPattern("*")) }

    /// What a clock that was ahead made due in a far future.
    func free(_ ids: [EventID]) -> CommitMessage {
        record.happened(.freedFromFuture, ids.count)
        return .operate([.sendNow(ids, force: false)], done { _ in })
    }
}

/// Routes by region, policies by pattern.
struct SimulatedDirectory: DispatchDirectory {
    var policies: PolicyTable
    var routeNames: [String]

    func policy(for function: FunctionIdentity) -> FunctionPolicy { policies.policy(for: function) }
    func route(for function: FunctionIdentity) -> RouteKey { RouteKey(routeNames.firstIndex(of: function.region) ?? 0) }
}
