package import Engine
package import OutboxCore
package import TestSupport

/// The real Committer and the real Deliverer on one thread, over a model store and virtual time.
package final class Simulation {
    package let world = World()
    package let producer = Producer()
    package let store: ModelStore
    private var committer: Committer<ModelStore>
    private var deliverer: Deliverer<ScriptedTransport, Seeded>
    private let directory = try! TemporaryDirectory()
    private var tickets: UInt64 = 0
    /// How many rounds have begun at the same instant.
    private var still = (at: Int64.min, rounds: 0)

    package init(
        seed: UInt64,
        store: ModelStore = ModelStore(),
        policy: FunctionPolicy = FunctionPolicy(),
        policies: [String: FunctionPolicy] = [:],
        limits: DispatchLimits = DispatchLimits(),
        commitLimits: CommitLimits = CommitLimits(),
        budgets: QueueBudgets = QueueBudgets(),
        credentials: any CredentialSource = FixedCredentials(),
        crashed: CrashSuspects = CrashSuspects(),
        isSameBoot: Bool = false,
        wall: WallTime? = nil
    ) {
        self.store = store
        let world = world
        if let wall { world.wallOffset = wall.milliseconds }
        let clock = WorldClock(world: world)
        var start = store
        let flat = FlatDirectory(policy: policy, policies: policies)
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
        let clockRecord = try! start.clockRecord()
        let ages = EventAges(record: clockRecord, isSameBoot: isSameBoot, now: world.now)
        dispatcher.restore(
            clock: clockRecord,
            isSameBoot: isSameBoot,
            cutOffs: try! start.cutOffs(),
            now: world.now
        )
        dispatcher.restore(crashed: crashed)
        let target = RouteTarget(scheme: "http", host: "127.0.0.1", port: 1, region: "eu-central-1")
        deliverer = Deliverer(
            network: ScriptedTransport(world: world),
            dispatcher: dispatcher,
            random: random,
            routes: [DeliveryRoute(target: target, credentials: credentials)],
            flight: try! FlightFile.create(at: directory.file("flight"), bootID: "boot", count: limits.inFlightMax),
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
                policies: PolicyTable(
                    defaults: policy,
                    entries: policies.map { PolicyTable.Entry(match: GlobPattern($0.key), policy: $0.value) }
                )
            ),
            ballast: Ballast(path: directory.file("ballast"), bytes: 0),
            ages: ages,
            freeDisk: { world.freeDisk },
            warn: { world.warnings.append($0) },
            tellDelivery: { world.toDelivery.append($0) }
        )
    }

    /// Sends an event whose payload can be checked; returns its ticket.
    package func send(
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
    package func step(_ intake: [IntakeItem] = [], operations: [CommitMessage] = []) {
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
    package func drain(within span: Span) -> Bool {
        let deadline = world.now.monotonic.advanced(by: span)
        while store.totals.queued > 0 {
            if world.now.monotonic > deadline { return false }
            step()
        }
        return true
    }

    /// What a commit thread would report.
    package func commitReport() -> CommitReport {
        final class Box { var report: CommitReport? }
        // Called back within the step, on this thread.
        nonisolated(unsafe) let box = Box()
        step([], operations: [.report { box.report = $0 }])
        return box.report!
    }

    /// What a delivery thread would report.
    package func report() -> DeliveryReport {
        final class Box { var report: DeliveryReport? }
        // Called back within the step, on this thread.
        nonisolated(unsafe) let box = Box()
        world.toDelivery.append(.snapshot { box.report = $0 })
        step()
        return box.report!
    }
}
