import NIOConcurrencyHelpers
import NIOCore
import OutboxCore
import Testing

@testable import Door

#if canImport(Glibc)
    import Glibc
#endif

/// Knows the events of one producer; answers when the test says so, or at once.
private final class FakeLookup: EventLookup {
    struct Down: Error {}

    private let waiting = NIOLockedValueBox<[CheckedContinuation<Void, Never>]>([])
    private let asked = AsyncStream.makeStream(of: Void.self)
    let producer: String
    let isHeld: Bool

    init(producer: String, isHeld: Bool = false) {
        self.producer = producer
        self.isHeld = isHeld
    }

    func eventJSON(_ id: EventID, producer: String) async throws -> [UInt8]? {
        if isHeld {
            await withCheckedContinuation { continuation in
                waiting.withLockedValue { $0.append(continuation) }
                asked.continuation.yield()
            }
        }
        if id == eventID(500) { throw Down() }
        return id == eventID(7) && producer == self.producer ? Array(#"{"id":"\#(id)","state":"queued"}"#.utf8) : nil
    }

    func wasAsked(_ count: Int) async {
        var questions = asked.stream.makeAsyncIterator()
        for _ in 0..<count { await questions.next() }
    }

    func release() {
        for continuation in waiting.withLockedValue({ all in
            defer { all = [] }; return all
        }) { continuation.resume() }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A producer asks for its event` {
    static func get(_ id: String, _ headers: [String] = [], method: String = "GET", body: String? = nil) -> String {
        request(method, "/outbox/v1/events/\(id)", headers: headers, body: body)
    }

    private static func answers(
        to requests: String,
        _ count: Int,
        lookup: FakeLookup? = FakeLookup(producer: "uid:\(getuid())")
    ) async throws -> [Response] {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder, lookup: lookup)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(requests)
        let responses = try await client.responsesAside(count)
        await server.shutdown(within: .seconds(5))
        return responses
    }

    @Test func `it is told where the event is`() async throws {
        let response = try #require(try await Self.answers(to: Self.get("\(eventID(7))"), 1).first)
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "application/json")
        #expect(response.headers["cache-control"] == "no-store")
        #expect(response.body == #"{"id":"\#(eventID(7))","state":"queued"}"#)
    }

    @Test func `another producer's event and an unknown one get the same answer (P11)`() async throws {
        let foreign = try await Self.answers(to: Self.get("\(eventID(7))"), 1, lookup: FakeLookup(producer: "uid:1"))
        let unknown = try await Self.answers(to: Self.get("\(eventID(8))"), 1)
        for response in [foreign[0], unknown[0]] {
            #expect(response.status == 404)
            #expect(response.headers["x-amzn-errortype"] == "ResourceNotFoundException")
        }
        #expect(foreign[0].body == unknown[0].body)
    }

    @Test(arguments: [
        (get("17"), 400, "ValidationException"),
        (get("\(eventID(7))0"), 400, "ValidationException"),
        (get("\(eventID(7))", ["Host: other"]), 400, "InvalidParameterValueException"),
        (get("%2e%2e"), 400, "ValidationException"),
        (get(""), 404, "UnknownOperationException"),
        (get("\(eventID(7))/payload"), 404, "UnknownOperationException"),
        (get("\(eventID(7))", method: "POST", body: "{}"), 404, "UnknownOperationException"),
        (get("\(eventID(7))", method: "DELETE"), 404, "UnknownOperationException"),
        (get("\(eventID(7))", ["User-Agent: lambda-outbox/1 (\(testInstanceID))"]), 400, "OutboxLoopException"),
        (get("\(eventID(500))"), 503, "ServiceUnavailableException"),
    ])
    func `what is no such question is refused`(text: String, status: Int, code: String) async throws {
        let response = try #require(try await Self.answers(to: text, 1).first)
        #expect(response.status == status)
        #expect(response.headers["x-amzn-errortype"] == code)
    }

    @Test func `a door without look-ups doesn't know the path`() async throws {
        #expect(try await Self.answers(to: Self.get("\(eventID(7))"), 1, lookup: nil).map(\.status) == [404])
    }

    @Test func `what comes with the question is read and dropped`() async throws {
        let texts = Self.get("\(eventID(7))", body: "{\"a\":1}") + Self.get("\(eventID(7))")
        #expect(try await Self.answers(to: texts, 2).map(\.status) == [200, 200])
    }

    @Test func `browsers and foreign hosts are refused, as everywhere (P11)`() throws {
        let door = EmbeddedDoor(lookup: FakeLookup(producer: "tcp"))
        for header in ["Host: localhost:9100\r\nOrigin: null", "Host: evil.example:9100"] {
            let connection = try door.connect(Caller(producer: "tcp", tcpPort: 9100))
            try connection.send(Self.get("\(eventID(7))").replacing("Host: localhost", with: header))
            #expect(try connection.responses().map(\.status) == [403])
        }
    }

    @Test func `answers keep the order of requests`() async throws {
        let folder = try TemporaryFolder()
        let lookup = FakeLookup(producer: "uid:\(getuid())", isHeld: true)
        let server = try await `Door on real sockets`.start(folder, lookup: lookup)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request(body: "1") + Self.get("\(eventID(7))") + request(body: "2"))
        await lookup.wasAsked(1)
        lookup.release()
        #expect(try await client.responsesAside(3).map(\.status) == [202, 200, 202])
        #expect(server.counters.accepted == 2)
        await server.shutdown(within: .seconds(5))
        #expect(server.counters.lookups == 1)
    }

    @Test func `a connection has four under way at most, the door sixty-four (P7)`() async throws {
        let folder = try TemporaryFolder()
        let lookup = FakeLookup(producer: "uid:\(getuid())", isHeld: true)
        let server = try await `Door on real sockets`.start(folder, lookup: lookup)
        let path = folder.file("door.sock")
        let clients = try (0..<17).map { _ in try RawClient(unix: path) }
        let question = Self.get("\(eventID(7))")
        try clients[0].send(String(repeating: question, count: 5))
        for client in clients[1..<16] { try client.send(String(repeating: question, count: 4)) }
        await lookup.wasAsked(64)
        try clients[16].send(question)
        let late = try #require(try await clients[16].responsesAside(1).first)
        #expect(late.status == 429)
        #expect(late.headers["retry-after"] == "1")
        lookup.release()
        #expect(try await clients[0].responsesAside(5).map(\.status) == [200, 200, 200, 200, 429])
        for client in clients[1..<16] {
            #expect(try await client.responsesAside(4).map(\.status) == [200, 200, 200, 200])
        }
        await server.shutdown(within: .seconds(5))
    }

    @Test func `at shutdown a question that was read is answered`() async throws {
        let folder = try TemporaryFolder()
        let lookup = FakeLookup(producer: "uid:\(getuid())", isHeld: true)
        let server = try await `Door on real sockets`.start(folder, lookup: lookup)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(Self.get("\(eventID(7))"))
        await lookup.wasAsked(1)
        async let closing: Void = server.shutdown(within: .seconds(30))
        // The file goes first, so its absence says that the shutdown has begun.
        while folder.mode("door.sock") != nil { await Task.yield() }
        lookup.release()
        #expect(try await client.responsesAside(1).map(\.status) == [200])
        #expect(try client.isAtEnd())
        await closing
    }
}
