package import OutboxCore

/// The definition of the ports `EventStore`, `EventStoreUpkeep` and `EventReader`: behaviours that every store has.
///
/// Free of any test library, so that each store's tests run it in their own way: a behaviour throws what is wrong.
package enum EventStoreConformance {
    /// One behaviour; its name is a sentence.
    package struct Behaviour: Sendable, CustomStringConvertible {
        package let name: String
        package let run: @Sendable (_ bench: StoreBench) throws -> Void
        package var description: String { name }

        init(_ name: String, _ run: @escaping @Sendable (_ bench: StoreBench) throws -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// All of them, by subject.
    package static let behaviours: [Behaviour] =
        accepting + repeats + claiming + resolving + deadLetters + keeping + asking + forgetting + orders
        + importing
}

/// What a behaviour found instead of what the port says.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package var description: String
}

/// A store under test, with its reader. One thread.
package protocol StoreUnderTest: AnyObject {
    func commit(_ commands: [StoreCommand], now: WallTime) throws(StoreError) -> [StoreReply]
    func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage
    func nextDue() throws(StoreError) -> WallTime?
    func nextDue(after time: WallTime) throws(StoreError) -> WallTime?
    func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage
    func cutOffs() throws(StoreError) -> [CutOff]
    func clockRecord() throws(StoreError) -> ClockRecord?
    func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage
    func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply?
    func usage(of function: FunctionIdentity) -> FunctionUsage
    func knows(_ function: FunctionIdentity) -> Bool
    func knows(producer: String) -> Bool
    var names: StoreNames { get }
    var keysRemembered: Int { get }
    var totals: StoreTotals { get }
    func functions() throws(StoreError) -> [FunctionRecord]
    func routes() throws(StoreError) -> [RouteRecord]
    func pauses() throws(StoreError) -> [PauseRule]
    func queued(_ id: EventID) throws(StoreError) -> QueuedEvent?
    func event(_ id: EventID) throws(StoreError) -> EventDetail?
    func payload(_ id: EventID) throws(StoreError) -> [UInt8]?
    /// Of as many pages as it takes.
    func queued(_ filter: EventFilter, after: Int64?, limit: Int) throws(StoreError) -> [EventDetail]
    func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail]
    func oldestQueued() throws(StoreError) -> EventDetail?
    func deadLetterGroups() throws(StoreError) -> [DeadLetterGroup]
    /// Closes and opens again, where there is something to close.
    func reopen() throws
}

