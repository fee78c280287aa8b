internal import AWSCredentials
internal import Engine
internal import OutboxCore

/// Which route a function takes: in this version one route a region, all with the same credentials.
struct RouteTable: DispatchDirectory {
    private(set) var policies: PolicyTable
    let targets: [RouteTarget]
    let routeNames: [String]
    private let indexes: [String: Int]

    /// - Parameter regions: the daemon's own first. Regions of events that are still in the store belong to it too: an
    ///   event never goes to another region because the configuration changed.
    init(regions: [String], resolution: AWSResolution, policies: PolicyTable) {
        self.policies = policies
        targets = regions.map { resolution.target(region: $0) }
        routeNames = targets.map { "\($0.scheme)://\($0.authority) \($0.region)" }
        var indexes: [String: Int] = [:]
        for (index, region) in regions.enumerated() where indexes[region] == nil { indexes[region] = index }
        self.indexes = indexes
    }

    /// The same routes with other policies.
    func with(_ policies: PolicyTable) -> RouteTable {
        var table = self
        table.policies = policies
        return table
    }

    func policy(for function: FunctionIdentity) -> FunctionPolicy {
        policies.policy(for: function)
    }

    /// - Precondition: the region is one of the table's; the door lets no other in.
    func route(for function: FunctionIdentity) -> RouteKey {
        guard let route = route(region: function.region) else {
            preconditionFailure("an event for a region without a route: \(function.region)")
        }
        return route
    }

    /// nil for a region that only the hand-over history knows.
    func route(region: String) -> RouteKey? {
        indexes[region].map(RouteKey.init)
    }
}
