internal import AWSCredentials
internal import Admin
internal import Door
internal import Engine
internal import LambdaTransport
internal import Logging
internal import NIOConcurrencyHelpers
internal import OutboxCore
internal import SQLiteStore

/// The daemon: builds every part in order, and takes it down in order. One a process.
///
/// Start: store, delivery, reader, admin socket, door, READY. Stop: door, delivery, admin socket, reader, commit loop,
/// checkpoint.
struct OutboxDaemon: Sendable {
    /// How long attempts in flight may take to end at a stop. What is left goes back uncharged, marked uncertain.
    static var drainTime: Span { .seconds(20) }

    /// What it runs by; a reload replaces it.
    let running: NIOLockedValueBox<LoadedConfiguration>
    /// The process's, captured once at its start.
    let environment: [String: String]
    let logger: Logger
    let clock = SystemTime()
    let delivery = DeliveryLoop()
    let read = ReadLoop<SQLiteReader>()
    let commit: CommitLoop
    let isServing = NIOLockedValueBox(false)
    /// The door while it is open, for its counters.
    let openDoor = NIOLockedValueBox<DoorServer?>(nil)

    init(loaded: LoadedConfiguration, environment: [String: String], logger: Logger) {
        running = NIOLockedValueBox(loaded)
        self.environment = environment
        self.logger = logger
        commit = CommitLoop(limits: Self.commitLimits(loaded.values))
    }

    var loaded: LoadedConfiguration { running.withLockedValue { $0 } }
    var configuration: Configuration { loaded.values }
    var files: StateFiles { StateFiles(database: configuration.store.path) }

    /// Runs until a signal ends it, or the store fails.
    ///
    /// - Throws: `StartProblem` if it can't start, or the store failed under way.
    func run(signals: DaemonSignals) async throws {
        let failure = StoreFailure()
        let start = try await startCommitLoop(failure)
        if let upgrade = start.identity.upgrade { report(upgrade) }
        logger.notice(
            "the queue is open",
            metadata: [
                "queued": "\(start.totals.queued)", "dead": "\(start.totals.dead)",
                "uncertain": "\(start.leftInFlight)", "clean": "\(start.identity.wasClean)",
            ]
        )
        tellOfDamage(start)
        do {
            let table = RouteTable(regions: try regions(start), configuration: loaded)
            try await startDelivery(start, table)
            try await startReader(failure)
            try await serve(service(start, table), instanceID: start.identity.instanceID, signals: signals, failure)
        } catch {
            // What was sent meanwhile may end: an abandoned attempt is sent again at the next start.
            await delivery.drain(deadline: clock.now().monotonic.advanced(by: Self.drainTime))
            read.stop()
            commit.stop()
            throw error
        }
        read.stop()
        commit.stop()
        if let error = failure.error {
            throw StartProblem(underWay: error, path: files.database, onDamage: configuration.store.onDamage)
        }
    }

    // MARK: The loops

    private static func commitLimits(_ configuration: Configuration) -> CommitLimits {
        var limits = CommitLimits()
        let folder = StateFiles(database: configuration.store.path).folder
        if let total = DiskSpace.total(at: folder) { limits.scale(toDiskBytes: total) }
        return limits
    }

    private func startCommitLoop(_ failure: StoreFailure) async throws -> StoreStart {
        let options = SQLiteStoreOptions(path: files.database, bootID: StateFiles.bootID)
        let result: Result<StoreStart, StoreError> = await withCheckedContinuation { continuation in
            commit.start(
                clock: clock,
                make: {
                    // A full disk must not keep it from starting: what the ballast holds is for this.
                    if (DiskSpace.free(at: files.folder) ?? .max) < CommitLimits.ballastBytesMax {
                        Ballast.giveBack(path: files.ballast)
                    }
                    do throws(StoreError) {
                        let opened = try OpenedStore.open(
                            options,
                            onDamage: configuration.store.onDamage,
                            flight: files.flight,
                            now: clock.now(),
                            announceCopy: { announceCopy() },
                            announceCheck: { announceCheck($0) }
                        )
                        let start = opened.start
                        continuation.resume(returning: .success(start))
                        return committer(opened.take(), start)
                    } catch {
                        continuation.resume(returning: .failure(error))
                        return nil
                    }
                },
                failed: { failure.happened($0) },
                close: { store in
                    do throws(StoreError) {
                        try store.close(clean: true)
                    } catch {
                        logger.error("the database was not closed in order", metadata: ["error": "\(error)"])
                    }
                }
            )
        }
        do {
            return try result.get()
        } catch {
            commit.stop()
            throw StartProblem(error, path: files.database)
        }
    }

    private func committer(_ store: consuming SQLiteStore, _ start: StoreStart) -> Committer<SQLiteStore> {
        let limits = Self.commitLimits(configuration)
        let folder = files.folder
        return Committer(
            store: store,
            limits: limits,
            settings: CommitSettings(configuration),
            ballast: Ballast(path: files.ballast, bytes: limits.ballastBytes),
            ages: EventAges(record: start.clock, isSameBoot: start.identity.sameBoot, now: clock.now()),
            freeDisk: { DiskSpace.free(at: folder) },
            stopwatch: { [clock] in clock.now().monotonic },
            warn: { [logger] in logger.warning("\($0)") },
            tellDelivery: { [mailbox = delivery.mailbox] in mailbox.post($0) }
        )
    }

