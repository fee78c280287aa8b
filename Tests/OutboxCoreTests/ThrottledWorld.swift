import OutboxCore
import TestSupport

/// A receiver that lets so many a second through, as a token bucket, and refuses the others.
struct Allowance {
    var perSecond: Double
    /// What it lets through at once after a rest.
    var burst: Double
    /// nil: the answer names none.
    var reason: String?
    var retryAfter: Span?
    private var tokens: Double
    private var at: Int64 = 0
    var taken = 0
    var refused = 0

    init(perSecond: Double, burst: Double, reason: String? = nil, retryAfter: Span? = nil) {
        self.perSecond = perSecond
        self.burst = burst
        self.reason = reason
        self.retryAfter = retryAfter
        tokens = burst
    }

    /// What it answers to a request that arrives then. Nanoseconds.
    mutating func answer(at now: Int64) -> Answer {
        tokens = min(burst, tokens + Double(now - at) * perSecond / 1e9)
        at = now
        // Sums of fractions: a token that is there but for rounding is there.
        guard tokens >= 1 - 1e-6 else {
            refused += 1
            return Answer(
                status: 429,
                code: "TooManyRequestsException",
                requestID: "r",
                reason: reason,
                retryAfter: retryAfter
            )
        }
        tokens -= 1
        taken += 1
        return Answer(status: 202, requestID: "r")
    }
}

/// The real Dispatcher on virtual time against such receivers: its owner's loop, without commits that take time.
struct ThrottledWorld {
    /// Who gets what: one function's own limit, and the one that all share.
    struct Function {
        var name: String
        /// nil: none of its own.
        var allowance: Allowance?
        /// Events a second; nil: some always wait.
        var sendsPerSecond: Int64?
        var sent = 0
        var handedOver = 0
        var slowest = Span.zero
    }

    var functions: [Function]
    var shared: Allowance?
    /// Milliseconds; each attempt takes between 1 and `1 + jitter` times that.
    var roundTrip: Double
    var jitter: Double
    /// The loop wakes up to so many milliseconds late.
    var lateness: Double
    private(set) var attempts = 0
    private(set) var charged = 0
    private(set) var changes = 0
    private var dispatcher: Dispatcher
    private var random: Seeded
    private var nanoseconds: Int64 = 0
    private var rows: [QueuedEvent] = []
    private var sequence: Int64 = 0
    private var running: [Running] = []

    private struct Running {
        var event: QueuedEvent
        var startedAt: Int64
        var arrivesAt: Int64
        var endsAt: Int64
        var answer: Answer?
    }

    private struct Directory: DispatchDirectory {
        var policy: FunctionPolicy
        func policy(for function: FunctionIdentity) -> FunctionPolicy { policy }
        func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
        var routeNames: [String] { ["r"] }
    }

    init(
        functions: [Function],
        shared: Allowance? = nil,
        roundTrip: Double,
        jitter: Double = 0,
        lateness: Double = 0,
        policy: FunctionPolicy = FunctionPolicy(),
        seed: UInt64
    ) {
        self.functions = functions
        self.shared = shared
        self.roundTrip = roundTrip
        self.jitter = jitter
        self.lateness = lateness
        random = Seeded(state: seed)
        dispatcher = Dispatcher(
            limits: DispatchLimits(),
            directory: Directory(policy: policy),
            lastSequence: 0,
            nextDue: nil
        )
    }

    private var now: Moment {
        Moment(
            wall: WallTime(milliseconds: 1_800_000_000_000 + nanoseconds / 1_000_000),
            monotonic: MonotonicTime(nanoseconds: nanoseconds)
        )
    }

    /// How far the virtual time has come.
    var seconds: Double { Double(nanoseconds) / 1e9 }

    /// What the dispatcher says of a function.
    func pace(of name: String) -> FunctionPace? {
        dispatcher.snapshot(now: now).functions.first { $0.identity.name == name }?.pace
    }

    /// Lets so much time pass.
    mutating func run(for span: Span) {
        let end = nanoseconds + span.milliseconds * 1_000_000
        while nanoseconds < end { turn(until: end) }
    }

    private mutating func turn(until end: Int64) {
        feed()
        let action = dispatcher.wake(now: now, clockTrusted: true)
        for start in action.starts { begin(start.event) }
        if let claim = dispatcher.nextClaim(now: now) {
            dispatcher.claimed(page(claim), nextDue: nil)
            return
        }
        let wait = dispatcher.wait(now: now)
        let late = lateness > 0 ? Int64(Double.random(in: 0...lateness, using: &random) * 1e6) : 0
        var next = nanoseconds + max(1000, wait.milliseconds * 1_000_000 + late)
        for one in running { next = min(next, max(nanoseconds, one.endsAt)) }
        if let feeding = nextFeed { next = min(next, feeding) }
        nanoseconds = max(nanoseconds, min(end, next))
        arrive()
        complete()
    }

