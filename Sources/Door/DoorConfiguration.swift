package import OutboxCore

/// Where the door listens and what it bounds: the keys `listen.*` and `door.*`, and what else it needs of the
/// configuration.
package struct DoorConfiguration: Sendable {
    /// A Unix socket that the daemon makes itself.
    package struct UnixListener: Hashable, Sendable {
        package var path: String
        /// Permission bits.
        package var mode: UInt32
        /// Name or number; nil leaves the group that the folder gives.
        package var group: String?

        package init(path: String, mode: UInt32 = 0o660, group: String? = nil) {
            self.path = path
            self.mode = mode
            self.group = group
        }
    }

    /// A loopback TCP listener with `authentication: none`: whoever reaches it is the producer `tcp`.
    package struct TCPListener: Hashable, Sendable {
        /// An IPv4 or IPv6 address, without brackets.
        package var host: String
        /// 0 takes a free one.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    package var unix: UnixListener?
    /// A listening Unix socket that came from the service manager; used instead of `unix`, and its file is left alone.
    package var adoptedDescriptor: Int32?
    package var tcp: TCPListener?
    package var naming: FunctionNaming

    /// Bytes of a body.
    package var payloadBytesMax = 1_048_576
    /// Bytes that bodies being received may hold together (`door.body_memory`). One body always fits.
    package var bodyMemoryBytesMax = 32 * 1_048_576
    /// Bodies of so many bytes at most have a share of that memory to themselves.
    package var smallBodyBytesMax = 64 * 1024
    package var connectionsMax = 4096
    package var idleTimeout = Span.minutes(5)
    /// From the first byte of a request to its last.
    package var requestTimeout = Span.seconds(30)
    /// Request line and headers together.
    package var headerBytesMax = 32 * 1024
    package var headerCountMax = 128
    /// Bytes read and dropped after a refusal that ends the connection.
    package var discardBytesMax = 8 * 1_048_576
    /// Requests of one connection that wait for their answers; past it nothing more is read from it.
    package var pipelinedRequestsMax = 256
    package var eventLoopThreads = 1

    package init(
        unix: UnixListener? = nil,
        adoptedDescriptor: Int32? = nil,
        tcp: TCPListener? = nil,
        naming: FunctionNaming
    ) {
        self.unix = unix
        self.adoptedDescriptor = adoptedDescriptor
        self.tcp = tcp
        self.naming = naming
    }
}

/// A place where the door listens.
package enum DoorAddress: Hashable, Sendable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
