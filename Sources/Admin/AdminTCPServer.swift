package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import OutboxCore

/// Serves metrics and health, and nothing else, on a loopback address: for monitoring systems on this machine.
///
/// Whoever can open a connection may read them: there is nothing in them that must be kept from a local user. Web pages
/// can't: a request whose `Host` is not loopback is refused, and no answer permits another origin.
package struct AdminTCPServer: Sendable {
    private let host: String
    private let port: Int
    private let service: any AdminService
    private let logger: Logger
    private let idleTimeout: Span
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - host: a loopback address, IPv6 without brackets. The caller has checked that it is one.
    ///   - port: 0 lets the system choose.
    ///   - idleTimeout: until a connection without a request is closed: any local user may open one.
    ///   - onListening: called once with the port, when clients can connect.
    package init(
        host: String,
        port: Int,
        service: any AdminService,
        logger: Logger,
        idleTimeout: Span = .seconds(10),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.service = service
        self.logger = logger
        self.idleTimeout = idleTimeout
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or a graceful shutdown begins. Fits `ServiceLifecycle.Service`.
    ///
    /// - Throws: `AdminTCPError` if the address can't be taken.
    package func run() async throws {
        do {
            try await application.run()
        } catch let error as IOError {
            throw AdminTCPError(address: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)", error: error)
        }
    }

    /// The application itself: what `run` runs, and what tests drive.
    package var application: some ApplicationProtocol {
        AdminApplication.make(
            AdminRoutes(service: service, logger: logger).monitoringRouter(),
            address: .hostname(host, port: port),
            bounds: .init(connectionsMax: AdminLimits.monitoringConnectionsMax, idleTimeout: idleTimeout),
            logger: logger,
            onRunning: { await onListening($0.localAddress?.port ?? port) }
        )
    }
}

/// Why the admin TCP listener can't be opened.
package struct AdminTCPError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(address: String, error: IOError) {
        let isTaken = error.errnoCode == 98
        let reason = isTaken ? "another program listens there; stop it, or choose another port" : "\(error)"
        description = "admin.tcp.address \(address): \(reason)"
    }
}

/// What both admin listeners have in common.
enum AdminApplication {
    struct Bounds {
        /// Served at once; those past it get 503.
        var connectionsMax: Int
        var idleTimeout: Span

        /// Whoever may open the socket is trusted.
        static let operators = Bounds(connectionsMax: AdminLimits.connectionsMax, idleTimeout: .seconds(60))
    }

    static func make(
        _ router: Router<BasicRequestContext>,
        address: BindAddress,
        bounds: Bounds = .operators,
        logger: Logger,
        onRunning: @escaping @Sendable (any Channel) async -> Void
    ) -> Application<RouterResponder<BasicRequestContext>> {
        var quiet = logger
        // Hummingbird tells of starts and requests at info, and of connections that a stop cuts as errors. The daemon's
        // log is for state changes; requests that fail are told by `ErrorAnswers`.
        quiet.logLevel = .critical
        let count = ConnectionCount(max: bounds.connectionsMax)
        return Application(
            responder: router.buildResponder(),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [count.handler()],
                    idleTimeout: .milliseconds(bounds.idleTimeout.milliseconds)
                )
            ),
            configuration: ApplicationConfiguration(
                address: address,
                availableConnectionsDelegate: MaximumAvailableConnections(2 * AdminLimits.connectionsMax)
            ),
            onServerRunning: onRunning,
            logger: quiet
        )
    }
}
