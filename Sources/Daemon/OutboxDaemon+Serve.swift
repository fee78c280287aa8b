internal import AWSCredentials
internal import Admin
internal import Door
internal import Engine
internal import Logging
internal import NIOConcurrencyHelpers
internal import OutboxCore
internal import ServiceLifecycle
internal import SigV4
internal import Systemd

extension OutboxDaemon {
    /// How long requests that were read may take to be answered at a stop.
    private static var doorTime: Span { .seconds(5) }
    /// How long the last commits and the checkpoint of a stop may take.
    private static var closeTime: Span { .seconds(60) }

    /// Opens the admin socket and the door, says READY, and serves until a signal or a failure of the store ends it.
    func serve(
        _ service: DaemonService,
        instanceID: String,
        signals: DaemonSignals,
        _ failure: StoreFailure
    ) async throws {
        let notifier = Notifier()
        let admin = try await startAdmin(service)
        let door: DoorServer
        do {
            door = try await startDoor(service, instanceID: instanceID)
        } catch {
            await admin.stop()
            throw error
        }
        openDoor.withLockedValue { [door] in $0 = door }
        isServing.withLockedValue { $0 = true }
        notifier.ready("accepting events")
        let reporting = Task { await reportToSystemd(notifier) }
        failure.whenHappened { signals.stop() }
        door.whenListenerLost { [logger] address in
            logger.critical(
                "the door's listener broke; stopping, to be started anew",
                metadata: ["address": "\(address)"]
            )
            signals.stop()
        }

        for await request in signals.requests {
            if request == .stop { break }
            reload(door: door, routes: service.routes)
        }

        notifier.stopping(
            "stopping: attempts in flight may end",
            seconds: (Self.doorTime.milliseconds + Self.drainTime.milliseconds) / 1000 + 5
        )
        reporting.cancel()
        isServing.withLockedValue { $0 = false }
        logger.notice("stopping: the door closes, attempts in flight may end")
        commit.stopWaiting()
        await door.shutdown(within: Self.doorTime)
        // After a failure of the store no outcome can be recorded any more: there is nothing to wait for.
        let drainTime = failure.error == nil ? Self.drainTime : .zero
        await delivery.drain(deadline: clock.now().monotonic.advanced(by: drainTime))
        notifier.extend("stopping: writing the last outcomes", seconds: Self.closeTime.milliseconds / 1000)
        await admin.stop()
    }

    /// Returns when clients can connect, on both listeners where there are two. - Throws: `StartProblem` if one can't be
    /// opened.
    private func startAdmin(_ service: DaemonService) async throws -> RunningAdmin {
        let (listening, signal) = AsyncThrowingStream.makeStream(of: Void.self)
        let server = AdminServer(
            path: configuration.admin.unix.path,
            mode: UInt32(configuration.admin.unix.mode),
            service: service,
            logger: logger,
            onListening: { signal.yield() }
        )
        var runs: [any Service] = [AdminRun(server: server)]
        if let address = configuration.admin.tcp.address {
            let tcp = AdminTCPServer(host: address.host, port: address.port, service: service, logger: logger) { _ in
                signal.yield()
            }
            runs.append(AdminTCPRun(server: tcp))
        }
        var quiet = logger
        quiet.logLevel = .error
        var group = ServiceGroupConfiguration(services: runs, logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(2)
        let services = ServiceGroup(configuration: group)
        let task = Task {
            do {
                try await services.run()
                signal.finish()
            } catch {
                signal.finish(throwing: StartProblem("\(error)", exitCode: StartProblem.other))
            }
        }
        var events = listening.makeAsyncIterator()
        for _ in runs {
            guard try await events.next() != nil else {
                throw StartProblem("the admin listener closed at once", exitCode: StartProblem.other)
            }
        }
        return RunningAdmin(services: services, task: task)
    }

    private func startDoor(_ service: DaemonService, instanceID: String) async throws -> DoorServer {
        guard let region = loaded.aws.region?.value else {
            throw StartProblem(loaded.aws.regionProblem, exitCode: StartProblem.configuration)
        }
        let listen = configuration.listen
        var door = DoorConfiguration(
            unix: .init(path: listen.unix.path, mode: UInt32(listen.unix.mode), group: listen.unix.group),
            adoptedDescriptor: HandedInSockets.take(),
            tcp: listen.tcp.address.map { .init(host: $0.host, port: $0.port) },
            naming: FunctionNaming(region: region, furtherRegions: Set(loaded.aws.regions))
        )
        door.payloadBytesMax = Int(configuration.queue.maxPayload)
        door.bodyMemoryBytesMax = Int(configuration.door.bodyMemory)
        door.connectionsMax = connectionsMax()
        door.idleTimeout = configuration.door.idleTimeout
        door.requestTimeout = configuration.door.requestTimeout
        do {
            return try await DoorServer.start(
                door,
                intake: commit.mailbox,
                policies: configuration.policies,
                lookup: DoorLookup(service: service),
                hash: { Digest256(bytes: SHA256.digest($0)) },
                clock: clock,
                random: { UInt64.random(in: .min ... .max) },
                instanceID: instanceID,
                logger: logger
            )
        } catch let error as DoorError {
            throw StartProblem("\(error)", exitCode: StartProblem.other)
        }
    }

    /// As configured, unless the process may not open so many descriptors.
    private func connectionsMax() -> Int {
        let wanted = configuration.door.maxConnections
        let budget = DescriptorBudget.raise(connections: wanted, inFlight: configuration.delivery.maxInFlight)
        if budget.connectionsMax < wanted {
            logger.warning(
                "door.max_connections is lowered: this process may open too few files; raise LimitNOFILE or ulimit -n",
                metadata: ["max_connections": "\(budget.connectionsMax)", "open_files": "\(budget.limit)"]
            )
        }
        return budget.connectionsMax
    }
}

/// The admin server under a service group: so that it can end in order.
private struct AdminRun: Service {
    let server: AdminServer
    func run() async throws { try await server.run() }
}

private struct AdminTCPRun: Service {
    let server: AdminTCPServer
    func run() async throws { try await server.run() }
}

private struct RunningAdmin {
    let services: ServiceGroup
    let task: Task<Void, Never>

    /// Answers what was asked, then closes.
    func stop() async {
        await services.triggerGracefulShutdown()
        await task.value
    }
}
