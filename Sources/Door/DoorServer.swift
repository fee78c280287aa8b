package import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
package import OutboxCore

#if canImport(Glibc)
    import Glibc
#endif

/// The door, open: its listeners, its event loops and their connections. Safe from any thread.
package final class DoorServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let sinks: [DoorSink]
    let listeners: [any Channel]
    private let ownSocket: UnixSocket?
    private let shared: DoorShared
    private let logger: Logger
    private let isClosing = NIOLockedValueBox(false)

    /// Where the door listens; ports that were left to the system are filled in.
    package let boundAddresses: [DoorAddress]

    /// Opens the door; when it returns, connections are accepted.
    ///
    /// - Parameters:
    ///   - lookup: tells producers about their events; nil: that path isn't there.
    ///   - hash: SHA-256.
    ///   - random: 64 random bits, for the request ids of refusals.
    ///   - instanceID: what the daemon's own `User-Agent` carries; not empty.
    /// - Throws: `DoorError`, or NIO's own errors.
    package static func start(
        _ configuration: DoorConfiguration,
        intake: any Intake,
        policies: PolicyTable,
        lookup: (any EventLookup)? = nil,
        hash: @escaping HashFunction,
        clock: any TimeSource,
        random: @escaping @Sendable () -> UInt64,
        instanceID: String,
        logger: Logger
    ) async throws -> DoorServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.eventLoopThreads))
        let shared = DoorShared(logger: logger)
        var sinks: [DoorSink] = []
        for (index, eventLoop) in group.makeIterator().enumerated() {
            let sink = try await eventLoop.submit {
                let loop = DoorLoop(
                    eventLoop: eventLoop,
                    limits: configuration,
                    rules: RequestRules(instanceID: instanceID, hash: hash),
                    policies: policies,
                    intake: intake,
                    lookup: lookup,
                    clock: clock,
                    random: random,
                    publish: { shared.publish($0, from: index) }
                )
                let sink = DoorSink(loop)
                loop.start(sink: sink)
                return sink
            }.get()
            sinks.append(sink)
        }
        var opened = DoorListeners()
        do {
            try await opened.open(configuration, group: group, sinks: sinks, shared: shared)
        } catch {
            await opened.close()
            for sink in sinks { sink.run { $0.stop() } }
            try? await group.shutdownGracefully()
            throw error
        }
        for address in opened.addresses { logger.notice("door open", metadata: ["address": "\(address)"]) }
        return DoorServer(group: group, sinks: sinks, opened: opened, shared: shared, logger: logger)
    }

    private init(
        group: MultiThreadedEventLoopGroup,
        sinks: [DoorSink],
        opened: DoorListeners,
        shared: DoorShared,
        logger: Logger
    ) {
        self.group = group
        self.sinks = sinks
        self.shared = shared
        self.logger = logger
        listeners = opened.channels
        ownSocket = opened.ownSocket
        boundAddresses = opened.addresses
    }

    /// What has been done so far; a moment old at most.
    package var counters: DoorCounters { shared.counters }

    /// Takes functions' policies of a new configuration, for requests whose head comes from now on.
    package func update(policies: PolicyTable) {
        for sink in sinks { sink.run { $0.update(policies: policies) } }
    }

    /// Calls back, once for each listener, when one has ended although nobody closed it: no connection comes in there any
    /// more until the door is opened anew. On an event loop.
    package func whenListenerLost(_ lost: @escaping @Sendable (DoorAddress) -> Void) {
        for (listener, address) in zip(listeners, boundAddresses) {
            listener.closeFuture.whenComplete { [isClosing] _ in
                if !isClosing.withLockedValue({ $0 }) { lost(address) }
            }
        }
    }

    /// Closes the door: accepts nothing more, answers every request that was read whole, then ends each connection.
    /// Returns when all are closed, after `limit` at the latest. The intake must go on answering until then.
    ///
    /// A socket that was handed in stays, and connections wait in its backlog; the daemon's own socket file is removed.
    package func shutdown(within limit: Span) async {
        isClosing.withLockedValue { $0 = true }
        await DoorListeners(channels: listeners, ownSocket: ownSocket).close()
        let limit = TimeAmount.milliseconds(limit.milliseconds)
        await withTaskGroup { tasks in
            for sink in sinks {
                tasks.addTask {
                    try? await sink.eventLoop.flatSubmit { sink.current.drain(within: limit) }.get()
                    try? await sink.eventLoop.submit { sink.current.stop() }.get()
                    sink.shut()
                }
            }
        }
        try? await group.shutdownGracefully()
        logger.notice("door closed")
    }
}

/// What the event loops and whoever asks for counters share.
final class DoorShared: Sendable {
    private let byLoop = NIOLockedValueBox<[Int: DoorCounters]>([:])
    private let open = NIOLockedValueBox((connections: 0, turnedAway: 0))
    private let pauses = NIOLockedValueBox((count: 0, log: LogThrottle()))
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func publish(_ counters: DoorCounters, from loop: Int) { byLoop.withLockedValue { $0[loop] = counters } }

    var counters: DoorCounters {
        var sum = byLoop.withLockedValue { $0.values.reduce(DoorCounters(), +) }
        sum.connectionsTurnedAway = open.withLockedValue { $0.turnedAway }
        sum.acceptPauses = pauses.withLockedValue { $0.count }
        return sum
    }

    /// Whether one more connection fits; if so it counts until `connectionClosed`, otherwise the caller closes it or asks
    /// again.
    func admitConnection(max: Int) -> Bool {
        open.withLockedValue { open in
            guard open.connections < max else { return false }
            open.connections += 1
            return true
        }
    }

    func turnedAway() { open.withLockedValue { $0.turnedAway += 1 } }

    func acceptingPaused(_ errno: Int32, now: NIODeadline) {
        let (count, isLogged) = pauses.withLockedValue { pauses in
            pauses.count += 1
            return (pauses.count, pauses.log.allows(now))
        }
        guard isLogged else { return }
        logger.error(
            "no connection can be accepted: out of descriptors or memory; trying again each second",
            metadata: ["error": "\(String(cString: strerror(errno)))", "pauses": "\(count)"]
        )
    }

    func connectionClosed() { open.withLockedValue { $0.connections -= 1 } }
}