/// A store under test with a clock and short ways to say things.
package final class StoreBench {
    package let store: any StoreUnderTest
    /// Close and open again after every commit: what is remembered must be on disk.
    private let reopensAlways: Bool
    package var now = WallTime(milliseconds: 1_700_000_000_000)

    package init(_ store: any StoreUnderTest, reopensAlways: Bool = false) {
        self.store = store
        self.reopensAlways = reopensAlways
    }

    // MARK: Doing

    @discardableResult
    package func commit(_ commands: StoreCommand...) throws -> [StoreReply] {
        try commit(commands)
    }

    @discardableResult
    package func commit(_ commands: [StoreCommand]) throws -> [StoreReply] {
        let replies = try store.commit(commands, now: now)
        try expectEqual(replies.count, commands.count, "one reply a command")
        if reopensAlways { try store.reopen() }
        return replies
    }

    /// Accepts an event that must be new.
    @discardableResult
    package func accept(_ event: NewEvent) throws -> QueuedEvent {
        try accepted(commit(.accept(event))[0])
    }

    /// The event of a reply that must be an acceptance.
    package func accepted(_ reply: StoreReply) throws -> QueuedEvent {
        guard case .accepted(let event) = reply else { throw ConformanceFailure(description: "not accepted: \(reply)") }
        return event
    }

    /// Moves the clock on.
    package func wait(_ span: Span) {
        now = now.advanced(by: span)
    }

    /// Lets an attempt end in this way.
    @discardableResult
    package func resolve(
        _ event: QueuedEvent,
        _ fate: Resolution.Fate,
        attempt: AttemptRecord? = nil,
        charged: Int = 0,
        uncertain: Bool = false
    ) throws -> StoreReply {
        let resolution = Resolution(
            sequence: event.sequence,
            attempt: attempt ?? (fate == .handedOver ? Self.handOver(at: now) : Self.failure(at: now)),
            fate: fate,
            chargedAttempts: charged,
            unknownAttempts: 0,
            routeFailures: 0,
            uncertain: uncertain
        )
        return try commit(.resolve(resolution))[0]
    }

    /// Accepts an event and makes it a dead letter.
    @discardableResult
    package func deadLetter(
        _ event: NewEvent,
        _ condition: DeadLetterCondition = .rejected
    ) throws -> QueuedEvent {
        let queued = try accept(event)
        try resolve(queued, .dead(condition, reason: "refused"), charged: 1)
        return queued
    }

    /// Trims; the reply in short.
    package func trim(_ before: WallTime, _ historyMax: Int, _ limit: Int) throws -> String {
        try commit(.trim(historyBefore: before, historyMax: historyMax, limit: limit))[0].short
    }

    // MARK: Asking

    /// A page of the fresh lane.
    package func fresh(
        after: Int64 = 0,
        through: Int64 = .max,
        only: [FunctionKey: Int]? = nil,
        skip: Set<FunctionKey> = [],
        held: Set<Int64> = [],
        eventsMax: Int = 1_000,
        bytesMax: Int = .max,
        scannedMax: Int = .max,
        perFunctionMax: Int = .max
    ) throws -> ClaimPage {
        try store.claim(
            ClaimRequest(
                lane: .fresh(after: after, through: through, only: only),
                skip: skip,
                held: held,
                eventsMax: eventsMax,
                bytesMax: bytesMax,
                scannedMax: scannedMax,
                perFunctionMax: perFunctionMax
            )
        )
    }

    /// A page of the due lane.
    package func due(after: DuePlace? = nil, until: WallTime? = nil, eventsMax: Int = 1_000) throws -> ClaimPage {
        try store.claim(ClaimRequest(lane: .due(after: after, until: until ?? now, only: nil), eventsMax: eventsMax))
    }

    /// Sequences of a page of dead letters.
    package func deadPage(_ filter: EventFilter, _ after: DeadPlace?, _ limit: Int) throws -> [Int64] {
        try store.deadLetters(filter, after: after, limit: limit).map(\.sequence)
    }

    /// Everything about an event, which must be somewhere.
    package func detail(_ event: QueuedEvent) throws -> EventDetail {
        guard let detail = try store.event(event.id) else {
            throw ConformanceFailure(description: "event \(event.sequence) is nowhere")
        }
        return detail
    }

    /// The counters that the rows themselves say, against those that the store keeps.
    package func expectCountersToMatchRows() throws {
        let queued = try store.queued(EventFilter(), after: nil, limit: .max)
        let dead = try store.deadLetters(EventFilter(), after: nil, limit: .max)
        var totals = StoreTotals()
        totals.queued = queued.count
        totals.queuedBytes = queued.reduce(0) { $0 + $1.payloadBytes }
        totals.dead = dead.count
        totals.deadBytes = dead.reduce(0) { $0 + $1.payloadBytes }
        totals.lastSequence = store.totals.lastSequence
        try expectEqual(store.totals, totals, "totals")
        for record in try store.functions() {
            let own = queued.filter { $0.functionKey == record.key }
            let ownDead = dead.filter { $0.functionKey == record.key }
            try expectEqual(record.queued, own.count, "queued of \(record.function)")
            try expectEqual(record.dead, ownDead.count, "dead of \(record.function)")
            try expectEqual(record.bytes, (own + ownDead).reduce(0) { $0 + $1.payloadBytes }, "bytes")
            try expectEqual(
                store.usage(of: record.function),
                FunctionUsage(events: record.queued + record.dead, bytes: record.bytes),
                "usage"
            )
        }
        for group in try store.deadLetterGroups() {
            let letters = dead.filter { $0.function == group.function && $0.condition == group.condition }
            try expectEqual(group.count, letters.count, "letters of a group")
            try expectEqual(group.newest, letters.first?.id, "newest of a group")
        }
    }

    // MARK: Material

    /// A function in eu-west-1, without account.
    package static func function(_ name: String = "orders", qualifier: String = "-") -> FunctionIdentity {
        FunctionIdentity(partition: "aws", account: "-", region: "eu-west-1", name: name, qualifier: qualifier)
    }

    /// A digest that follows from a number; no hash of anything.
    package static func digest(_ seed: UInt64) -> Digest256 {
        Digest256(words: (seed, ~seed, seed &* 0x9E37_79B9_7F4A_7C15, seed << 32 | 1))
    }

    /// An event with the options that a behaviour cares about.
    package static func event(
        _ function: String = "orders",
        payload: String = "{}",
        deliverAt: WallTime? = nil,
        expiresAt: WallTime? = nil,
        producer: String = "uid:1001",
        key: DedupeKey? = nil
    ) -> NewEvent {
        NewEvent(
            function: Self.function(function),
            payload: Array(payload.utf8),
            payloadDigest: digest(UInt64(payload.utf8.count)),
            producer: producer,
            deliverAt: deliverAt,
            expiresAt: expiresAt,
            dedupe: key
        )
    }

    /// A key; the same `content` is the same content.
    package static func key(
        _ text: String = "k1",
        _ kind: DedupeKey.Kind = .idempotencyKey,
        content: UInt64 = 1,
        window: Span = .hours(24)
    ) -> DedupeKey {
        DedupeKey(kind: kind, text: text, contentDigest: digest(content), window: window)
    }

    /// An attempt that handed its event over.
    package static func handOver(at time: WallTime) -> AttemptRecord {
        AttemptRecord(
            at: time,
            duration: .milliseconds(12),
            outcome: "handed-over",
            blame: nil,
            status: 202,
            requestID: "11111111-2222-3333-4444-555555555555",
            charged: false,
            uncertain: false
        )
    }

    /// An attempt that failed.
    package static func failure(
        at time: WallTime,
        code: String? = "ServiceException",
        message: String? = "it failed",
        blame: Blame = .function
    ) -> AttemptRecord {
        AttemptRecord(
            at: time,
            duration: .milliseconds(30),
            outcome: "answered",
            blame: blame,
            status: 500,
            code: code,
            message: message,
            requestID: "66666666-7777-8888-9999-000000000000",
            charged: blame == .function,
            uncertain: false
        )
    }
}