    /// The configured regions, and those of functions in the store: an event never goes to another region because the
    /// configuration changed.
    private func regions(_ start: StoreStart) throws(StartProblem) -> [String] {
        guard let region = loaded.aws.region?.value else {
            throw StartProblem(loaded.aws.regionProblem, exitCode: StartProblem.configuration)
        }
        var regions = [region]
        for other in loaded.aws.regions + start.functions.map(\.function.region) where !regions.contains(other) {
            regions.append(other)
        }
        return regions
    }

    private func startDelivery(_ start: StoreStart, _ table: RouteTable) async throws {
        let routes = try deliveryRoutes(table)
        let options = transportOptions(instanceID: start.identity.instanceID)
        var limits = DispatchLimits()
        limits.inFlightMax = configuration.delivery.maxInFlight
        let problem: String? = await withCheckedContinuation { [limits, commit, clock, logger, files] continuation in
            delivery.start(clock: clock) {
                do {
                    let flight = try FlightFile.create(
                        at: files.flight,
                        bootID: StateFiles.bootID,
                        count: limits.inFlightMax,
                        suspects: start.crashed
                    )
                    let network = try LambdaTransport.open(options)
                    var random = SystemRandomNumberGenerator()
                    var dispatcher = Dispatcher(
                        limits: limits,
                        directory: table,
                        lastSequence: start.lastSequence,
                        nextDue: start.nextDue
                    )
                    dispatcher.paused(by: start.pauses, now: clock.now())
                    dispatcher.restore(
                        functions: start.functions,
                        routes: start.routes,
                        now: clock.now(),
                        using: &random
                    )
                    dispatcher.restore(
                        clock: start.clock,
                        isSameBoot: start.identity.sameBoot,
                        cutOffs: start.cutOffs,
                        now: clock.now()
                    )
                    dispatcher.restore(crashed: start.crashed)
                    continuation.resume(returning: nil)
                    var deliverer = Deliverer(
                        network: network,
                        dispatcher: dispatcher,
                        random: random,
                        routes: routes,
                        flight: flight,
                        clockTrust: ClockTrust { SystemTime.isSynchronised },
                        post: { commit.mailbox.post($0) },
                        log: { StateLog.write($0, to: logger) },
                        clockChanged: { StateLog.write($0, to: logger) }
                    )
                    deliverer.attemptEnded = AttemptLog.writer(to: logger)
                    return deliverer
                } catch {
                    continuation.resume(returning: "\(error)")
                    return nil
                }
            }
        }
        if let problem { throw StartProblem(problem, exitCode: StartProblem.other) }
    }

    /// Routes with the same credentials share what reads them.
    private func deliveryRoutes(_ table: RouteTable) throws -> [DeliveryRoute] {
        var sources: [(settings: AWSSettings, source: ChainCredentials)] = []
        return try table.routes.map { route in
            let known = sources.first { $0.settings.findsSameCredentials(as: route.settings) }?.source
            let source = try known ?? ChainCredentials(settings: route.settings, environment: environment)
            if known == nil { sources.append((route.settings, source)) }
            return DeliveryRoute(target: route.target, credentials: source)
        }
    }

    private func transportOptions(instanceID: String) -> TransportOptions {
        var options = TransportOptions(version: outboxVersion, instanceID: instanceID)
        options.connectTimeout = configuration.delivery.connectTimeout
        options.stallTimeout = configuration.delivery.stallTimeout
        options.maxConnections = configuration.delivery.maxInFlight
        return options
    }

    /// Once, where a damaged database was just moved aside; `status` names the file from then on.
    private func tellOfDamage(_ start: StoreStart) {
        guard let replaced = start.replaced else { return }
        logger.critical(
            "the database is damaged; it was moved aside whole, and a new queue begins",
            metadata: ["file": "\(replaced.file.path)", "found": "\(replaced.found)"]
        )
    }

    private func startReader(_ failure: StoreFailure) async throws {
        let path = files.database
        let damaged: @Sendable (StoreError) -> Void = { error in
            SQLiteStore.noteDamage(path)
            failure.happened(error)
        }
        // The whole queue once an hour: 2,000 rows a second, some milliseconds of each second.
        let upkeep: @Sendable (inout SQLiteReader) throws(StoreError) -> Span = { (reader) throws(StoreError) in
            try reader.walkOn(rows: 500) ? .minutes(60) : .milliseconds(250)
        }
        let problem: StoreError? = await withCheckedContinuation { continuation in
            read.start(clock: clock, damaged: damaged, upkeep: upkeep) {
                do throws(StoreError) {
                    let reader = try SQLiteReader.open(path)
                    continuation.resume(returning: nil)
                    return reader
                } catch {
                    continuation.resume(returning: error)
                    return nil
                }
            }
        }
        if let problem { throw StartProblem(problem, path: path) }
    }

    private func service(_ start: StoreStart, _ table: RouteTable) -> DaemonService {
        DaemonService(
            commit: commit,
            delivery: delivery,
            read: read,
            routes: table,
            instanceID: start.identity.instanceID,
            databasePath: files.database,
            startedAt: clock.now().monotonic,
            clock: clock,
            isServing: { [isServing] in isServing.withLockedValue { $0 } },
            doorCounters: { [openDoor] in openDoor.withLockedValue { $0 }?.counters }
        )
    }
}
