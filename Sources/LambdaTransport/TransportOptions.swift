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
    /// The slowest line that is worth waiting for: adds `body bytes / this` to `baseTimeout`.
    package var bytesPerSecondMin: Int64 = 8 * 1024
    /// Kept-alive connections at most: the number of attempts in flight at most.
    package var maxConnections: Int = 256
    /// A connection idle for longer isn't used again. Whole seconds, rounded up.
    package var idleConnectionAge: Span = .seconds(60)
    /// `lambda-outbox/<version> (<instance id>)`.
    package var userAgent: String
    /// `source` of events in a CloudEvents envelope: `urn:lambda-outbox:<instance id>`.
    package var eventSource: String

    /// The defaults, for this program.
    package init(version: String, instanceID: String) {
        userAgent = "lambda-outbox/\(version) (\(instanceID))"
        eventSource = "urn:lambda-outbox:\(instanceID)"
    }

    /// How long an attempt with so many bytes may take in all.
    package func totalTimeout(bodyBytes: Int) -> Span {
        .milliseconds(baseTimeout.milliseconds + Int64(bodyBytes) * 1000 / max(1, bytesPerSecondMin))
    }
}

/// The transport can't be opened: libcurl is out of memory, or too old for an option that must not be missing.
package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}
