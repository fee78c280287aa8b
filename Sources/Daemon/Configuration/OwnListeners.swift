import AWSCredentials
package import OutboxCore

/// The daemon's own TCP listeners, so that it never delivers to itself.
package struct OwnListeners: Hashable, Sendable {
    /// Name by port.
    package var ports: [Int: String] = [:]

    /// Those that the configuration names; sockets that systemd hands in are added by their ports.
    package init(_ configuration: Configuration) {
        if let address = configuration.admin.tcp.address { ports[address.port] = "admin.tcp" }
        if let address = configuration.listen.tcp.address { ports[address.port] = "listen.tcp" }
    }

    /// The listener that a route leads to, for people; nil: none of ours.
    package func name(of target: RouteTarget) -> String? {
        name(host: target.host, port: target.port)
    }

    func name(host: String, port: Int) -> String? {
        reachesLoopback(host) ? ports[port] : nil
    }
}
