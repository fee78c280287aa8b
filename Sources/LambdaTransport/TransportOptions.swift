package import OutboxCore

/// How the transport talks to the network. What isn't here can't be changed: TLS is always verified, redirects are
/// never followed.
package struct TransportOptions: Hashable, Sendable {
    /// For name look-up, TCP and TLS together.
    package var connectTimeout: Span = .seconds(5)
    /// Without a byte in either direction, once connected. Whole seconds, rounded up.
    package var stallTimeout: Span = .seconds(30)
    /// For one attempt, before the time its bytes take is added.
    package var baseTimeout: Span = .seconds(30)
    /// The slowest line that is worth waiting for: adds `payload bytes / this` to `baseTimeout`.
    package var bytesPerSecondMin: Int64 = 8 * 1024
    /// Kept-alive connections at most: the number of attempts in flight at most.
    package var maxConnections: Int = 256
    /// A connection idle for longer isn't used again. Whole seconds, rounded up.
    package var idleConnectionAge: Span = .seconds(60)
    /// A proxy's URL; empty for none; nil for what `http_proxy` and `HTTPS_PROXY` say.
    package var proxy: String?
    /// Hosts that need no proxy, separated by commas; nil for what `NO_PROXY` says.
    package var noProxy: String?
    /// Path of a file with the certificate authorities to trust, in PEM; nil for the system's.
    package var caBundle: String?
    /// `lambda-outbox/<version> (<instance id>)`.
    package var userAgent: String

    /// The defaults, for this user agent.
    package init(userAgent: String) {
        self.userAgent = userAgent
    }

    /// How long an attempt with so many bytes may take in all.
    package func totalTimeout(payloadBytes: Int) -> Span {
        .milliseconds(baseTimeout.milliseconds + Int64(payloadBytes) * 1000 / max(1, bytesPerSecondMin))
    }
}

/// The transport can't be opened: libcurl is out of memory, or too old for an option that must not be missing.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}
