package import AWSCredentials
package import OutboxCore

/// What the daemon runs by, with the defaults that hold where the configuration file says nothing. The same names as in
/// the file; what each key means is written in `config/config.yaml`.
package struct Configuration: Hashable, Sendable {
    package var listen = Listen()
    package var admin = Admin()
    package var door = Door()
    package var store = Store()
    package var queue = Queue()
    package var history = History()
    package var aws = AWSSettings()
    package var delivery = Delivery()
    package var defaults = FunctionPolicy()
    /// First match wins; each policy is whole, with `defaults` under it.
    package var functions: [FunctionRule] = []
    /// First match wins; `aws` is behind the last.
    package var routes: [RouteRule] = []

    package init() {}

    /// Finds a function's policy.
    package var policies: PolicyTable {
        PolicyTable(
            defaults: defaults,
            entries: functions.map { PolicyTable.Entry(match: $0.match, policy: $0.policy) }
        )
    }
}

extension Configuration {
    package struct Listen: Hashable, Sendable {
        package var unix = UnixSocket(path: "/run/lambda-outbox/door.sock", mode: 0o660)
        package var tcp = TCPListener()
    }

    /// Mode and group hold only where systemd doesn't hand the socket in.
    package struct UnixSocket: Hashable, Sendable {
        package var path: String
        package var mode: UInt16
        /// Name of a group; nil: the daemon's own.
        package var group: String?
    }

    /// Off while `address` is nil; where it is given, `authentication` is too.
    package struct TCPListener: Hashable, Sendable {
        package enum Authentication: String, Hashable, Sendable, CaseIterable {
            /// Written `none`: every program on this machine may send.
            case anyone = "none"
        }
        package var address: LoopbackAddress?
        package var authentication: Authentication?
    }

    package struct Admin: Hashable, Sendable {
        package var unix = UnixSocket(path: "/run/lambda-outbox/admin.sock", mode: 0o600)
        package var tcp = AdminTCP()
    }

    /// Off while `address` is nil.
    package struct AdminTCP: Hashable, Sendable {
        package var address: LoopbackAddress?
    }

    package struct Door: Hashable, Sendable {
        /// How long a request past a budget waits for room.
        package var wait = Span.seconds(5)
        /// Bytes that all bodies being received share.
        package var bodyMemory: Int64 = 32 << 20
        package var maxConnections = 4096
        package var idleTimeout = Span.minutes(5)
        package var requestTimeout = Span.seconds(30)
    }

    package struct Store: Hashable, Sendable {
        package var path = "/var/lib/lambda-outbox/outbox.db"
        package var onDamage = OnDamage.replace
        /// What becomes of a damaged database: moved aside, with a new one in its place, or left, and the start ends.
        package enum OnDamage: String, Hashable, Sendable, CaseIterable {
            case replace, stop
        }
    }

    package struct Queue: Hashable, Sendable {
        package var maxBytes: Int64 = 10 << 30
        package var maxEvents: Int64 = 10_000_000
        package var maxKeys: Int64 = 10_000_000
        /// Bytes.
        package var minFreeDisk: Int64 = 1 << 30
        /// Bytes of one event.
        package var maxPayload: Int64 = 1 << 20
    }

    package struct History: Hashable, Sendable {
        /// How long hand-overs are remembered.
        package var keep = Span.hours(24)
        package var maxEvents: Int64 = 1_000_000
    }

    package struct Delivery: Hashable, Sendable {
        package var maxInFlight = 256
        package var connectTimeout = Span.seconds(5)
        /// Without any progress.
        package var stallTimeout = Span.seconds(30)
    }

    package struct FunctionRule: Hashable, Sendable {
        package var match: GlobPattern
        package var policy: FunctionPolicy
    }
}

/// Where a TCP listener stands: an address of this machine's loopback interface, and a port.
package struct LoopbackAddress: Hashable, Sendable, CustomStringConvertible {
    /// `127.x.y.z` or `::1`.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// As it is written in the configuration: `127.0.0.1:9100`, `[::1]:9100`.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
