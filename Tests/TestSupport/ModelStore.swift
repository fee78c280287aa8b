import Foundation
package import OutboxCore

/// The ports `EventStore`, `EventStoreUpkeep` and `EventReader` over plain dictionaries: what a store does, without a
/// file. Copies share one content, so that a test can look at the store that a thread owns; any thread.
package struct ModelStore: EventStore, EventStoreUpkeep, EventReader, Sendable {
    // The model is touched only with its lock held.
    private final class Shared: @unchecked Sendable {
        let lock = NSLock()
        var model = Model()
        var failNext: StoreError?
        var refuses: (@Sendable (StoreCommand) -> StoreError?)?
        var commits = 0
    }
    private let shared = Shared()

    package init(generation: UInt16 = 7) {
        shared.model.generation = generation
    }

    /// Begins a process's time with it; what an earlier one has left.
    package func opened(boot: Int) -> (wasClean: Bool, isSameBoot: Bool) {
        locked { model in
            model.openedIn = boot
            model.hasBegun = false
            return (model.wasClosed, model.begunIn ?? boot == boot)
        }
    }

    /// Ends it in order.
    package func close() {
        locked { if $0.hasBegun { $0.wasClosed = true } }
    }

    private func locked<Result>(_ body: (inout Model) -> Result) -> Result {
        shared.lock.withLock { body(&shared.model) }
    }

    /// The next commit fails with this and changes nothing; then it is nil again.
    package var failNext: StoreError? {
        get { shared.lock.withLock { shared.failNext } }
        nonmutating set { shared.lock.withLock { shared.failNext = newValue } }
    }

    /// Rows that a claim finds damaged.
    package var damaged: Set<Int64> {
        get { locked { $0.damaged } }
        nonmutating set { locked { $0.damaged = newValue } }
    }

    /// A commit that holds a command for which this gives an error fails with it and changes nothing.
    package var refuses: (@Sendable (StoreCommand) -> StoreError?)? {
        get { shared.lock.withLock { shared.refuses } }
        nonmutating set { shared.lock.withLock { shared.refuses = newValue } }
    }

    /// Commits that succeeded, empty ones left out.
    package var commits: Int { shared.lock.withLock { shared.commits } }

    // MARK: EventStore

    package mutating func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply] {
        if commands.isEmpty { return [] }
        let result: Result<[StoreReply], StoreError> = shared.lock.withLock {
            if let error = shared.failNext {
                shared.failNext = nil
                return .failure(error)
            }
            for command in commands {
                if let error = shared.refuses?(command) { return .failure(error) }
            }
            shared.commits += 1
            shared.model.latest = now
            return .success(commands.map { shared.model.carryOut($0, now: now) })
        }
        return try result.get()
    }

    package mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        locked { model in
            var page = model.claim(request)
            page.damaged = page.events.map(\.sequence).filter(model.damaged.contains)
            page.events.removeAll { model.damaged.contains($0.sequence) }
            return page
        }
    }

    package mutating func nextDue() throws(StoreError) -> WallTime? {
        locked { model in model.events.values.compactMap(\.dueAt).min() }
    }

    package var totals: StoreTotals { locked { $0.totals } }

    package mutating func functions() throws(StoreError) -> [FunctionRecord] {
        locked { $0.functionRecords() }
    }

    package mutating func routes() throws(StoreError) -> [RouteRecord] {
        locked { model in
            model.routes.map { RouteRecord(name: $0.key, state: $0.value) }.sorted { $0.name < $1.name }
        }
    }

    package mutating func pauses() throws(StoreError) -> [PauseRule] { locked { $0.pauseRules } }

    package mutating func cutOffs() throws(StoreError) -> [CutOff] {
        locked { model in
            model.cutOffs.map { CutOff(scope: $0.key, endedAt: $0.value) }
                .sorted { ($0.endedAt, "\($0.scope)") < ($1.endedAt, "\($1.scope)") }
        }
    }

    package mutating func clockRecord() throws(StoreError) -> ClockRecord? { locked { $0.clock } }

    package mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? {
        locked { model in model.events[model.row(id)].flatMap { $0.id == id ? $0.queued : nil } }
    }

    package mutating func checkpoint() throws(StoreError) {}

    // MARK: EventStoreUpkeep

    package mutating func nextDue(after time: WallTime) throws(StoreError) -> WallTime? {
        locked { model in model.events.values.compactMap(\.dueAt).filter { $0 > time }.min() }
    }

    package func knows(_ function: FunctionIdentity) -> Bool {
        locked { $0.knownKey(function) != nil }
    }

    package func knows(producer: String) -> Bool {
        locked { $0.producers.contains(producer) }
    }

    package var names: StoreNames {
        locked { StoreNames(functions: $0.functionCount, producers: $0.producers.count) }
    }

    package var walBytes: Int { 0 }

    package mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int { 0 }

    package mutating func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage {
        locked { $0.expiring(query, limit: limit) }
    }

    package mutating func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage {
        locked { model in
            let later = model.events.values.filter { $0.place.map { $0 > place } ?? false }
            let page = later.sorted { $0.place! < $1.place! }.prefix(limit)
            return RetryPage(
                rows: page.filter { $0.attempts > 0 || $0.redriven > 0 || $0.dueAt! != $0.ageFrom }
                    .map { RetryPage.Row(place: $0.place!, function: $0.new.function) },
                next: page.count == limit ? page.last?.place : nil
            )
        }
    }

    package mutating func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply? {
        locked { $0.repeated(event, now) }
    }

    /// The model forgets none: those that count.
    package var keysRemembered: Int {
        locked { model in model.keys.values.count { model.isRemembered($0, model.latest) } }
    }

    package func usage(of function: FunctionIdentity) -> FunctionUsage {
        locked { model in
            guard let key = model.knownKey(function) else { return FunctionUsage() }
            let (queued, dead) = (model.events.held(by: key), model.dead.held(by: key))
            return FunctionUsage(events: queued.events + dead.events, bytes: queued.bytes + dead.bytes)
        }
    }

    package mutating func size() throws(StoreError) -> StoreSize {
        locked { model in
            let bytes = model.totals.queuedBytes + model.totals.deadBytes
            return StoreSize(usedBytes: bytes, fileBytes: bytes, walBytes: 0)
        }
    }

    // MARK: EventReader

    package mutating func event(_ id: EventID) throws(StoreError) -> EventDetail? {
        locked { $0.detail(id) }
    }

    package mutating func payload(_ id: EventID) throws(StoreError) -> [UInt8]? {
        locked { model in
            let event = model.events[model.row(id)] ?? model.dead[model.row(id)]
            return event.flatMap { $0.id == id ? $0.new.payload : nil }
        }
    }

    package mutating func queued(
        _ filter: EventFilter,
        after: Int64?,
        limit: Int
    ) throws(StoreError) -> QueuedPage {
        locked { $0.queuedPage(filter, after: after, limit: limit) }
    }

    package mutating func deadLetters(
        _ filter: EventFilter,
        after: DeadPlace?,
        limit: Int
    ) throws(StoreError) -> [EventDetail] {
        locked { $0.deadPage(filter, after: after, limit: limit) }
    }

    package mutating func oldestQueued() throws(StoreError) -> EventDetail? {
        locked { model in
            model.events.values.min { ($0.ageFrom, $0.sequence) < ($1.ageFrom, $1.sequence) }?.detail(.queued)
        }
    }

    package mutating func deadLetterGroups() throws(StoreError) -> [DeadLetterGroup] {
        locked { $0.deadGroups() }
    }
}
