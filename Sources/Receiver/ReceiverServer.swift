import NIOCore
import NIOHTTP1
import NIOPosix

/// A stand-in for Lambda's Invoke API on loopback: answers as told and says what arrived.
///
/// HTTP/1.1, kept alive, on one thread of its own. All methods may be called from anywhere.
package final class ReceiverServer: Sendable {
    /// The address it listens on.
    package let host: String
    /// The port it listens on, also where 0 was asked for.
    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let reception: NIOLoopBound<InvocationReception>

    private init(
        host: String,
        port: Int,
        group: MultiThreadedEventLoopGroup,
        reception: NIOLoopBound<InvocationReception>
    ) {
        self.host = host
        self.port = port
        self.group = group
        self.reception = reception
    }

    /// Listens; the server then runs until `stop`.
    ///
    /// - Throws: `ReceiverError`.
    package static func start(_ configuration: ReceiverConfiguration) async throws -> ReceiverServer {
        let address = try loopbackAddress(configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let loop = group.next()
            let reception = try await loop.submit {
                NIOLoopBound(try InvocationReception(configuration), eventLoop: loop)
            }.get()
            let channel = try await listen(address, group: group, reception: reception)
            return ReceiverServer(
                host: configuration.host,
                port: channel.localAddress?.port ?? configuration.port,
                group: group,
                reception: reception
            )
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Closes the port and all connections, also those that wait for an answer. Once.
    package func stop() async {
        // Shutting down closes every channel; it fails only where it was done before.
        try? await group.shutdownGracefully()
    }

    /// Replaces all rules, as `PUT /receiver/answers` does.
    package func setAnswers(_ rules: AnswerRules) async throws {
        let reception = reception
        try await reception.eventLoop.submit { reception.value.setAnswers(rules) }.get()
    }

    /// Counts by function, or `function:qualifier`.
    package func statistics() async throws -> [String: FunctionStatistics] {
        let reception = reception
        return try await reception.eventLoop.submit { reception.value.statistics.byFunction }.get()
    }

    private static func listen(
        _ address: SocketAddress,
        group: MultiThreadedEventLoopGroup,
        reception: NIOLoopBound<InvocationReception>
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelInitializer { channel in
                // The one loop of the group is the connections' loop too.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                        ReceiverConnection(reception: reception.value),
                    ])
                }
            }
        do {
            return try await bootstrap.bind(to: address).get()
        } catch {
            throw ReceiverError.cannotListen(address: "\(address)", reason: "\(error)")
        }
    }

    private static func loopbackAddress(_ configuration: ReceiverConfiguration) throws -> SocketAddress {
        guard (0...65_535).contains(configuration.port) else {
            throw ReceiverError.cannotListen(address: "port \(configuration.port)", reason: "ports end at 65535")
        }
        let host = configuration.host == "localhost" ? "127.0.0.1" : configuration.host
        guard let address = try? SocketAddress(ipAddress: host, port: configuration.port) else {
            throw ReceiverError.notLoopback(configuration.host)
        }
        let isLoopback =
            switch address {
            case .v4: host.hasPrefix("127.")
            case .v6: host == "::1"
            case .unixDomainSocket: false
            }
        guard isLoopback else { throw ReceiverError.notLoopback(configuration.host) }
        return address
    }
}
