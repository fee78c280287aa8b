import Engine
import OutboxCore
import TestSupport

/// One process: the real Committer and Deliverer over a store, started the way the daemon starts.
struct Life<Store: EventStore & EventStoreUpkeep & ~Copyable>: ~Copyable {
    private var committer: Committer<FaultyStore<Store>>
    private var deliverer: Deliverer<ScriptedTransport, Seeded>

    /// - Parameters:
    ///   - files: a folder that outlives the process.
    ///   - policies: the configuration that this process starts with.
    static func start(
        _ record: Record,
        backing: Backing<Store>,
        boot: Int,
        files: TemporaryDirectory,
        policies: PolicyTable,
        oracle: Oracle,
        faults: StoreFaults,
        keys: Keys,
        random: Seeded
    ) throws(StoreError) -> Life {
        let world = record.world
        let plan = record.plan
        let clock = WorldClock(world: world)
        var random = random
        let bootID = "boot-\(boot)"
        let left = FlightFile.left(at: files.file("flight"), bootID: bootID)
        var store = FaultyStore(try backing.open(boot, world.now.wall), faults: faults)
        let suspects = CrashSuspects(
            inFlight: left.inFlight,
            carried: left.suspects,
            wasClean: left.endedInOrder,
            isSameBoot: left.isSameBoot
        )
        let clockRecord = try store.clockRecord()
        var ages = EventAges(record: clockRecord, isSameBoot: backing.view.isSameBoot, now: world.now)
        let commands: [StoreCommand] = [
            .markUncertain(left.inFlight), .begin(ages.look(world.now, isTrusted: false)),
        ]
        _ = try store.commit(commands, now: world.now.wall)
        let functions = try store.functions()
        let routes = try store.routes()
        oracle.restarted(functions: functions, routes: routes, policies: policies)
        var dispatcher = Dispatcher(
            limits: plan.limits,
            directory: SimulatedDirectory(policies: policies, routeNames: plan.routes),
            lastSequence: store.totals.lastSequence,
            nextDue: try store.nextDue()
        )
        dispatcher.paused(by: try store.pauses(), now: world.now)
        dispatcher.restore(functions: functions, routes: routes, now: world.now, using: &random)
        dispatcher.restore(
            clock: clockRecord,
            isSameBoot: backing.view.isSameBoot,
            cutOffs: try store.cutOffs(),
            now: world.now
        )
        dispatcher.restore(crashed: suspects)
        let flight: FlightFile
        do {
            flight = try FlightFile.create(
                at: files.file("flight"),
                bootID: bootID,
                count: plan.limits.inFlightMax,
                suspects: suspects
            )
        } catch {
            throw .failed("\(error)")
        }
        let deliverer = Deliverer(
            network: ScriptedTransport(world: world),
            dispatcher: dispatcher,
            random: random,
            routes: plan.routes.enumerated().map { index, region in
                DeliveryRoute(
                    target: RouteTarget(scheme: "http", host: "127.0.0.1", port: 1000 + index, region: region),
                    credentials: KeySource(keys: keys, route: index)
                )
            },
            flight: flight,
            clockTrust: ClockTrust { clock.isSynchronised },
            post: { world.toCommit.append($0) },
            log: { world.changes.append($0) },
            clockChanged: { world.clockNotices.append($0) }
        )
        let committer = Committer(
            store: store,
            limits: plan.commitLimits,
            settings: Operators.settings(plan, policies),
            ballast: Ballast(path: files.file("ballast"), bytes: 0),
            ages: ages,
            freeDisk: { world.freeDisk },
            warn: { world.warnings.append($0) },
            tellDelivery: { message in record.tell { world.toDelivery.append(message) } }
        )
        return Life(committer: committer, deliverer: deliverer)
    }

    private init(
        committer: consuming Committer<FaultyStore<Store>>,
        deliverer: consuming Deliverer<ScriptedTransport, Seeded>
    ) {
        self.committer = committer
        self.deliverer = deliverer
    }

    /// One round of the commit side; false: only a new start tells the truth.
    mutating func commit(_ intake: [IntakeItem], _ commands: [CommitMessage], _ world: World) -> Bool {
        switch committer.turn(intake: intake, commands: commands, now: world.now) {
        case .goOn: return true
        case .failed(let error):
            world.warnings.append("\(error)")
            return false
        }
    }

    func wait(now: Moment) -> Span { committer.wait(now: now) }

    /// One round of the delivery side; false: drained.
    mutating func deliver(_ messages: [DeliveryMessage], _ world: World) -> Bool {
        deliverer.turn(messages: messages, wakeDescriptor: -1, clock: WorldClock(world: world))
    }

    /// Ends in order: the store is closed. False: that failed.
    consuming func close(_ backing: Backing<Store>) -> Bool {
        backing.close(committer.finish().take())
    }
}
