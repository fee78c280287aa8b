import Engine
import OutboxCore

/// Everything that a seed decides beforehand: who there is, how much of each trouble, and the limits of the daemon.
struct Plan: Sendable {
    struct Function: Sendable {
        var identity: FunctionIdentity
        var route: Int
        /// Milliseconds.
        var latency: ClosedRange<Int64>
        /// What it can be in while there is trouble.
        var moods: [Mood]
        /// Events that it processes a second, behind Lambda's own queue.
        var capacity: Double
        /// Never in any mood: what its events wait is other's doing.
        var isHealthy: Bool
    }
    struct Outage: Sendable {
        var route: Int
        /// nil: all of the route's.
        var function: Int?
        /// Nanoseconds.
        var time: Range<Int64>
        var cause: Cause
    }

    let seed: UInt64
    var random: Seeded
    var routes: [String] = []
    var functions: [Function] = []
    var outages: [Outage] = []
    var limits = DispatchLimits()
    var commitLimits = CommitLimits()
    var budgets = QueueBudgets()
    var policies = PolicyTable()
    var roomWait = Span.seconds(5)
    /// Nanoseconds: then everything works, and what waits must go.
    var troubleEndsAt: Int64 = 0
    var stepsMin = 300
    /// Large payloads.
    var largeOneIn = 30
    var stepsMax = 6000
    /// Clients send no more than that.
    var messagesMax = Int.max
    /// The step before which the process is stopped in order, beside the stops that are drawn.
    var stopAt: Int?
    var weights = Weights()
    var extras: Extras

    /// Events a second. Few functions are so slow that Lambda's own queue is too old with the third event.
    private static func capacity(_ drawn: Int) -> Double { drawn == 0 ? 1e-4 : Double(drawn) / 10 }

    init(seed: UInt64) {
        self.seed = seed
        random = Seeded(state: seed &* 0x9E37_79B9 &+ 0x51ED_270B)
        extras = Extras(seed: seed)
        drawWorld()
        drawLimits()
        drawPolicies()
        drawOutages()
        weights.draw(&random)
        drawExtras()
    }

    private mutating func drawWorld() {
        routes = (0..<random.int(1...3)).map { "route-\($0)" }
        troubleEndsAt = random.seconds(20...400)
        let moods = (0..<random.int(1...4)).map { _ in Mood.allCases.randomElement(using: &random)! }
        let count = random.oneIn(12) ? random.int(9...40) : random.int(1...8)
        for index in 0..<count {
            let route = random.int(0...routes.count - 1)
            let isSlow = random.oneIn(10)
            let latency: ClosedRange<Int64> =
                isSlow ? 2_000...Int64(random.int(3_000...25_000)) : 2...Int64(random.int(5...400))
            let isHealthy = index == 0 && !isSlow
            functions.append(
                Function(
                    identity: FunctionIdentity(
                        partition: "aws",
                        account: random.oneIn(5) ? "123456789012" : "-",
                        region: routes[route],
                        name: "f\(index)",
                        qualifier: random.oneIn(6) ? "live" : "-"
                    ),
                    route: route,
                    latency: latency,
                    moods: isHealthy ? [.healthy] : [.healthy] + moods,
                    capacity: Self.capacity(random.int(0...400)),
                    isHealthy: isHealthy
                )
            )
        }
    }

    private mutating func drawLimits() {
        limits.inFlightMax = random.oneIn(3) ? random.int(16...64) : random.int(2...16)
        limits.windowEventsMax = random.oneIn(4) ? 4096 : random.int(12...60)
        limits.functionEventsMax = random.int(3...16)
        // A page is asked for where the memory has room for all of it: as in the daemon, it is a small part.
        limits.claimEventsMax = min(random.int(2...16), max(2, limits.windowEventsMax / 4))
        limits.claimScannedMax = random.int(4...60)
        if random.oneIn(4) {
            // Never less than the largest payload, as in the daemon; a function holds two at least.
            limits.windowBytesMax = random.int(300_000...900_000)
            limits.functionBytesMax = random.int(150_000...300_000)
            limits.claimBytesMax = random.int(200...90_000)
            largeOneIn = 4
        }
        limits.suspectsMax = random.oneIn(8) ? random.int(3...10) : 10_000
        if random.oneIn(6) {
            limits.functionsMax = functions.count + random.int(0...2)
            commitLimits.functionsMax = random.int(max(1, functions.count - 3)...functions.count + 2)
        }
        commitLimits.announcedBytesMax = random.oneIn(3) ? random.int(0...200) : 8 << 20
        commitLimits.commitEventsMax = random.oneIn(3) ? random.int(1...6) : 2048
        commitLimits.trimRowsMax = random.int(2...50)
        commitLimits.forgetRowsMax = commitLimits.trimRowsMax
        commitLimits.expiringMax = random.int(1...20)
        commitLimits.ballastBytes = 0
        if random.oneIn(3) { budgets.eventsMax = random.int(10...80) }
        budgets.bytesMax = 1 << 30
        roomWait = .seconds(Int64(random.int(0...5)))
    }

