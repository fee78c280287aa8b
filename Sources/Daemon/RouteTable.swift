internal import AWSCredentials
internal import OutboxCore

/// Which route a function takes: endpoint, region and credentials, by the rules of `routes` and behind them by `aws`.
struct RouteTable: DispatchDirectory {
    /// One way to AWS.
    struct Route: Hashable {
        /// Where it leads, and for which rule; stands in the store, so it doesn't hang on the order of rules.
        var name: String
        var target: RouteTarget
        /// What its credentials are found by.
        var settings: AWSSettings
    }

    /// What one rule, or `aws`, makes of each region.
    struct Rule {
        /// nil: `aws`.
        var match: RouteMatch?
        var resolution: AWSResolution
        var settings: AWSSettings
    }

    private(set) var policies: PolicyTable
    let routes: [Route]
    /// By region: routes in the order of their rules, each with the accounts that it is for.
    private let choices: [String: [(match: RouteMatch, route: RouteKey)]]
    /// Of functions that were named without one.
    private let account: String

    /// - Parameters:
    ///   - regions: the daemon's own first. Regions of events that are still in the store belong to it too: an event
    ///     never goes to another region because the configuration changed.
    ///   - rules: in order; `aws` isn't among them.
    init(regions: [String], rules: [Rule] = [], last: Rule, account: String? = nil, policies: PolicyTable) {
        self.policies = policies
        self.account = account ?? "-"
        var routes: [Route] = []
        var choices: [String: [(match: RouteMatch, route: RouteKey)]] = [:]
        for region in regions where choices[region] == nil {
            choices[region] = []
            let last = last.route(region: region)
            for rule in rules where rule.match?.region?.matches(region) != false {
                var route = rule.route(region: region)
                if route.leadsAs(last) { route.name = last.name }
                let index = routes.firstIndex { $0.leadsAs(route) } ?? routes.count
                if index == routes.count { routes.append(route) }
                choices[region]!.append((rule.match ?? RouteMatch(), RouteKey(index)))
            }
            // Behind a rule for every account of the region it would never be used.
            if choices[region]!.contains(where: { $0.match.isForEveryAccount }) { continue }
            let index = routes.firstIndex { $0.leadsAs(last) } ?? routes.count
            if index == routes.count { routes.append(last) }
            choices[region]!.append((RouteMatch(), RouteKey(index)))
        }
        self.routes = routes
        self.choices = choices
    }

    /// As the configuration says.
    init(regions: [String], configuration: LoadedConfiguration) {
        self.init(
            regions: regions,
            rules: zip(configuration.values.routes, configuration.routes).map { rule, resolution in
                Rule(match: rule.match, resolution: resolution, settings: rule.aws)
            },
            last: Rule(resolution: configuration.aws, settings: configuration.values.aws),
            account: configuration.values.aws.accountID,
            policies: configuration.values.policies
        )
    }

    var targets: [RouteTarget] { routes.map(\.target) }
    var routeNames: [String] { routes.map(\.name) }

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
        guard let route = knownRoute(for: function) else {
            preconditionFailure("an event for a region without a route: \(function.region)")
        }
        return route
    }

    /// nil for a region that only the hand-over history knows.
    func knownRoute(for function: FunctionIdentity) -> RouteKey? {
        let account = function.account == "-" ? account : function.account
        return choices[function.region]?.first { $0.match.matches(account: account, region: function.region) }?.route
    }
}

extension RouteTable.Rule {
    /// The route of this rule in a region.
    fileprivate func route(region: String) -> RouteTable.Route {
        let target = resolution.target(region: region)
        let place = "\(target.scheme)://\(target.authority) \(region)"
        return RouteTable.Route(
            name: match.map { "\(place) (\($0))" } ?? place,
            target: target,
            settings: settings
        )
    }
}

extension RouteTable.Route {
    /// The same endpoint, reached in the same way, with the same credentials.
    fileprivate func leadsAs(_ other: RouteTable.Route) -> Bool {
        target == other.target && settings.findsSameCredentials(as: other.settings)
    }
}

extension RouteMatch {
    fileprivate var isForEveryAccount: Bool { account == nil || account?.text == "*" }
}
