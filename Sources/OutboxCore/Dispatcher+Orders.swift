/// What comes from outside of attempts: mended credentials, a new configuration, forgotten functions.
extension Dispatcher {
    /// Takes functions' policies from a new configuration; attempts in flight end under the old one. Routes stay: what
    /// changes them needs a restart.
    ///
    /// - Precondition: the directory has the same routes.
    package mutating func reconfigure(_ directory: any DispatchDirectory) {
        precondition(directory.routeNames == self.directory.routeNames, "routes can't change while the daemon runs")
        self.directory = directory
        for key in Array(functions.keys) {
            functions[known: key].adopt(directory.policy(for: functions[known: key].identity))
            list(key)
        }
    }

    /// Brings every probe of the route and its functions forward, spread over 10 s; the route's own comes at once.
    package mutating func probeSoon(route key: RouteKey, now: Moment, using random: inout some RandomNumberGenerator) {
        routes[key.rawValue].suspension?.nextProbe = now.monotonic
        for function in suspendedFunctions where functions[function]?.route == key {
            functions[known: function].suspension?.nextProbe = Self.soon(now, using: &random)
            scheduleProbe(of: function)
        }
    }

    /// Functions that the store has forgotten, or whose state it has: nothing of them is queued there.
    package mutating func forgotten(_ keys: [FunctionKey]) {
        for key in keys {
            if let function = functions[key], function.waiting > 0 || function.inFlight > 0 { continue }
            functions[key] = nil
            suspendedFunctions.remove(key)
            probes.leave(key)
            passedOver.remove(key)
            for index in routes.indices { routes[index].shared.forgotten(key) }
        }
    }
}
