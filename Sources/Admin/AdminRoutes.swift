import AdminAPI
import FoundationEssentials
import Hummingbird
import Logging
import OutboxCore

/// The paths of the admin API, of health and of metrics.
struct AdminRoutes {
    let service: any AdminService
    let logger: Logger

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ErrorAnswers(logger: logger))
        let api = router.group("outbox/v1")
        api.get("status") { _, _ in try JSONAnswers.answer(await service.status()) }
        api.get("events", use: events)
        api.get("events/:id", use: event)
        api.get("events/:id/payload", use: payload)
        api.get("dead-letters", use: deadLetters)
        addOrders(to: api)
        api.post("dead-letters/count") { request, _ in
            let selection = try await JSONAnswers.decode(Selection.self, from: request).resolved()
            return try JSONAnswers.answer(SelectionCount(count: await service.count(selection)))
        }
        api.post("dead-letters/redrive") { request, _ in
            let wanted = try await JSONAnswers.decode(Selection.self, from: request)
            let result = try await service.redrive(
                wanted.resolved(mayKeepExpiry: true),
                keepExpiry: wanted.keepExpiry ?? false
            )
            logger.notice("dead letters redriven", metadata: ["count": "\(result.count)"])
            return try JSONAnswers.answer(result)
        }
        api.post("dead-letters/plan") { request, _ in
            let wanted = try await JSONAnswers.decode(Selection.self, from: request)
            return try JSONAnswers.answer(
                await service.plan(wanted.resolved(mayKeepExpiry: true), keepExpiry: wanted.keepExpiry ?? false)
            )
        }
        api.post("dead-letters/purge") { request, _ in
            let selection = try await JSONAnswers.decode(Selection.self, from: request).resolved()
            let result = try await service.purge(selection)
            logger.notice("dead letters purged", metadata: ["count": "\(result.count)"])
            return try JSONAnswers.answer(result)
        }
        addMonitoring(to: router)
        return router
    }

    /// Metrics and health alone, for a listener that asks nobody who he is.
    func monitoringRouter() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ErrorAnswers(logger: logger))
        router.add(middleware: LoopbackHostOnly())
        router.add(middleware: MonitoringOnly())
        addMonitoring(to: router)
        return router
    }

    private func addMonitoring(to router: Router<BasicRequestContext>) {
        router.get("health/live") { _, _ in JSONAnswers.bytes(Array("ok\n".utf8), type: "text/plain") }
        router.get("health/ready") { _, _ in
            await service.ready()
                ? JSONAnswers.bytes(Array("ready\n".utf8), type: "text/plain")
                : JSONAnswers.bytes(Array("not ready\n".utf8), type: "text/plain", status: .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            JSONAnswers.bytes(try await service.metricsPage(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Sendable private func events(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let query = try ListQuery(request)
        var after: Int64?
        if let text = query.after {
            guard let sequence = Int64(text), sequence >= 0 else { throw ListQuery.badPlace }
            after = sequence
        }
        let listing = try await service.events(query.filter, after: after, limit: query.limit)
        return try JSONAnswers.answer(EventPage(events: listing.events, next: listing.next.map(String.init)))
    }

    @Sendable private func deadLetters(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let query = try ListQuery(request)
        let after = try query.after.map { text in
            guard let place = DeadPlace(cursor: text) else { throw ListQuery.badPlace }
            return place
        }
        let listing = try await service.deadLetters(query.filter, after: after, limit: query.limit)
        return try JSONAnswers.answer(EventPage(events: listing.events, next: listing.next?.cursor))
    }

    @Sendable private func event(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try Self.id(context)
        guard let event = try await service.event(id) else {
            throw AdminError(
                .notFound,
                "nothing is known of event \(id): never accepted here, purged, or handed over longer ago than history is kept"
            )
        }
        return try JSONAnswers.answer(event)
    }

    @Sendable private func payload(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try Self.id(context)
        guard let payload = try await service.payload(id) else {
            throw AdminError(
                .notFound,
                "no payload is kept of event \(id); only queued events and dead letters have one"
            )
        }
        return JSONAnswers.bytes(payload, type: "application/octet-stream")
    }

    private static func id(_ context: BasicRequestContext) throws -> EventID {
        let text = try context.parameters.require("id")
        guard let id = EventID(text) else {
            throw AdminError(.invalid, "an event id looks like 01890a5d-ac96-774b-bcce-b302099a8057")
        }
        return id
    }
}

/// What both lists take: `function`, `condition`, `after`, `limit`. Anything else is refused, never ignored in silence.
struct ListQuery {
    var filter = EventFilter()
    var after: String?
    var limit = AdminLimits.pageDefault

    static let badPlace = AdminError(.invalid, "after: give back the `next` of the page before")

    init(_ request: Request) throws {
        for (name, value) in request.uri.queryParameters {
            switch name {
            case "function":
                filter.function = try GlobPattern(checked: String(value))
            case "condition":
                filter.condition = try DeadLetterCondition(checked: String(value))
            case "after": after = String(value)
            case "limit":
                guard let number = Int(value), (1...AdminLimits.pageMax).contains(number) else {
                    throw AdminError(.invalid, "limit: a number from 1 to \(AdminLimits.pageMax)")
                }
                limit = number
            default: throw AdminError(.invalid, "unknown parameter; a list takes function, condition, after, limit")
            }
        }
    }
}

extension DeadPlace {
    /// As clients carry it from page to page.
    var cursor: String { "\(diedAt.milliseconds)-\(sequence)" }

    init?(cursor: String) {
        guard let dash = cursor.lastIndex(of: "-"), let diedAt = Int64(cursor[..<dash]),
            let sequence = Int64(cursor[cursor.index(after: dash)...]), sequence >= 0
        else { return nil }
        self.init(diedAt: WallTime(milliseconds: diedAt), sequence: sequence)
    }
}
