import NIOCore
import OutboxCore

/// What the connections of one event loop share: the way to the intake and back, body memory, timeouts and counters.
/// Confined to its loop.
///
/// Events of all connections that were read in one turn of the loop are handed over together at its end, and the
/// results of one commit come back together.
final class DoorLoop {
    let eventLoop: any EventLoop
    let limits: DoorConfiguration
    let rules: RequestRules
    let clock: any TimeSource
    private let intake: any Intake
    private let random: @Sendable () -> UInt64
    private let publish: @Sendable (DoorCounters) -> Void

    var counters = DoorCounters()
    private var policies: PolicyTable
    private var targets: [String: InvokeTarget] = [:]
    private static let targetsMax = 4096
    /// Longer paths are read anew each time.
    private static let targetBytesMax = 512

    private var items: [IntakeItem] = []
    /// When the first of `items` came; for all of one turn.
    private var turnBegan = NIODeadline.uptimeNanoseconds(0)
    private var turnEndIsScheduled = false
    private var tickets = TicketTable()
    private var sink: DoorSink?
    private let lookup: (any EventLookup)?
    private let lookupBounds: LookupBounds
    private var lookupsUnderWay = 0

    private var writer = ReplyWriter()
    private var memory: BodyMemory

    private var connections: [ObjectIdentifier: DoorConnection] = [:]
    private var room = DoorRoom()
    private var sweep: RepeatedTask?
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?

    /// - Parameter publish: takes the counters after each turn that changed them; any thread may read them there.
    init(
        eventLoop: any EventLoop,
        limits: DoorConfiguration,
        rules: RequestRules,
        policies: PolicyTable,
        intake: any Intake,
        lookup: (any EventLookup)?,
        clock: any TimeSource,
        random: @escaping @Sendable () -> UInt64,
        publish: @escaping @Sendable (DoorCounters) -> Void
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.rules = rules
        self.policies = policies
        self.intake = intake
        self.lookup = lookup
        lookupBounds = LookupBounds(eventLoopThreads: limits.eventLoopThreads)
        self.clock = clock
        self.random = random
        self.publish = publish
        let shares = BodyMemory.Shares(
            total: limits.bodyMemoryBytesMax / max(1, limits.eventLoopThreads),
            bodyMax: limits.payloadBytesMax,
            smallBody: limits.smallBodyBytesMax
        )
        memory = BodyMemory(shares: shares, bodyMax: limits.payloadBytesMax)
    }

