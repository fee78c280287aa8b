import Engine
import OutboxCore
import TestSupport

/// Random numbers from a seed (SplitMix64).
struct Seeded: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// The one-thread world of a simulation: clock, network and everything that was seen. Only its own thread touches it.
final class World {
    var nanoseconds: Int64 = 0
    var wallOffset: Int64 = 1_800_000_000_000
    /// What Lambda got: per event id, how often, and whether each payload was right.
    var received: [EventID: Int] = [:]
    var wrongBytes = 0
    /// How the function named so answers; nil: 202.
    var behaviour: (_ event: QueuedEvent, _ now: Moment) -> SimulatedAnswer = { _, _ in .accepted(after: 5) }
    var attempts = 0
    /// Lambda's clock minus this machine's. Milliseconds.
    var serverAhead: Int64 = 0
    /// The time that the latest attempt was signed with.
    var signingTime = WallTime(milliseconds: 0)
    /// What the kernel says of the clock.
    var isSynchronised = true
    var clockNotices: [ClockNotice] = []
    var maxInFlight = 0
    var inFlightByFunction: [String: Int] = [:]
    var toCommit: [CommitMessage] = []
    /// Bytes; nil: it can't be told.
    var freeDisk: Int?
    var warnings: [String] = []
    var toDelivery: [DeliveryMessage] = []
    var changes: [StateChange] = []

    var now: Moment {
        Moment(
            wall: WallTime(milliseconds: wallOffset + nanoseconds / 1_000_000),
            monotonic: MonotonicTime(nanoseconds: nanoseconds)
        )
    }

    var serverTime: WallTime { now.wall.advanced(by: .milliseconds(serverAhead)) }

    func advance(_ span: Span) {
        nanoseconds += span.milliseconds * 1_000_000
    }
}

enum SimulatedAnswer {
    /// Lambda took it. Milliseconds.
    case accepted(after: Int64)
    /// Lambda took it, but the answer was lost.
    case acceptedButCut(after: Int64)
    case failed(TransportFailure.Kind, sent: Bool, after: Int64)
    case answered(Answer, after: Int64)
}

/// The clock of a `World`, for loop bodies that run on its thread.
struct WorldClock: TimeSource {
    // Only the simulation's own thread calls it, and the world lives there.
    nonisolated(unsafe) let world: World
    func now() -> Moment { world.now }
    var isSynchronised: Bool { world.isSynchronised }
}

/// Lambda as a simulation has it. Refuses what no transport may be asked for.
struct ScriptedTransport: Transport, ~Copyable {
    let world: World
    private var running: [(endsAt: Int64, sequence: Int64, outcome: AttemptOutcome, startedAt: Int64)] = []

    init(world: World) {
        self.world = world
    }

    mutating func start(_ attempt: AttemptRequest) {
        let event = attempt.event
        precondition(!running.contains { $0.sequence == event.sequence }, "the event is in flight already")
        world.attempts += 1
        world.signingTime = attempt.signingTime
        let now = world.now
        let answer = world.behaviour(event, now)
        let after: Int64
        let outcome: AttemptOutcome
        switch answer {
        case .accepted(let milliseconds):
            after = milliseconds
            take(event)
            outcome = .answered(Answer(status: 202, requestID: "r-\(world.attempts)", date: world.serverTime))
        case .acceptedButCut(let milliseconds):
            after = milliseconds
            take(event)
            outcome = .failed(TransportFailure(kind: .cut, sent: true, message: "cut"))
        case .failed(let kind, let sent, let milliseconds):
            after = milliseconds
            outcome = .failed(TransportFailure(kind: kind, sent: sent, message: kind.rawValue))
        case .answered(let reply, let milliseconds):
            after = milliseconds
            outcome = .answered(reply)
        }
        running.append((world.nanoseconds + after * 1_000_000, event.sequence, outcome, world.nanoseconds))
        world.maxInFlight = max(world.maxInFlight, running.count)
    }

    private func take(_ event: QueuedEvent) {
        world.received[event.id, default: 0] += 1
        if event.payload != payload(of: event) { world.wrongBytes += 1 }
    }

    private func payload(of event: QueuedEvent) -> [UInt8] {
        Array("\(event.function.name)/\(event.payloadDigest.words.0)".utf8)
    }

    /// Virtual time passes here: until the next end of an attempt, or all of `wait`.
    mutating func poll(wait: Span, wakeDescriptor: Int32) -> [AttemptCompletion] {
        if world.toDelivery.isEmpty, world.toCommit.isEmpty {
            let limit = world.nanoseconds + wait.milliseconds * 1_000_000
            world.nanoseconds = max(world.nanoseconds, min(limit, running.map(\.endsAt).min() ?? limit))
        }
        let ended = running.filter { $0.endsAt <= world.nanoseconds }
        running.removeAll { $0.endsAt <= world.nanoseconds }
        return ended.map {
            AttemptCompletion(
                sequence: $0.sequence,
                outcome: $0.outcome,
                duration: .milliseconds(($0.endsAt - $0.startedAt) / 1_000_000)
            )
        }
    }
}

/// Collects what producers were told.
final class Producer: IntakeSink {
    // Only the simulation's own thread calls it.
    nonisolated(unsafe) var answers: [UInt64: AcceptAnswer] = [:]

    func deliver(_ results: [IntakeResult]) {
        for result in results {
            precondition(answers[result.ticket] == nil, "two answers to one request")
            answers[result.ticket] = result.answer
        }
    }
}

