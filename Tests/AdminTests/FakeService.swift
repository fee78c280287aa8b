import Admin
import AdminAPI
import OutboxCore

/// Answers from what a test has put in, and keeps what it was asked.
actor FakeService: AdminService {
    struct Broken: Error {}

    var known: [EventID: Event] = [:]
    var payloads: [EventID: [UInt8]] = [:]
    var queued: [Event] = []
    var dead: [Event] = []
    var isReady = true
    var isBroken = false
    private(set) var asked: [String] = []

    init(
        known: [EventID: Event] = [:],
        payloads: [EventID: [UInt8]] = [:],
        queued: [Event] = [],
        dead: [Event] = [],
        isReady: Bool = true,
        isBroken: Bool = false
    ) {
        self.known = known
        self.payloads = payloads
        self.queued = queued
        self.dead = dead
        self.isReady = isReady
        self.isBroken = isBroken
    }

    func status() async throws -> Status {
        if isBroken { throw Broken() }
        return .sample
    }

    func metrics() async throws -> Metrics {
        if isBroken { throw Broken() }
        return .sample
    }

    func events(_ filter: EventFilter, after: Int64?, limit: Int) async throws -> Listing<Int64> {
        asked.append("events \(filter.function?.text ?? "-") \(after ?? 0) \(limit)")
        let start = Int(after ?? 0)
        let page = Array(queued.dropFirst(start).prefix(limit))
        return Listing(events: page, next: start + page.count < queued.count ? Int64(start + page.count) : nil)
    }

    func event(_ id: EventID) async throws -> Event? { known[id] }

    func bringIn(_ order: ImportOrder) async throws -> ImportResults {
        asked.append("import \(order.records.count) \(order.dryRun ?? false)")
        let outcomes = ImportResult.Outcome.allCases
        return ImportResults(
            results: order.records.indices.map {
                ImportResult(outcome: outcomes[$0 % outcomes.count], reason: $0 == 0 ? nil : "why")
            }
        )
    }

    func beginBackup() async throws -> BackupStatus { .complete }

    func backup() async throws -> BackupStatus { .complete }

    func beginCompaction() async throws -> CompactionStatus { .complete }

    func compaction() async throws -> CompactionStatus { .complete }

    func payload(_ id: EventID) async throws -> [UInt8]? { payloads[id] }

    func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) async throws -> Listing<DeadPlace> {
        asked.append("dead \(filter.condition?.rawValue ?? "-") \(after.map { "\($0.sequence)" } ?? "-") \(limit)")
        let start = Int(after?.sequence ?? 0)
        let page = Array(dead.dropFirst(start).prefix(limit))
        let next = DeadPlace(diedAt: WallTime(milliseconds: -5), sequence: Int64(start + page.count))
        return Listing(events: page, next: start + page.count < dead.count ? next : nil)
    }

    func count(_ selection: DeadLetterSelection) async throws -> Int {
        asked.append("count \(selection.words)")
        return 3
    }

    func functions(_ pattern: GlobPattern?) async throws -> FunctionList {
        asked.append("functions \(pattern?.text ?? "-")")
        return FunctionList(functions: Status.sample.functions, pauses: [.sample])
    }

    func pause(_ pattern: GlobPattern, reason: String?) async throws -> PauseResult {
        asked.append("pause \(pattern) \(reason ?? "-")")
        return PauseResult(pause: .sample, functions: 1, queued: 2, inFlight: 3)
    }

    func resume(_ pattern: GlobPattern) async throws -> ResumeResult {
        asked.append("resume \(pattern)")
        return ResumeResult(resumed: [.sample], probed: 1, stillPaused: [.sample])
    }

    func moveToDead(_ pattern: GlobPattern) async throws -> MoveResult {
        asked.append("move-to-dead \(pattern)")
        return MoveResult(count: 1, inFlight: 2)
    }

    func cancel(_ ids: [EventID]) async throws -> [EventResult] {
        asked.append("cancel \(ids.count)")
        return ids.map { EventResult(id: $0.description, outcome: .done, state: "cancelled") }
    }

    func sendNow(_ ids: [EventID], force: Bool) async throws -> [EventResult] {
        asked.append("send-now \(ids.count) \(force)")
        return ids.map { EventResult(id: $0.description, outcome: .inFlight, state: "in-flight") }
    }

    func plan(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedrivePlan {
        asked.append("plan \(selection.words) \(keepExpiry)")
        return .sample
    }

    func redrive(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedriveResult {
        if isBroken { throw AdminError(.unavailable, "shutting down") }
        asked.append("redrive \(selection.words)\(keepExpiry ? " keeping" : "")")
        return RedriveResult(count: 1, ids: ["x"])
    }

    func purge(_ selection: DeadLetterSelection) async throws -> PurgeResult {
        asked.append("purge \(selection.words)")
        return PurgeResult(count: 1, ids: ["x"])
    }

    func ready() async -> Bool { isReady }
}

extension DeadLetterSelection {
    var words: String {
        switch self {
        case .ids(let ids): ids.map(\.description).joined(separator: " ")
        case .function(let pattern): "function \(pattern.text)"
        case .matching(let filter): "function \(filter.function?.text ?? "-") \(filter.condition?.rawValue ?? "-")"
        case .all: "all"
        }
    }
}

extension EventID {
    static let first = EventID("01890a5d-ac96-774b-bcce-b302099a8057")!
}

extension BackupStatus {
    static let complete = BackupStatus(
        state: .copied,
        number: 1,
        pages: 2,
        pagesLeft: 0,
        path: "p",
        events: 3,
        deadLetters: 4,
        lastSequence: 5,
        copiedAt: Timestamp(milliseconds: 0),
        problem: "p"
    )
}

extension CompactionStatus {
    static let complete = CompactionStatus(
        state: .done,
        number: 1,
        bytesBefore: 3,
        bytes: 2,
        usedBytes: 1,
        problem: "p"
    )
}

extension Pause {
    static let sample = Pause(pattern: "orders*", reason: "r", since: Timestamp(milliseconds: 0))
}

extension RedrivePlan {
    static let sample = RedrivePlan(
        count: 2,
        bytes: 3,
        expiriesDropped: 1,
        kept: 1,
        functions: [Function(function: "orders", count: 2)]
    )
}

extension Event {
    static func sample(_ id: String = EventID.first.description) -> Event {
        Event(
            id: id,
            function: "orders",
            state: "queued",
            acceptedAt: Timestamp(milliseconds: 0),
            producer: "uid:1",
            payloadBytes: 2
        )
    }
}

extension Status {
    static var sample: Status {
        var counters = Counters()
        counters.accepted = 5
        counters.attempts = ["none": 4, "function": 1]
        return Status(
            accepting: true,
            version: "1.2.3",
            instanceID: "i",
            uptimeSeconds: 61,
            queued: 2,
            queuedBytes: 20,
            dead: 1,
            deadBytes: 3,
            inFlight: 1,
            oldest: OldestEvent(id: "e", function: "orders", ageSeconds: 7),
            functions: [
                FunctionStatus(
                    function: "or\"ders",
                    state: "active",
                    queued: 2,
                    dead: 1,
                    inFlight: 1,
                    pace: FunctionPaceStatus(
                        handedOverPerSecond: 1.5,
                        limitedBy: .rest,
                        limitPerSecond: 2,
                        restsUntil: Timestamp(milliseconds: 9000),
                        inFlightLimit: 4,
                        secondsToEmpty: 1,
                        rate: 3,
                        drainRate: 500,
                        maxInFlight: 64
                    )
                )
            ],
            routes: [
                RouteStatus(
                    name: "eu",
                    endpoint: "https://lambda.eu-central-1.amazonaws.com",
                    region: "eu-central-1",
                    state: "suspended",
                    inFlight: 0
                )
            ],
            deadLetters: [LetterGroup(function: "or\"ders", condition: "exhausted", count: 1, example: "e")],
            store: StoreStatus(path: "/db", bytes: 4096, walBytes: 0, diskFreeBytes: 1 << 40),
            counters: counters
        )
    }
}

extension Metrics {
    /// Something in every family.
    static var sample: Metrics {
        var orders = FunctionMetrics(label: "orders")
        orders.queued = 2
        orders.inFlight = 1
        orders.oldestAgeSeconds = 7
        orders.state = "suspended"
        orders.ratePerSecond = 45.5
        orders.secondsToEmpty = 12
        orders.dead = ["exhausted": 1, "expired": 2]
        orders.accepts = [5, 1, 1, 2, 0, 0, 0, 0]
        orders.attempts = [4, 1, 1, 1, 1, 1, 0, 0]
        var hostile = FunctionMetrics(label: "a\"b\\c\nlambda_outbox_accepting 0")
        hostile.state = "active"
        var others = FunctionMetrics(label: MetricLabels.others)
        others.queued = 3
        var status = Status.sample
        status.at = Timestamp(milliseconds: 1_000_000)
        status.routes[0].credentialsExpireAt = Timestamp(milliseconds: 1_060_000)
        status.routes[0].clockSkewSeconds = -3
        status.store.maxBytes = 1 << 30
        status.store.maxEvents = 1000
        status.store.maxKeys = 1000
        status.store.minFreeDiskBytes = 1 << 20
        var durations = Histogram(.accepting)
        durations.add(100)
        durations.add(101)
        durations.add(20_000_000)
        var events = Histogram(.counting)
        events.add(3, times: 2)
        return Metrics(
            status: status,
            functions: [orders, hostile, others],
            refusals: ["TooManyRequestsException": 4],
            connections: .init(open: 1, opened: 9, turnedAway: 0, timeouts: 2),
            process: ProcessFacts(
                cpuSeconds: 1.25,
                residentBytes: 1 << 20,
                virtualBytes: 1 << 30,
                openDescriptors: 12,
                maxDescriptors: 1024,
                threads: 7,
                startedAtSeconds: 1_700_000_000.5
            ),
            acceptDurations: durations,
            attemptDurations: Histogram(.attempting),
            commitDurations: durations,
            commitEvents: events
        )
    }
}
