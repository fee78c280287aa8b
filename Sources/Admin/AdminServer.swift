package import Hummingbird
import HummingbirdCore
package import Logging

/// Serves the admin API, health and metrics on a Unix socket. Who may connect is decided by the socket's file mode.
package struct AdminServer: Sendable {
    private let path: AdminSocketPath
    private let mode: UInt32
    private let service: any AdminService
    private let logger: Logger
    private let onListening: @Sendable () async -> Void

    /// - Parameters:
    ///   - path: of the socket, at most 107 bytes.
    ///   - mode: of the socket, such as `0o600`.
    ///   - onListening: called once, when clients can connect.
    package init(
        path: String,
        mode: UInt32 = 0o600,
        service: any AdminService,
        logger: Logger,
        onListening: @escaping @Sendable () async -> Void = {}
    ) {
        self.path = AdminSocketPath(path)
        self.mode = mode
        self.service = service
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the task is cancelled or a graceful shutdown begins, then removes the socket. Fits
    /// `ServiceLifecycle.Service`.
    ///
    /// - Throws: `AdminSocketError` if the socket can't be opened.
    package func run() async throws {
        let bound = try path.prepare()
        defer { path.discard(bound) }
        let (running, signal) = AsyncStream.makeStream(of: Void.self)
        let application = application(bindTo: bound) { signal.finish() }
        var identity: AdminSocketPath.FileIdentity?
        defer { path.remove(ifStill: identity) }
        try await withThrowingTaskGroup(of: AdminSocketPath.FileIdentity?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                for await _ in running {}
                try Task.checkCancellation()
                try path.publish(bound, mode: mode)
                let identity = path.identity()
                await onListening()
                return identity
            }
            do {
                while let result = try await group.next() { identity = result ?? identity }
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    /// The application itself: for tests, which need no socket.
    package static func application(service: any AdminService, logger: Logger) -> some ApplicationProtocol {
        AdminServer(path: "", service: service, logger: logger).application(bindTo: nil) {}
    }

    private func application(
        bindTo path: String?,
        onRunning: @escaping @Sendable () async -> Void
    ) -> Application<RouterResponder<BasicRequestContext>> {
        AdminApplication.make(
            AdminRoutes(service: service, logger: logger).router(),
            address: path.map { .unixDomainSocket(path: $0) } ?? .hostname("127.0.0.1", port: 0),
            logger: logger,
            onRunning: { _ in await onRunning() }
        )
    }
}
