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

    func events(_ filter: EventFilter, after: Int64?, limit: Int) async throws -> Listing<Int64> {
        asked.append("events \(filter.function?.text ?? "-") \(after ?? 0) \(limit)")
        let start = Int(after ?? 0)
        let page = Array(queued.dropFirst(start).prefix(limit))
        return Listing(events: page, next: start + page.count < queued.count ? Int64(start + page.count) : nil)
    }

    func event(_ id: EventID) async throws -> Event? { known[id] }

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

    func redrive(_ selection: DeadLetterSelection) async throws -> RedriveResult {
        if isBroken { throw AdminError(.unavailable, "shutting down") }
        asked.append("redrive \(selection.words)")
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
        case .all: "all"
        }
    }
}

extension EventID {
    static let first = EventID("01890a5d-ac96-774b-bcce-b302099a8057")!
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
            functions: [FunctionStatus(function: "or\"ders", state: "active", queued: 2, dead: 1, inFlight: 1)],
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
