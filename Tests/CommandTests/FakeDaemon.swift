import Admin
import AdminAPI
import HTTPTypes
import Hummingbird
import Logging
import OutboxCore
import TestSupport

/// Both sockets of a daemon, in a folder of their own; behind them a handful of events in memory.
struct FakeDaemon: Sendable {
    let folder: TemporaryDirectory
    let letters: Letters
    let door: FakeDoor

    var directory: String { folder.path }
    var adminSocket: String { folder.file("admin.sock") }
    var doorSocket: String { folder.file("door.sock") }

    /// Runs `body` while both sockets are served.
    @discardableResult
    static func running<Value: Sendable>(
        letters: Letters = Letters(),
        door: FakeDoor = FakeDoor(),
        _ body: @escaping @Sendable (FakeDaemon) async throws -> Value
    ) async throws -> Value {
        let daemon = FakeDaemon(folder: try TemporaryDirectory(), letters: letters, door: door)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (admin, adminListens) = AsyncStream.makeStream(of: Void.self)
        let (doorStream, doorListens) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                let server = AdminServer(path: daemon.adminSocket, service: letters, logger: logger) {
                    adminListens.finish()
                }
                try await server.run()
                return nil
            }
            group.addTask {
                try await door.serve(daemon.doorSocket, logger: logger) { doorListens.finish() }
                return nil
            }
            group.addTask {
                for await _ in admin {}
                for await _ in doorStream {}
                return try await body(daemon)
            }
            while let result = try await group.next() {
                if let result {
                    group.cancelAll()
                    return result
                }
            }
            throw CancellationError()
        }
    }
}

