import AdminAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import OutboxCore
import Testing
import Yams

@testable import Admin

@Suite struct `the description of the admin API` {
    private let document: OpenAPIDocument
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        document = try OpenAPIDocument(Promtool.file("docs/openapi.yaml"))
    }

    @Test func `has every path that is served, and no other`() {
        let routes = AdminRoutes(service: FakeService(), logger: logger).router().routes.map { route in
            let path = "\(route.path)".split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : "\($0)" }
            return "\(route.method.rawValue) /\(path.joined(separator: "/"))"
        }
        #expect(Set(routes) == Set(document.operations.keys))
    }

    @Test func `each path answers as it says`() async throws {
        let service = FakeService(
            known: [.first: .complete],
            payloads: [.first: [1]],
            queued: [.complete, .complete],
            dead: [.complete, .complete]
        )
        let application = AdminServer.application(service: service, logger: logger)
        try await application.test(.router) { client in
            for (operation, value) in document.operations {
                let (method, path) = (operation.split(separator: " ")[0], operation.split(separator: " ")[1])
                let uri = path.replacingOccurrences(of: "{id}", with: EventID.first.description)
                try await client.execute(
                    uri: uri,
                    method: HTTPRequest.Method(String(method))!,
                    body: method == "POST" ? ByteBuffer(string: Self.order(path)) : nil
                ) { response in
                    #expect(response.status == .ok, "\(operation)")
                    let type = (response.headers[.contentType] ?? "").prefix { $0 != ";" }
                    let schema = try #require(document.schema(of: value, status: "200", type: String(type)))
                    guard type == "application/json" else { return }
                    let json = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
                    #expect(document.objections(to: json, schema, at: operation) == [])
                }
            }
        }
    }

    private static func order(_ path: Substring) -> String {
        if path.hasSuffix("/import") { return #"{"records":[{},{}]}"# }
        return path.contains("/events/") ? #"{"ids":["\#(EventID.first)"]}"# : #"{"all":true}"#
    }

    @Test func `names every member that an answer can have, and none that it can't`() throws {
        #expect(try document.difference(Status.complete, "Status") == [])
        #expect(try document.difference(Event.complete, "Event") == [])
        #expect(try document.difference(ErrorBody(code: "invalid", message: "m"), "Error") == [])
        #expect(try document.difference(EventPage(events: [.complete], next: "n"), "EventPage") == [])
        #expect(try document.difference(SelectionCount(count: 1), "Count") == [])
        #expect(try document.difference(RedriveResult(count: 1, ids: ["a"]), "Moved") == [])
        #expect(try document.difference(PurgeResult(count: 1, ids: ["a"]), "Moved") == [])
        var selection = Selection.everything
        selection.ids = ["a"]
        selection.function = "f"
        selection.condition = "expired"
        selection.keepExpiry = true
        #expect(try document.difference(selection, "Selection") == [])
        #expect(try document.difference(BackupStatus.complete, "BackupStatus") == [])
        #expect(try document.difference(CompactionStatus.complete, "CompactionStatus") == [])
        #expect(try document.difference(RedrivePlan.sample, "RedrivePlan") == [])
        let order = FunctionOrder(function: "f", all: true, reason: "r")
        #expect(try document.difference(order, "FunctionOrder") == [])
        #expect(try document.difference(FunctionList(functions: [], pauses: []), "FunctionList") == [])
        let paused = PauseResult(pause: .sample, functions: 1, queued: 2, inFlight: 3)
        #expect(try document.difference(paused, "PauseResult") == [])
        let resumed = ResumeResult(resumed: [.sample], probed: 1, stillPaused: [.sample])
        #expect(try document.difference(resumed, "ResumeResult") == [])
        #expect(try document.difference(MoveResult(count: 1, inFlight: 1), "MoveResult") == [])
        #expect(try document.difference(EventOrder(ids: ["a"], force: true), "EventOrder") == [])
        let key = SalvagedKeyLine(
            name: SalvagedKeyLine.Name(
                producer: "p",
                function: "f",
                qualifier: "q",
                region: "r",
                account: "a",
                partition: "aws",
                keyKind: 1,
                key: "k"
            ),
            keyDigest: "d",
            contentDigest: "d",
            event: "e",
            rememberedUntil: Timestamp(milliseconds: 0),
            loose: false
        )
        #expect(try document.difference(key, "ImportedKey") == [])
        let record = ImportRecord(event: .complete, payload: "e30=", marks: [], partition: "aws", key: key)
        #expect(try document.difference(record, "ImportRecord") == [])
        #expect(try document.difference(ImportOrder(records: [], dryRun: true), "ImportOrder") == [])
        let imported = ImportResult(outcome: .here, reason: "r")
        #expect(try document.difference(ImportResults(results: [imported]), "ImportResults") == [])
        #expect(try document.difference(imported, "ImportResult") == [])
        let result = EventResult(id: "a", outcome: .done, state: "queued")
        #expect(try document.difference(EventResults(results: [result]), "EventResults") == [])
    }

    @Test func `names every word of the lists that code has`() {
        #expect(document.words("Condition") == DeadLetterCondition.allCases.map(\.rawValue))
        #expect(document.words("Finding", "kind") == Finding.Kind.allCases.map(\.rawValue))
        #expect(document.words("Finding", "severity") == Finding.Severity.allCases.map(\.rawValue))
        #expect(document.words("EventResult", "outcome") == EventResult.Outcome.allCases.map(\.rawValue))
        #expect(document.words("ImportResult", "outcome") == ImportResult.Outcome.allCases.map(\.rawValue))
        #expect(document.words("Attempt", "blame") == Blame.allCases.map(\.rawValue))
    }

    @Test func `an answer that isn't as it says would be noticed`() throws {
        let status = try #require(document.schemas["Status"])
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(Status.complete))
        var object = try #require(json as? [String: Any])
        object["surprise"] = 1
        object["queued"] = "many"
        object["version"] = nil
        #expect(document.objections(to: object, status, at: "s").count == 3)
    }
}