    private mutating func begin(_ event: QueuedEvent) {
        attempts += 1
        let span = roundTrip * (1 + (jitter > 0 ? Double.random(in: 0...jitter, using: &random) : 0)) * 1e6
        running.append(
            Running(
                event: event,
                startedAt: nanoseconds,
                arrivesAt: nanoseconds + Int64(span / 2),
                endsAt: nanoseconds + Int64(span)
            )
        )
    }

    /// Requests reach the receiver in their order, whatever the order they were begun in.
    private mutating func arrive() {
        let arrived = running.indices.filter { running[$0].answer == nil && running[$0].arrivesAt <= nanoseconds }
        for index in arrived.sorted(by: { running[$0].arrivesAt < running[$1].arrivesAt }) {
            let function = Int(running[index].event.functionKey.rawValue)
            let at = running[index].arrivesAt
            var answer = functions[function].allowance?.answer(at: at) ?? Answer(status: 202, requestID: "r")
            if answer.status == 202, shared != nil { answer = shared!.answer(at: at) }
            running[index].answer = answer
        }
    }

    private mutating func complete() {
        let ended = running.filter { $0.endsAt <= nanoseconds }
        guard !ended.isEmpty else { return }
        running.removeAll { $0.endsAt <= nanoseconds }
        for one in ended {
            let completion = AttemptCompletion(
                sequence: one.event.sequence,
                outcome: .answered(one.answer!),
                duration: .milliseconds((nanoseconds - one.startedAt) / 1_000_000)
            )
            let action = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
            changes += action.changes.count
            charged += action.resolution.chargedAttempts
            guard case .handedOver = action.resolution.fate else { continue }
            rows.removeAll { $0.sequence == one.event.sequence }
            let function = Int(one.event.functionKey.rawValue)
            functions[function].handedOver += 1
            functions[function].slowest = max(functions[function].slowest, now.wall.since(one.event.acceptedAt))
        }
        dispatcher.committed(ended.map(\.event.sequence))
    }

    // MARK: Events

    private var nextFeed: Int64? {
        functions.compactMap { function in
            function.sendsPerSecond.map { (Int64(function.sent) * 1_000_000_000 + $0 - 1) / $0 }
        }.min()
    }

    private mutating func feed() {
        var events: [QueuedEvent] = []
        for index in functions.indices {
            let wanted =
                if let rate = functions[index].sendsPerSecond {
                    Int(nanoseconds * rate / 1_000_000_000) + 1 - functions[index].sent
                } else {
                    functions[index].sent - functions[index].handedOver < 100 ? 200 : 0
                }
            for _ in 0..<max(0, wanted) {
                sequence += 1
                functions[index].sent += 1
                events.append(event(of: index))
            }
        }
        guard !events.isEmpty else { return }
        rows += events
        dispatcher.accepted(events, lastSequence: sequence)
    }

    private func event(of function: Int) -> QueuedEvent {
        QueuedEvent(
            sequence: sequence,
            id: EventID(high: 0, low: UInt64(sequence)),
            functionKey: FunctionKey(Int64(function)),
            function: FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "eu-central-1",
                name: functions[function].name,
                qualifier: "-"
            ),
            payload: [],
            payloadDigest: StoreBench.digest(1),
            acceptedAt: now.wall,
            ageFrom: now.wall
        )
    }

    /// What the store has for it; no row has a due time here.
    private func page(_ request: ClaimRequest) -> ClaimPage {
        guard case .fresh(let after, let through, let only) = request.lane else {
            preconditionFailure("no event is due at a time")
        }
        var events: [QueuedEvent] = []
        var skipped: [FunctionKey: ClaimPage.Skipped] = [:]
        var reached = after
        for row in rows where row.sequence > after && row.sequence <= through && events.count < request.eventsMax {
            reached = row.sequence
            let key = row.functionKey
            if request.held.contains(row.sequence) || (only.map { $0[key] == nil } ?? false) { continue }
            let most = min(only?[key] ?? .max, request.perFunctionMax)
            guard !request.skip.contains(key), events.count(where: { $0.functionKey == key }) < most
            else {
                let before = skipped[key]
                skipped[key] = .init(
                    first: before?.first ?? row.sequence,
                    last: row.sequence,
                    count: (before?.count ?? 0) + 1
                )
                continue
            }
            events.append(row)
        }
        let isExhausted = events.count < request.eventsMax
        return ClaimPage(
            request: request,
            events: events,
            throughSequence: isExhausted ? max(after, min(through, sequence)) : reached,
            throughDue: nil,
            skipped: skipped,
            exhausted: isExhausted
        )
    }
}

/// Random numbers from a seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
