import NIOCore
import NIOPosix
import OutboxCore

#if canImport(Glibc)
    import Glibc
#endif

/// Opens and closes the listening sockets.
struct DoorListeners {
    /// Which checks a connection gets is settled by the listener that it came by.
    private enum Transport { case unix, tcp }

    var channels: [any Channel] = []
    var ownSocket: UnixSocket?
    var addresses: [DoorAddress] = []

    mutating func open(
        _ configuration: DoorConfiguration,
        group: any EventLoopGroup,
        sinks: [DoorSink],
        shared: DoorShared
    ) async throws {
        func bootstrap(_ transport: Transport) -> ServerBootstrap {
            Self.bootstrap(transport, configuration, group: group, sinks: sinks, shared: shared)
        }
        if let descriptor = configuration.adoptedDescriptor {
            try Self.checkAdopted(descriptor)
            try await add(bootstrap(.unix).withBoundSocket(descriptor).get(), path: nil)
        } else if let unix = configuration.unix {
            let socket = try UnixSocket.listen(unix)
            ownSocket = socket
            try await add(bootstrap(.unix).withBoundSocket(socket.descriptor).get(), path: unix.path)
        }
        if let tcp = configuration.tcp {
            let address = try Self.loopback(tcp)
            try await add(bootstrap(.tcp).bind(to: address).get(), path: nil)
        }
        if channels.isEmpty { throw DoorError.nowhereToListen }
    }

    func close() async {
        ownSocket?.removeFile()
        for channel in channels { try? await channel.close().get() }
    }

    private mutating func add(_ channel: any Channel, path: String?) {
        channels.append(channel)
        if let path = path ?? channel.localAddress?.pathname {
            addresses.append(.unix(path: path))
        } else if let address = channel.localAddress, let host = address.ipAddress, let port = address.port {
            addresses.append(.tcp(host: host, port: port))
        }
    }

    private static func bootstrap(
        _ transport: Transport,
        _ configuration: DoorConfiguration,
        group: any EventLoopGroup,
        sinks: [DoorSink],
        shared: DoorShared
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let eventLoop = channel.eventLoop
                    let pause = AcceptPause { shared.acceptingPaused($0, now: eventLoop.now) }
                    try channel.pipeline.syncOperations.addHandler(pause)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A connection that has to wait is not read from a second time before it is told so.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                guard let sink = sinks.first(where: { $0.eventLoop === channel.eventLoop }) else {
                    preconditionFailure("a connection came on a foreign event loop")
                }
                // One that is closed to make room counts for a moment more.
                guard
                    shared.admitConnection(max: configuration.connectionsMax)
                        || (sink.current.makeRoom() && shared.admitConnection(max: .max))
                else {
                    shared.turnedAway()
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(TurnAway(loop: sink.current))
                    }
                }
                channel.closeFuture.whenComplete { _ in shared.connectionClosed() }
                return caller(of: channel, transport).flatMapThrowing { caller in
                    try DoorPipeline.configure(channel, loop: sink.current, caller: caller)
                }
            }
    }

    /// Asks the kernel who is there before anything is read.
    private static func caller(of channel: any Channel, _ transport: Transport) -> EventLoopFuture<Caller> {
        if transport == .tcp {
            return channel.eventLoop.makeSucceededFuture(Caller.overTCP(port: channel.localAddress?.port))
        }
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        )
        return credentials.flatMapThrowing { try Caller.overUnix($0) }
    }

    /// An adopted socket must be one that listens, and on this machine only.
    private static func checkAdopted(_ descriptor: Int32) throws(DoorError) {
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1 else {
            throw .notListening(descriptor: descriptor)
        }
        var family: Int32 = 0
        guard getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0, family == AF_UNIX else {
            throw .notListening(descriptor: descriptor)
        }
    }

    private static func loopback(_ listener: DoorConfiguration.TCPListener) throws(DoorError) -> SocketAddress {
        guard let address = try? SocketAddress(ipAddress: listener.host, port: listener.port) else {
            throw .notLoopback(listener.host)
        }
        guard let text = address.ipAddress, text == "::1" || text.hasPrefix("127.") else {
            throw .notLoopback(listener.host)
        }
        return address
    }
}