/// An admin service over dead letters in memory.
actor Letters: AdminService {
    private(set) var letters: [Event]
    private(set) var redriven: [String] = []
    private var payloads: [String: [UInt8]]
    private var states: [String: Event] = [:]

    private let queued: [Event]

    init(_ letters: [(Event, [UInt8])] = [], queued: [Event] = []) {
        self.letters = letters.map(\.0)
        self.queued = queued
        payloads = Dictionary(uniqueKeysWithValues: letters.map { ($0.0.id, $0.1) })
    }

    /// Records of each order that came.
    private(set) var orders: [[ImportRecord]] = []

    /// Letters are here already; of the function `full` nothing more fits, and `bad` is refused.
    func bringIn(_ order: ImportOrder) async throws -> ImportResults {
        orders.append(order.records)
        return ImportResults(
            results: order.records.map { record in
                if letters.contains(where: { $0.id == record.event?.id }) {
                    return ImportResult(outcome: .here, reason: "already here: dead-letter")
                }
                switch record.event?.function ?? record.key?.function {
                case "full": return ImportResult(outcome: .noRoom, reason: "the queue is full")
                case "bad": return ImportResult(outcome: .refused, reason: "none of ours")
                default: return ImportResult(outcome: .imported)
                }
            }
        )
    }

    func status() async throws -> Status {
        Status(
            accepting: true,
            version: "0.1.0",
            instanceID: "i",
            uptimeSeconds: 3,
            queued: 0,
            queuedBytes: 0,
            dead: letters.count,
            deadBytes: 0,
            inFlight: 0,
            store: StoreStatus(path: "/db", bytes: 0, walBytes: 0, diskFreeBytes: 0)
        )
    }

    func metrics() async throws -> Metrics { Metrics(status: try await status()) }

    func events(_ filter: EventFilter, after: Int64?, limit: Int) async throws -> Listing<Int64> {
        let found = queued.filter { event in
            (filter.function.map { $0.matches(event.function) } ?? true)
                && (after.map { EventID(event.id)!.sequence > $0 } ?? true)
        }
        let page = Array(found.prefix(limit))
        // As the daemon does it: a full page always names the next one.
        return Listing(events: page, next: page.count == limit ? EventID(page[limit - 1].id)!.sequence : nil)
    }

    func event(_ id: EventID) async throws -> Event? { (letters + queued).first { $0.id == id.description } }

    func payload(_ id: EventID) async throws -> [UInt8]? {
        letters.contains { $0.id == id.description } ? payloads[id.description] : nil
    }

    func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) async throws -> Listing<DeadPlace> {
        let found = letters.filter { letter in
            (filter.function.map { $0.matches(letter.function) } ?? true)
                && (filter.condition.map { $0.rawValue == letter.condition } ?? true)
                && (after.map { EventID(letter.id)!.sequence > $0.sequence } ?? true)
        }
        let page = Array(found.prefix(limit))
        let last = page.last.map { DeadPlace(diedAt: WallTime(milliseconds: 0), sequence: EventID($0.id)!.sequence) }
        return Listing(events: page, next: page.count == limit ? last : nil)
    }

    func count(_ selection: DeadLetterSelection) async throws -> Int { matching(selection).count }

    func redrive(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedriveResult {
        let ids = take(selection)
        redriven += ids
        return RedriveResult(count: ids.count, ids: Array(ids.prefix(1000)))
    }

    func purge(_ selection: DeadLetterSelection) async throws -> PurgeResult {
        let ids = take(selection)
        return PurgeResult(count: ids.count, ids: Array(ids.prefix(1000)))
    }

    func plan(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedrivePlan {
        let meant = matching(selection)
        var plan = RedrivePlan(count: meant.count, bytes: meant.reduce(0) { $0 + $1.payloadBytes })
        if keepExpiry { plan.kept = 1 } else { plan.expiriesDropped = 1 }
        plan.functions = [.init(function: "orders", count: meant.count)]
        return plan
    }

    func functions(_ pattern: GlobPattern?) async throws -> FunctionList {
        FunctionList(
            functions: Self.functions.filter { pattern?.matches($0.function) ?? true }.map { function in
                var function = function
                if let pause = pauses.first(where: { GlobPattern($0.pattern).matches(function.function) }) {
                    function.state = "paused"
                    function.pausedBy = pause.pattern
                    function.reason = "by an operator" + (pause.reason.map { ": \($0)" } ?? "")
                    function.since = pause.since
                    function.nextProbeAt = nil
                    function.pace = nil
                }
                return function
            },
            pauses: pauses
        )
    }

    private static let functions: [FunctionStatus] = [
        FunctionStatus(
            function: "billing:live",
            state: "suspended",
            reason: "ResourceNotFound",
            since: Timestamp(milliseconds: 1000),
            nextProbeAt: Timestamp(milliseconds: 61_000),
            queued: 17,
            dead: 0,
            inFlight: 0,
            oldestAgeSeconds: 3725
        ),
        FunctionStatus(
            function: "orders",
            state: "active",
            queued: 1,
            dead: 3,
            inFlight: 1,
            oldestAgeSeconds: 2,
            pace: FunctionPaceStatus(
                handedOverPerSecond: 12.5,
                limitedBy: .routeThrottle,
                limitPerSecond: 0.5,
                inFlightLimit: 8,
                secondsToEmpty: 2,
                rate: 50,
                maxInFlight: 64
            )
        ),
    ]

    private var pauses: [Pause] = []

    func pause(_ pattern: GlobPattern, reason: String?) async throws -> PauseResult {
        let pause = Pause(pattern: pattern.text, reason: reason, since: Timestamp(milliseconds: 5000))
        pauses.append(pause)
        let meant = Self.functions.filter { pattern.matches($0.function) }
        let queued = meant.reduce(0) { $0 + $1.queued }
        return PauseResult(pause: pause, functions: meant.count, queued: queued, inFlight: 0)
    }

    func resume(_ pattern: GlobPattern) async throws -> ResumeResult {
        let resumed = pauses.filter { pattern.matches($0.pattern) }
        pauses.removeAll { pattern.matches($0.pattern) }
        return ResumeResult(
            resumed: resumed,
            probed: Self.functions.count { $0.state == "suspended" && pattern.matches($0.function) },
            stillPaused: pauses.filter { GlobPattern($0.pattern).matches(pattern.text) }
        )
    }

    func moveToDead(_ pattern: GlobPattern) async throws -> MoveResult {
        let meant = Self.functions.filter { pattern.matches($0.function) }
        return MoveResult(count: meant.reduce(0) { $0 + $1.queued }, inFlight: meant.reduce(0) { $0 + $1.inFlight })
    }

    func cancel(_ ids: [EventID]) async throws -> [EventResult] { results(ids, done: "cancelled") }

    func sendNow(_ ids: [EventID], force: Bool) async throws -> [EventResult] { results(ids, done: "queued") }

    /// An event in flight is in the queue the next time that it is asked for: its attempt has failed meanwhile.
    private var ended: Set<EventID> = []

    private func results(_ ids: [EventID], done: String) -> [EventResult] {
        ids.map { id in
            guard let event = (letters + queued).first(where: { $0.id == id.description }) else {
                return EventResult(id: id.description, outcome: .unknown)
            }
            switch event.state {
            case "in-flight" where ended.insert(id).inserted:
                return EventResult(id: event.id, outcome: .inFlight, state: event.state)
            case "queued", "in-flight": return EventResult(id: event.id, outcome: .done, state: done)
            default: return EventResult(id: event.id, outcome: .notQueued, state: event.state)
            }
        }
    }

    func beginBackup() async throws -> BackupStatus { BackupStatus(state: .none) }

    func backup() async throws -> BackupStatus { BackupStatus(state: .none) }

    func beginCompaction() async throws -> CompactionStatus { CompactionStatus(state: .done) }

    func compaction() async throws -> CompactionStatus {
        CompactionStatus(state: .done, bytesBefore: 2 << 30, bytes: 3 << 20, usedBytes: 3 << 20)
    }

    func ready() async -> Bool { true }

    private func matching(_ selection: DeadLetterSelection) -> [Event] {
        switch selection {
        case .all: letters
        case .function(let pattern): letters.filter { pattern.matches($0.function) }
        case .matching(let filter):
            letters.filter { letter in
                (filter.function.map { $0.matches(letter.function) } ?? true)
                    && (filter.condition.map { $0.rawValue == letter.condition } ?? true)
            }
        case .ids(let ids): letters.filter { letter in ids.contains { $0.description == letter.id } }
        }
    }

    private func take(_ selection: DeadLetterSelection) -> [String] {
        let ids = matching(selection).map(\.id)
        letters.removeAll { ids.contains($0.id) }
        return ids
    }
}

/// A door that takes everything unless told otherwise, and keeps what it got.
actor FakeDoor {
    struct Request: Sendable {
        var function: String
        var query: String?
        var headers: [String: String]
        var body: String
    }

    struct Answer: Sendable {
        var status = 202
        var headers: [String: String] = [:]
        var body = ""
    }

    typealias Script = @Sendable (Request) -> Answer?
    typealias Events = @Sendable (_ id: String) -> Answer

    private(set) var requests: [Request] = []
    private let script: Script
    private let events: Events

    /// - Parameters:
    ///   - script: answers a request; nil: 202 with an id of its own.
    ///   - events: tells producers where an event is.
    init(
        _ script: @escaping Script = { _ in nil },
        events: @escaping Events = { _ in refusal(404, "ResourceNotFoundException", "no such event") }
    ) {
        self.events = events
        self.script = script
    }

    nonisolated func serve(_ path: String, logger: Logger, onListening: @escaping @Sendable () -> Void) async throws {
        let router = Router()
        router.post("2015-03-31/functions/:function/invocations") { request, context in
            let body = try await request.body.collect(upTo: 9 << 20)
            var headers: [String: String] = [:]
            for field in request.headers { headers[field.name.canonicalName] = field.value }
            let function = try context.parameters.require("function")
            return await self.answer(
                Request(function: function, query: request.uri.query, headers: headers, body: String(buffer: body))
            )
        }
        router.get("outbox/v1/events/:id") { _, context in
            Self.response(self.events(try context.parameters.require("id")))
        }
        var quiet = logger
        quiet.logLevel = .critical
        try await Application(
            router: router,
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
            onServerRunning: { _ in onListening() },
            logger: quiet
        ).run()
    }

    private func answer(_ request: Request) -> Response {
        requests.append(request)
        return Self.response(
            script(request) ?? Answer(headers: ["x-amzn-RequestId": "id-of-\(request.body.prefix(20))"])
        )
    }

    private static func response(_ answer: Answer) -> Response {
        var response = Response(status: .init(code: answer.status))
        for (name, value) in answer.headers { response.headers[HTTPField.Name(name)!] = value }
        response.body = ResponseBody(byteBuffer: ByteBuffer(string: answer.body))
        return response
    }

    static func refusal(_ status: Int, _ code: String, _ message: String) -> Answer {
        Answer(
            status: status,
            headers: ["x-amzn-ErrorType": code],
            body: #"{"Type":"User","message":"\#(message)"}"#
        )
    }
}

extension Event {
    static func letter(_ number: Int64, function: String = "orders", condition: String = "exhausted") -> Event {
        Event(
            id: EventID(acceptedAt: WallTime(milliseconds: 1000), sequence: number, generation: 1, random: 2)
                .description,
            function: function,
            state: "dead-letter",
            condition: condition,
            reason: "3 attempts failed",
            acceptedAt: Timestamp(milliseconds: 1000),
            diedAt: Timestamp(milliseconds: 2000),
            attempts: [
                Attempt(
                    at: Timestamp(milliseconds: 1500),
                    durationMilliseconds: 7,
                    outcome: "answered",
                    blame: "function",
                    status: 500,
                    code: "ServiceException",
                    message: "it broke",
                    charged: true,
                    uncertain: false
                )
            ],
            attemptCount: 1,
            chargedAttempts: 1,
            producer: "uid:1001",
            payloadBytes: 2
        )
    }
}