/// One route, one policy for all.
struct FlatDirectory: DispatchDirectory {
    var policy = FunctionPolicy()
    var routeNames = ["test"]
    func policy(for function: FunctionIdentity) -> FunctionPolicy { policy }
    func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
}

/// Static credentials.
struct FixedCredentials: CredentialSource {
    func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> {
        .success(Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", source: "test"))
    }
    func reload() -> Bool { false }
}

/// The real Committer and the real Deliverer on one thread, over a model store and virtual time.
final class Simulation {
    let world = World()
    let producer = Producer()
    let store: ModelStore
    private var committer: Committer<ModelStore>
    private var deliverer: Deliverer<ScriptedTransport, Seeded>
    private let directory = try! TemporaryDirectory()
    private var tickets: UInt64 = 0
    /// How many rounds have begun at the same instant.
    private var still = (at: Int64.min, rounds: 0)

    init(
        seed: UInt64,
        store: ModelStore = ModelStore(),
        policy: FunctionPolicy = FunctionPolicy(),
        limits: DispatchLimits = DispatchLimits(),
        commitLimits: CommitLimits = CommitLimits(),
        budgets: QueueBudgets = QueueBudgets(),
        credentials: any CredentialSource = FixedCredentials(),
        crashed: CrashSuspects = CrashSuspects()
    ) {
        self.store = store
        let world = world
        let clock = WorldClock(world: world)
        var start = store
        let flat = FlatDirectory(policy: policy)
        var random = Seeded(state: seed)
        var dispatcher = Dispatcher(
            limits: limits,
            directory: flat,
            lastSequence: store.totals.lastSequence,
            nextDue: try! start.nextDue()
        )
        dispatcher.paused(by: try! start.pauses(), now: world.now)
        dispatcher.restore(
            functions: try! start.functions(),
            routes: try! start.routes(),
            now: world.now,
            using: &random
        )
        dispatcher.restore(crashed: crashed)
        let target = RouteTarget(scheme: "http", host: "127.0.0.1", port: 1, region: "eu-central-1")
        deliverer = Deliverer(
            network: ScriptedTransport(world: world),
            dispatcher: dispatcher,
            random: random,
            routes: [DeliveryRoute(target: target, credentials: credentials)],
            flight: try! FlightFile.create(at: directory.file("flight"), count: limits.inFlightMax),
            clockTrust: ClockTrust { clock.isSynchronised },
            post: { world.toCommit.append($0) },
            log: { world.changes.append($0) },
            clockChanged: { world.clockNotices.append($0) }
        )
        committer = Committer(
            store: store,
            limits: commitLimits,
            settings: CommitSettings(
                budgets: budgets,
                history: (.hours(24), 1_000_000),
                roomWait: .seconds(5),
                policies: PolicyTable(defaults: policy)
            ),
            ballast: Ballast(path: directory.file("ballast"), bytes: 0),
            freeDisk: { world.freeDisk },
            warn: { world.warnings.append($0) },
            tellDelivery: { world.toDelivery.append($0) }
        )
    }

    /// Sends an event whose payload can be checked; returns its ticket.
    func send(
        to function: String,
        delay: Span? = nil,
        expiresIn: Span? = nil,
        key: String? = nil
    ) -> (ticket: UInt64, item: IntakeItem) {
        tickets += 1
        let digest = Digest256(words: (tickets, 0, 0, 0))
        let event = NewEvent(
            function: FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "eu-central-1",
                name: function,
                qualifier: "-"
            ),
            payload: Array("\(function)/\(tickets)".utf8),
            payloadDigest: digest,
            producer: "uid:1",
            deliverAt: delay.map { world.now.wall.advanced(by: $0) },
            expiresAt: expiresIn.map { world.now.wall.advanced(by: $0) },
            dedupe: key.map {
                DedupeKey(
                    kind: .idempotencyKey,
                    text: $0,
                    contentDigest: Digest256(words: (0, 0, 0, 0)),
                    window: .hours(24)
                )
            }
        )
        return (tickets, IntakeItem(event: event, sink: producer, ticket: tickets))
    }

    /// One commit round and one delivery round.
    func step(_ intake: [IntakeItem] = [], operations: [CommitMessage] = []) {
        let commands = world.toCommit + operations
        world.toCommit = []
        guard case .goOn = committer.turn(intake: intake, commands: commands, now: world.now) else {
            preconditionFailure("the store failed")
        }
        let messages = world.toDelivery
        world.toDelivery = []
        _ = deliverer.turn(messages: messages, wakeDescriptor: -1, clock: WorldClock(world: world))
        still = still.at == world.nanoseconds ? (still.at, still.rounds + 1) : (world.nanoseconds, 0)
        precondition(still.rounds < 20_000, "the loops spin: virtual time stands still")
    }

    /// Steps until nothing is queued, at most for `span` of virtual time. True: drained.
    func drain(within span: Span) -> Bool {
        let deadline = world.now.monotonic.advanced(by: span)
        while store.totals.queued > 0 {
            if world.now.monotonic > deadline { return false }
            step()
        }
        return true
    }

    /// What a delivery thread would report.
    func report() -> DeliveryReport {
        final class Box { var report: DeliveryReport? }
        // Called back within the step, on this thread.
        nonisolated(unsafe) let box = Box()
        world.toDelivery.append(.snapshot { box.report = $0 })
        step()
        return box.report!
    }
}