/// Throws what is not so.
package func expect(_ condition: Bool, _ what: String, line: Int = #line) throws {
    if !condition { throw ConformanceFailure(description: "line \(line): not so: \(what)") }
}

/// Throws both values where they differ.
package func expectEqual<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String, line: Int = #line) throws {
    if found != wanted {
        throw ConformanceFailure(description: "line \(line): \(what): found \(found), should be \(wanted)")
    }
}

extension StoreReply {
    /// For comparing with what is expected; `StoreReply` itself has no equality.
    package var short: String {
        switch self {
        case .accepted(let event): "accepted \(event.sequence)"
        case .repeated(let id, let state): "repeated \(id.sequence) \(state.rawValue)"
        case .conflict(let id): "conflict \(id.sequence)"
        case .done: "done"
        case .notFound: "not found"
        case .moved(let ids): "moved \(ids.map(\.sequence))"
        case .found(let ids): "found \(ids.map(\.sequence))"
        case .resumed(let rules): "resumed \(rules.map(\.pattern.text))"
        case .trimmed(let count, _): "trimmed \(count)"
        case .forgotten(let keys): "forgotten \(keys.map(\.rawValue))"
        case .broughtIn(let outcomes): outcomes.map(\.short).joined(separator: ", ")
        }
    }
}

extension ImportOutcome {
    var short: String {
        switch self {
        case .added: "added"
        case .here(let state): "here \(state.rawValue)"
        case .gone: "gone"
        case .repeats(let id): "repeats \(id.sequence)"
        case .keyTaken(let id): "key taken \(id.sequence)"
        case .keyOver: "key over"
        case .clash(let id): "clash \(id.sequence)"
        case .noRoom: "no room"
        }
    }
}
