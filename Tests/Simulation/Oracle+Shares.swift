import Engine
import OutboxCore

/// Functions take turns (P6): what waits in memory, of a function that nothing limits, isn't passed over by others of its
/// route for longer than deficit round robin lets them; and a route begins with one attempt after an outage.
struct Shares {
    struct Function {
        /// In memory for sure, waiting; nil: not known.
        var waiting: Int?
        /// In flight that it may have at least.
        var limit = 0
        /// The route's starts when it began to wait for its turn; nil: it doesn't.
        var since: Int?
    }
    struct Route {
        var starts = 0
        var inFlight = 0
        /// Functions of this route.
        var functions: [Int] = []
        /// Hand-overs of the latest round that had any.
        var good = (step: -1, count: 0)
        /// After an outage: attempts in flight that answers allow so far.
        var allowed: Int?
    }

    /// Turns of each other function while one waits for the turns that its largest event costs.
    static let turnsMax = 5

    var functions: [Function]
    var routes: [Route]

    init(_ plan: Plan) {
        functions = Array(repeating: Function(), count: plan.functions.count)
        routes = Array(repeating: Route(), count: plan.routes.count)
        for (index, function) in plan.functions.enumerated() { routes[function.route].functions.append(index) }
    }

    /// A new process: what was in flight is not, and nothing is known.
    mutating func restart() {
        for index in functions.indices { functions[index] = Function() }
        for index in routes.indices {
            routes[index].inFlight = 0
            routes[index].allowed = nil
        }
    }
}

extension Oracle {
    /// The delivery side's own account says what each function has in memory, and what holds it back.
    func sharesLearn(_ report: DeliveryReport) {
        for function in report.dispatch.functions {
            let index = index(of: function.identity)
            let isFree =
                function.waitingInMemory > 0 && Self.isFree(function.pace) && suspects.isEmpty && isOpen(index)
                && turns[index].neverDrains && policy(index).rate == nil
            shares.functions[index].waiting = isFree ? function.waitingInMemory : nil
            shares.functions[index].limit = function.pace.inFlightLimit
            sharesConsider(index)
        }
    }

    /// No rate and no rest holds it back.
    private static func isFree(_ pace: FunctionPace) -> Bool {
        switch pace.brake {
        case nil, .inFlight, .routeInFlight, .allInFlight: true
        case .rest, .throttle, .rate, .drainRate: false
        }
    }

    /// Whether it waits for its turn, and for nothing else, since when.
    private func sharesConsider(_ function: Int) {
        let known = shares.functions[function]
        // The last eighth of the slots, and a part of them, are for those with fewer than two.
        guard let waiting = known.waiting, waiting > 0, inFlight[function] < min(2, known.limit) else {
            shares.functions[function].since = nil
            return
        }
        if known.since == nil {
            shares.functions[function].since = shares.routes[record.plan.functions[function].route].starts
        }
    }

    func sharesForget(function: Int) {
        shares.functions[function].waiting = nil
        shares.functions[function].since = nil
    }

    func sharesForget(route: Int) {
        for index in shares.routes[route].functions { sharesForget(function: index) }
    }

    func sharesTold(_ message: DeliveryMessage) {
        switch message {
        case .withdraw(let sequences, _):
            for sequence in sequences { if let entry = entries[sequence] { sharesForget(function: entry.function) } }
        case .force(let event): sharesForget(function: index(of: event.function))
        case .pauses, .reconfigure: for index in shares.functions.indices { sharesForget(function: index) }
        default: break
        }
    }

    /// An attempt has begun. `tookTurn` false: as a probe.
    func sharesStart(_ function: Int, _ event: QueuedEvent, tookTurn: Bool) {
        let route = record.plan.functions[function].route
        shares.routes[route].inFlight += 1
        if tookTurn, let allowed = shares.routes[route].allowed, shares.routes[route].inFlight > allowed {
            violated(
                "slow start",
                "at most \(allowed) in flight on \(record.plan.routes[route]) after an outage, as answers come",
                "\(event.id) as number \(shares.routes[route].inFlight)"
            )
        }
        if tookTurn { shares.routes[route].starts += 1 }
        if let waiting = shares.functions[function].waiting { shares.functions[function].waiting = waiting - 1 }
        shares.functions[function].since = nil
        sharesConsider(function)
        guard tookTurn else { return }
        let starts = shares.routes[route].starts
        let most = Shares.turnsMax * (shares.routes[route].functions.count - 1)
        for other in shares.routes[route].functions {
            guard let since = shares.functions[other].since, starts - since > most else { continue }
            if mayBeUnseen(other) {
                sharesForget(function: other)
                continue
            }
            let expected = "a turn of \(name(other)), of which events wait in memory, within \(most) of others"
            violated("shares", expected, "\(starts - since) on its route, the latest of \(name(function))")
        }
    }

    /// An attempt is no longer in flight.
    func sharesResolved(_ function: Int) {
        shares.routes[record.plan.functions[function].route].inFlight -= 1
        sharesConsider(function)
    }

    func sharesEnd(_ flight: Flight) {
        let (function, route) = (flight.function, flight.route)
        switch flight.cause {
        case .handedOver, .eventCode, .functionCode, .configuration, .accessDenied:
            let good = shares.routes[route].good
            shares.routes[route].good = (record.step, good.step == record.step ? good.count + 1 : 1)
            if let allowed = shares.routes[route].allowed {
                shares.routes[route].allowed = allowed < record.plan.limits.inFlightMax ? allowed + 1 : nil
            }
        case .routeThrottle:
            sharesForget(route: route)
            turnsForget(route: route)
        case .functionThrottle, .ec2Throttle:
            sharesForget(function: function)
            turnsForget(function: function)
        case .timeout, .timeoutTaken: sharesForget(function: function)
        default: break
        }
    }

    /// The route can be used again, or can't.
    func sharesChanged(route: Int, isSuspended: Bool, wasSuspended: Bool) {
        sharesForget(route: route)
        let good = shares.routes[route].good
        let answers = good.step == record.step ? good.count : 0
        shares.routes[route].allowed = !isSuspended && wasSuspended ? 1 + answers : nil
    }
}