    /// Begins to look for timeouts, and names the sink whose results come back to `complete`.
    func start(sink: DoorSink) {
        self.sink = sink
        let shortest = min(limits.idleTimeout, limits.requestTimeout).milliseconds
        let interval = TimeAmount.milliseconds(max(10, min(250, shortest / 4)))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.lookForTimeouts()
        }
    }

    func update(policies: PolicyTable) {
        self.policies = policies
        targets.removeAll()
    }

    func target(uri: String) throws(Refusal) -> InvokeTarget {
        if let known = targets[uri] { return known }
        let target = try InvokeTarget.parse(uri: uri, naming: limits.naming, policies: policies)
        guard uri.utf8.count <= Self.targetBytesMax else { return target }
        if targets.count >= Self.targetsMax { targets.removeAll() }
        targets[uri] = target
        return target
    }

    // MARK: To the intake and back

    func submit(_ event: NewEvent, for connection: DoorConnection, _ number: UInt64) {
        guard let sink else { preconditionFailure("a request was read before the loop was started") }
        if items.isEmpty { turnBegan = eventLoop.now }
        let ticket = tickets.issue(connection, number, at: turnBegan)
        items.append(IntakeItem(event: event, sink: sink, ticket: ticket))
        endTurnSoon()
    }

    /// Has `endTurn` run once everything that is ready to be read has been read.
    func endTurnSoon() {
        guard !turnEndIsScheduled else { return }
        turnEndIsScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.endTurn() }
    }

    private func endTurn() {
        turnEndIsScheduled = false
        if !items.isEmpty {
            var batch: [IntakeItem] = []
            batch.reserveCapacity(items.count)
            swap(&batch, &items)
            intake.submit(batch)
        }
        publish(counters)
    }

    func complete(_ results: [IntakeResult]) {
        let now = eventLoop.now
        var touched: [DoorConnection] = []
        for result in results {
            guard let (connection, number, submittedAt) = tickets.redeem(result.ticket) else { continue }
            let answer = Answer(result.answer)
            count(answer)
            if answer.isAccepted { counters.acceptDurations.add((now - submittedAt).nanoseconds / 1000) }
            if connection.fulfil(number, answer) { touched.append(connection) }
        }
        publish(counters)
        for connection in touched { connection.writeReady() }
    }

    // MARK: Look-ups

    var answersLookups: Bool { lookup != nil }

    func mayLookUp(onConnection underWay: Int) -> Bool {
        lookupBounds.allows(onLoop: lookupsUnderWay, onConnection: underWay)
    }

    /// The answer comes back by the sink.
    func lookUp(_ id: EventID, for connection: DoorConnection, _ number: UInt64) {
        guard let sink, let lookup else { preconditionFailure("a request was read before the loop was started") }
        lookupsUnderWay += 1
        let ticket = tickets.issue(connection, number, at: eventLoop.now)
        let producer = connection.caller.producer
        Task {
            let answer: Answer
            do {
                answer = try await lookup.eventJSON(id, producer: producer).map { .event($0) } ?? .unknownEvent
            } catch {
                answer = .lookupFailed
            }
            sink.run { $0.lookedUp(ticket, answer) }
        }
    }

    private func lookedUp(_ ticket: UInt64, _ answer: Answer) {
        lookupsUnderWay -= 1
        guard let (connection, number, _) = tickets.redeem(ticket) else { return }
        connection.lookupsUnderWay -= 1
        count(answer)
        publish(counters)
        if connection.fulfil(number, answer) { connection.writeReady() }
    }

    // MARK: Answers

    func count(_ answer: Answer) {
        switch answer {
        case .accepted: counters.accepted += 1
        case .repeated: counters.repeats += 1
        case .dryRun: counters.dryRuns += 1
        case .event: counters.lookups += 1
        case .refused(let refusal): counters.refused[refusal.code, default: 0] += 1
        }
    }

    func write(_ answer: Answer, _ reply: Reply, to buffer: inout ByteBuffer, now: WallTime) {
        writer.write(answer, reply, to: &buffer, now: now) {
            // A random UUID (RFC 9562 §5.4).
            EventID(high: random() & ~0xF000 | 0x4000, low: random() >> 2 | 0x8000_0000_0000_0000)
        }
    }

    // MARK: Body memory

    /// Has the bytes counted that have come of an unfinished body, and tells whether more may be read. Others may have
    /// to give way to it.
    func bodyArrived(_ connection: DoorConnection, received: Int, declared: Int?) -> BodyMemory.Decision {
        var evictions = 0
        while true {
            let decision = memory.arrived(
                ObjectIdentifier(connection),
                received: received,
                declared: declared,
                producer: connection.caller.producer,
                now: eventLoop.now
            )
            guard case .makeWay(let other) = decision, evictions < Self.evictionsMax else { return decision }
            evictions += 1
            connections[other]?.giveWay()
            memory.end(other)
        }
    }

    /// Bodies that have to go for one that comes, at most: so many small ones aren't worth one large one.
    private static let evictionsMax = 16

    /// The door itself no longer keeps the connection's body from coming.
    func bodyResumed(_ connection: DoorConnection) {
        memory.resumed(ObjectIdentifier(connection), now: eventLoop.now)
    }

    var bodyBytesHeld: Int { memory.bytesHeld }

    func bodyEnded(_ connection: DoorConnection) {
        memory.end(ObjectIdentifier(connection))
        for name in memory.wake(eventLoop.now) { connections[name]?.memoryGranted() }
    }

    // MARK: Connections

    func opened(_ connection: DoorConnection) {
        connections[ObjectIdentifier(connection)] = connection
        counters.connectionsOpened += 1
        counters.connectionsOpen += 1
        endTurnSoon()
        if isDraining { closeIdle(after: Self.drainIdleTime) }
    }

    func closed(_ connection: DoorConnection) {
        connections[ObjectIdentifier(connection)] = nil
        counters.connectionsOpen -= 1
        endTurnSoon()
        finishDrainingIfEmpty()
    }

    /// The door is full and another comes: closes a connection that is idle, if one may be closed.
    func makeRoom() -> Bool {
        guard let idle = room.next(of: connections, now: eventLoop.now) else { return false }
        idle.cut()
        return true
    }

    private func lookForTimeouts() {
        let now = eventLoop.now
        for connection in Array(connections.values) { connection.checkTimeout(now) }
        for name in memory.slow(now) where connections[name]?.clockStoppedAt == nil {
            counters.timeouts += 1
            connections[name]?.refuseRest(
                Refusal(.requestTimeout, "The body came too slowly while others waited for its memory. Send it again.")
            )
        }
    }

    /// How long bytes on their way may take to come before an idle connection is closed by a stop.
    private static let drainIdleTime = TimeAmount.milliseconds(50)
    /// How long a request that has begun may take to come whole.
    private static let drainReadTime = TimeAmount.seconds(2)

    /// Answers what has been read or is just coming, closes everything, and succeeds when no connection is left; those
    /// that are still open after `limit` are cut.
    func drain(within limit: TimeAmount) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        isDraining = true
        for connection in Array(connections.values) { connection.beginDraining() }
        closeIdle(after: Self.drainIdleTime)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let refuse = eventLoop.scheduleTask(in: Self.drainReadTime) {
            for connection in Array(bound.value.connections.values) { connection.refuseUnfinished() }
        }
        let cut = eventLoop.scheduleTask(in: limit) {
            for connection in Array(bound.value.connections.values) { connection.cut() }
        }
        finishDrainingIfEmpty()
        return promise.futureResult.map {
            refuse.cancel()
            cut.cancel()
        }
    }

    private func closeIdle(after time: TimeAmount) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: time) {
            for connection in Array(bound.value.connections.values) { connection.endIfIdle() }
        }
    }

    private func finishDrainingIfEmpty() {
        guard isDraining, connections.isEmpty, let promise = drained else { return }
        drained = nil
        sweep?.cancel()
        publish(counters)
        promise.succeed()
    }

    /// Lets go of the sink, which holds the loop.
    func stop() { sink = nil }
}
