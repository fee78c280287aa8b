import AdminAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import OutboxCore
import Testing

@testable import Admin

@Suite struct `the admin API` {
    private func ask(
        _ service: FakeService = FakeService(),
        _ method: HTTPRequest.Method = .get,
        _ path: String,
        body: String? = nil
    ) async throws -> (status: HTTPResponse.Status, body: [UInt8]) {
        let application = AdminServer.application(
            service: service,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return try await application.test(.router) { client in
            try await client.execute(uri: path, method: method, body: body.map { ByteBuffer(string: $0) }) {
                ($0.status, Array($0.body.readableBytesView))
            }
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    @Test func `tells the status as it is`() async throws {
        let answer = try await ask(FakeService(), .get, "/outbox/v1/status")
        #expect(answer.status == .ok)
        #expect(try decode(Status.self, answer.body) == .sample)
    }

    @Test func `tells everything about one event`() async throws {
        let service = FakeService(known: [.first: .sample()])
        let answer = try await ask(service, .get, "/outbox/v1/events/01890A5D-AC96-774B-BCCE-B302099A8057")
        #expect(try decode(Event.self, answer.body) == .sample())
    }

    @Test func `names the members as the manual does`() async throws {
        let service = FakeService(known: [.first: .sample()])
        let answer = try await ask(service, .get, "/outbox/v1/events/\(EventID.first)")
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == #"{"accepted_at":"1970-01-01T00:00:00.000Z","attempt_count":0,"charged_attempts":0,"function":"orders","#
                + #""id":"01890a5d-ac96-774b-bcce-b302099a8057","payload_bytes":2,"producer":"uid:1","redriven":0,"#
                + #""state":"queued","uncertain":false}"#
        )
    }

    @Test func `gives the exact bytes of a payload (P10)`() async throws {
        let bytes: [UInt8] = [0x7B, 0x20, 0x0A, 0x7D, 0xFF]
        let answer = try await ask(
            FakeService(payloads: [.first: bytes]),
            .get,
            "/outbox/v1/events/\(EventID.first)/payload"
        )
        #expect(answer.status == .ok)
        #expect(answer.body == bytes)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        var method = HTTPRequest.Method.get
        var path: String
        var body: String?
        var status: HTTPResponse.Status
        var code: String
        var testDescription: String { "\(method) \(path) \(body ?? "")" }
    }

    @Test(arguments: [
        Wrong(path: "/outbox/v1/events/\(EventID.first)", status: .notFound, code: "not-found"),
        Wrong(path: "/outbox/v1/events/\(EventID.first)/payload", status: .notFound, code: "not-found"),
        Wrong(path: "/outbox/v1/events/nonsense", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/events?limit=0", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/events?limit=1001", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/events?after=x", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/events?functoin=x", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/dead-letters?after=1", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/dead-letters?condition=sad", status: .badRequest, code: "invalid"),
        Wrong(path: "/outbox/v1/nothing", status: .notFound, code: "not-found"),
        Wrong(path: "/", status: .notFound, code: "not-found"),
        Wrong(method: .post, path: "/outbox/v1/dead-letters/purge", body: "{", status: .badRequest, code: "invalid"),
        Wrong(method: .post, path: "/outbox/v1/dead-letters/purge", body: "{}", status: .badRequest, code: "invalid"),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/purge",
            body: #"{"all":false}"#,
            status: .badRequest,
            code: "invalid"
        ),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/redrive",
            body: #"{"ids":[]}"#,
            status: .badRequest,
            code: "invalid"
        ),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/redrive",
            body: #"{"ids":["x"]}"#,
            status: .badRequest,
            code: "invalid"
        ),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/redrive",
            body: #"{"function":""}"#,
            status: .badRequest,
            code: "invalid"
        ),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/redrive",
            body: #"{"all":true,"function":"a"}"#,
            status: .badRequest,
            code: "invalid"
        ),
        Wrong(
            method: .post,
            path: "/outbox/v1/dead-letters/count",
            body: "{\"function\":\"\(String(repeating: "a", count: 200_000))\"}",
            status: .contentTooLarge,
            code: "too-large"
        ),
    ])
    func `refuses with a status, a code and words`(_ wrong: Wrong) async throws {
        let service = FakeService()
        let answer = try await ask(service, wrong.method, wrong.path, body: wrong.body)
        #expect(answer.status == wrong.status)
        let error = try decode(ErrorBody.self, answer.body)
        #expect(error.code == wrong.code)
        #expect(!error.message.isEmpty)
        #expect(await service.asked.isEmpty)
    }

    @Test func `an error that isn't meant for operators is told as internal (P11)`() async throws {
        let answer = try await ask(FakeService(isBroken: true), .get, "/outbox/v1/status")
        #expect(answer.status == .internalServerError)
        #expect(try decode(ErrorBody.self, answer.body).code == "internal")
    }

    @Test func `a refusal for now is told as such`() async throws {
        let service = FakeService(isBroken: true)
        let answer = try await ask(service, .post, "/outbox/v1/dead-letters/redrive", body: #"{"all":true}"#)
        #expect(answer.status == .serviceUnavailable)
        #expect(try decode(ErrorBody.self, answer.body) == ErrorBody(code: "unavailable", message: "shutting down"))
    }

    @Test func `lists go on where the page before ended`() async throws {
        let service = FakeService(queued: ["a", "b", "c"].map { .sample($0) })
        let first = try decode(EventPage.self, await ask(service, .get, "/outbox/v1/events?limit=2&function=or*").body)
        #expect(first.events.map(\.id) == ["a", "b"])
        let next = try #require(first.next)
        let last = try decode(EventPage.self, await ask(service, .get, "/outbox/v1/events?limit=2&after=\(next)").body)
        #expect(last.events.map(\.id) == ["c"])
        #expect(last.next == nil)
        #expect(await service.asked == ["events or* 0 2", "events - 2 2"])
    }

    @Test func `lists of dead letters go on behind the last place, also before 1970`() async throws {
        let service = FakeService(dead: ["a", "b", "c"].map { .sample($0) })
        let path = "/outbox/v1/dead-letters?limit=2&condition=suspected-poison"
        let first = try decode(EventPage.self, await ask(service, .get, path).body)
        let next = try #require(first.next)
        #expect(next == "-5-2")
        let last = try decode(EventPage.self, await ask(service, .get, path + "&after=\(next)").body)
        #expect(last.events.map(\.id) == ["c"])
        #expect(await service.asked == ["dead suspected-poison - 2", "dead suspected-poison 2 2"])
    }

    @Test func `selections reach the service as they were meant`() async throws {
        let service = FakeService()
        _ = try await ask(service, .post, "/outbox/v1/dead-letters/redrive", body: #"{"ids":["\#(EventID.first)"]}"#)
        _ = try await ask(service, .post, "/outbox/v1/dead-letters/purge", body: #"{"function":"or*"}"#)
        _ = try await ask(service, .post, "/outbox/v1/dead-letters/count", body: #"{"all":true}"#)
        #expect(await service.asked == ["redrive \(EventID.first)", "purge function or*", "count all"])
    }

    @Test func `is live always, and ready while the door serves`() async throws {
        #expect(try await ask(FakeService(isReady: false), .get, "/health/live").status == .ok)
        #expect(try await ask(FakeService(isReady: true), .get, "/health/ready").status == .ok)
        #expect(try await ask(FakeService(isReady: false), .get, "/health/ready").status == .serviceUnavailable)
    }

    @Test func `counts a selection from the counts that the store keeps`() {
        let orders = FunctionIdentity(
            partition: "aws",
            account: "-",
            region: "eu-west-1",
            name: "orders",
            qualifier: "-"
        )
        var live = orders
        live.qualifier = "live"
        let groups = [
            DeadLetterGroup(function: orders, condition: .exhausted, count: 2, newest: .first),
            DeadLetterGroup(function: live, condition: .expired, count: 5, newest: .first),
        ]
        #expect(DeadLetterSelection.function(GlobPattern("orders")).count(in: groups) == 7)
        #expect(DeadLetterSelection.function(GlobPattern("*:live")).count(in: groups) == 5)
        #expect(DeadLetterSelection.all.count(in: groups) == 7)
        #expect(DeadLetterSelection.ids([.first]).count(in: groups) == nil)
    }
}