extension Status {
    /// Every member set.
    static var complete: Status {
        var status = Metrics.sample.status
        status.refusingBecause = "because"
        status.findings = [Finding(.warning, .disk, what: "w", whatToDo: "d")]
        status.functions[0].reason = "r"
        status.pauses = [.sample]
        status.functions[0].pausedBy = "p"
        status.functions[0].since = Timestamp(milliseconds: 0)
        status.functions[0].nextProbeAt = Timestamp(milliseconds: 0)
        status.functions[0].oldestAgeSeconds = 1
        status.routes[0].reason = "r"
        status.routes[0].since = Timestamp(milliseconds: 0)
        status.routes[0].nextProbeAt = Timestamp(milliseconds: 0)
        status.routes[0].credentials = "environment"
        return status
    }
}

extension Event {
    /// Every member set.
    static var complete: Event {
        let time = Timestamp(milliseconds: 1000)
        return Event(
            id: EventID.first.description,
            function: "orders",
            qualifier: "live",
            region: "eu-west-1",
            account: "123456789012",
            arn: "arn:aws:lambda:eu-west-1:123456789012:function:orders:live",
            state: "dead-letter",
            condition: "exhausted",
            reason: "r",
            acceptedAt: time,
            diedAt: time,
            handedOverAt: time,
            cancelledAt: time,
            nextAttemptAt: time,
            expiresAt: time,
            attempts: [
                Attempt(
                    at: time,
                    lastAt: time,
                    durationMilliseconds: 1,
                    outcome: "answered",
                    blame: "function",
                    status: 500,
                    code: "c",
                    message: "m",
                    requestID: "r",
                    charged: true,
                    uncertain: false,
                    count: 2
                )
            ],
            producer: "uid:1",
            idempotencyKey: "k",
            keyKind: 1,
            keyUntil: time,
            durableExecutionName: "d",
            tenantID: "t",
            traceID: "t",
            clientContext: "e30=",
            payloadBytes: 2,
            requestID: "r",
            explanation: "e"
        )
    }
}