    private mutating func drawPolicies() {
        policies = PolicyTable(defaults: Self.policy(&random))
        for function in functions where random.oneIn(2) || function.isHealthy {
            var policy = Self.policy(&random)
            if function.isHealthy { policy.makeHealthy() }
            policies.entries.append(.init(match: GlobPattern(function.identity.description), policy: policy))
        }
    }

    /// A policy as an operator may write one.
    static func policy(_ random: inout Seeded) -> FunctionPolicy {
        var policy = FunctionPolicy()
        policy.maxInFlight = random.int(1...12)
        policy.maxAttempts = random.oneIn(2) ? random.int(1...8) : nil
        policy.maxAge =
            random.oneIn(3) ? .seconds(Int64(random.int(5...300))) : random.oneIn(2) ? .hours(72) : .days(730)
        policy.baseDelay = .milliseconds(Int64(random.int(50...3_000)))
        policy.maxDelay = .seconds(Int64(random.int(1...120)))
        policy.rate = random.oneIn(5) ? Double(random.int(5...300)) / 10 : nil
        policy.drainRate = random.oneIn(3) ? nil : random.oneIn(2) ? Double(random.int(5...200)) / 10 : 500
        policy.soft = random.oneIn(8)
        return policy
    }

    private mutating func drawOutages() {
        let causes: [Cause] = [
            .dns, .connect, .tls, .proxy, .local, .timeout, .cutBefore, .garbled, .htmlPage, .gateway, .redirect,
            .other2xx, .routeCode,
        ]
        for _ in 0..<(random.oneIn(3) ? 0 : random.int(1...4)) {
            let start = Int64.random(in: 0...troubleEndsAt, using: &random)
            outages.append(
                Outage(
                    route: random.int(0...routes.count - 1),
                    time: start..<start + random.seconds(1...90),
                    cause: causes.randomElement(using: &random)!
                )
            )
        }
        // Hours of it; the causes that are probed at most every 30 s, so that a run stays short.
        if random.oneIn(200) {
            let length = random.seconds(3600...28_800)
            let start = troubleEndsAt
            for route in routes.indices {
                let cause: Cause = [.tls, .htmlPage, .routeCode].randomElement(using: &random)!
                outages.append(Outage(route: route, time: start..<start + length, cause: cause))
            }
            troubleEndsAt += length
            stepsMax = 30_000
            limits.wakeMax = .seconds(60)
        }
    }

    /// Route of a function by its identity.
    func route(of function: FunctionIdentity) -> Int { routes.firstIndex(of: function.region) ?? 0 }
}

extension FunctionPolicy {
    /// Nothing in the configuration slows it or ends its events.
    mutating func makeHealthy() {
        maxInFlight = max(4, maxInFlight)
        rate = nil
        drainRate = nil
        maxAge = .days(730)
        maxAttempts = nil
    }
}

/// How a function behaves for a while.
enum Mood: CaseIterable, Sendable {
    case healthy, flaky, failing, misconfigured, accessDenied, serviceTrouble, unknownCode, throttled, refusing
    case refusingAll, slow, storm
}

/// How often things go wrong: once in so many.
struct Weights: Sendable {
    var cut = 60
    var odd = 80
    var cursed = 40
    var defect = 40
    var crash = 400
    var storeFault = 150
    var slowCommit = 30
    var operatorAct = 25
    var clock = 300
    var credentials = 200
    var lostAnswer = 30
    var key = 3
    var delay = 8
    var expiry = 8
    var burst = 6

    mutating func draw(_ random: inout Seeded) {
        func drawn(_ usual: Int) -> Int {
            // One in four seeds knows nothing of it, one in four three times as much.
            switch random.int(0...3) {
            case 0: 1_000_000
            case 1: max(2, usual / 3)
            default: usual
            }
        }
        cut = drawn(cut)
        odd = drawn(odd)
        cursed = drawn(cursed)
        defect = drawn(defect)
        crash = drawn(crash)
        storeFault = drawn(storeFault)
        slowCommit = drawn(slowCommit)
        operatorAct = drawn(operatorAct)
        clock = drawn(clock)
        credentials = drawn(credentials)
        lostAnswer = drawn(lostAnswer)
        delay = drawn(delay)
        expiry = drawn(expiry)
        key = random.int(1...6)
        burst = random.int(1...12)
    }
}
