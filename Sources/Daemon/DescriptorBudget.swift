internal import Glibc

/// How the process's file descriptors are shared out: delivery and the store come first, the door has the rest. A door
/// that took the last one would stop delivery.
struct DescriptorBudget: Equatable {
    /// Database, journal, admin connections, flight file, pipes, libraries.
    static let reserve = 256
    /// Fewer connections than these are no door.
    static let connectionsLeast = 16

    /// What RLIMIT_NOFILE is to be.
    let limit: UInt64
    /// What the door may hold; at most what was configured.
    let connectionsMax: Int

    /// - Parameters:
    ///   - hard: the most that this process may open.
    ///   - connections: as configured for the door.
    ///   - inFlight: connections of delivery; a connection that has just ended may still be open beside each.
    init(hard: UInt64, connections: Int, inFlight: Int) {
        let others = Self.reserve + 2 * inFlight
        let available = Int(clamping: hard)
        limit = UInt64(min(available, connections + others))
        connectionsMax = min(connections, max(Self.connectionsLeast, available - others))
    }

    /// Raises the soft limit as far as this wants it; it is never lowered.
    static func raise(connections: Int, inFlight: Int) -> DescriptorBudget {
        var now = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now) == 0 else {
            return DescriptorBudget(hard: 1024, connections: connections, inFlight: inFlight)
        }
        let budget = DescriptorBudget(hard: UInt64(now.rlim_max), connections: connections, inFlight: inFlight)
        guard budget.limit > now.rlim_cur else { return budget }
        now.rlim_cur = rlim_t(budget.limit)
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now) == 0 { return budget }
        // Within the hard limit it can't be refused; if it is, what holds now is what there is.
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now)
        return DescriptorBudget(hard: UInt64(now.rlim_cur), connections: connections, inFlight: inFlight)
    }
}
