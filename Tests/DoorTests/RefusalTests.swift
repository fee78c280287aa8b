import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// Every row of the table of errors that a request alone can bring about.
@Suite struct `Refusals at the door` {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var code: String
        /// Stands in the message.
        var text: String
        /// The connection goes on behind it.
        var survives = true
        var tcp = false

        var testDescription: String { name }
    }

    static let event = "X-Amz-Invocation-Type: Event"

    static func with(_ header: String) -> String { request(headers: [event, header]) }

    static let rows = ofInvocations + ofRequests

    static let small = rows.filter { $0.request.utf8.count < 100_000 }

    @Test(arguments: rows, [Feeding.whole, .pieces])
    func `come in AWS's shape, however the request arrives`(row: Row, feeding: Feeding) throws {
        try check(row, feeding)
    }

    @Test(arguments: small)
    func `come in AWS's shape, byte by byte`(row: Row) throws { try check(row, .bytes) }

    private func check(_ row: Row, _ feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect(Caller(producer: "p", tcpPort: row.tcp ? 9100 : nil))
        try connection.feed(row.request, feeding)
        let responses = try connection.responses()
        #expect(responses.count == 1)
        let response = try #require(responses.first)
        #expect(response.status == row.status)
        #expect(response.headers["x-amzn-errortype"] == row.code)
        #expect(response.headers["content-type"] == "application/json")
        #expect(EventID(response.headers["x-amzn-requestid"] ?? "") != nil)
        #expect(response.body.hasPrefix(#"{"Type":"User","message":""#))
        #expect(response.body.contains(row.text))
        #expect(JSONScanner.fault(in: Array(response.body.utf8)) == nil)
        #expect((response.headers["connection"] == "close") == !row.survives)
        #expect(door.intake.events.isEmpty)
        if row.survives, !row.tcp {
            try connection.send(request())
            #expect(door.intake.events.count == 1)
        }
        #expect(door.loop.counters.refused.count == 1)
    }

    /// A refusal waits its turn behind an answer that is still to come.
    @Test(arguments: rows, [Feeding.whole, .pieces])
    func `leave in request order, behind a pending answer`(row: Row, feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect(Caller(producer: "p", tcpPort: row.tcp ? 9100 : nil))
        let first = row.tcp ? request().replacing("Host: localhost", with: "Host: localhost:9100") : request()
        try connection.feed(first + row.request, feeding)
        #expect(try connection.written().isEmpty)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202, row.status])
    }

    static let answers: [(AcceptAnswer, Int, String, String, String?)] = [
        (.conflict(eventID(9)), 409, "IdempotentParameterMismatchException", eventID(9).description, nil),
        (
            .overBudget(reason: "The \"queue\" is full.", retryAfter: .milliseconds(1500)), 429,
            "TooManyRequestsException", #"\"queue\""#, "2"
        ),
        (.unavailable(reason: "No commit.", retryAfter: .zero), 503, "ServiceUnavailableException", "No commit.", "1"),
    ]

    @Test(arguments: answers.indices)
    func `of the store come in AWS's shape`(index: Int) throws {
        let (answer, status, code, text, retryAfter) = Self.answers[index]
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        door.intake.answer([0: answer])
        door.run()
        let response = try #require(try connection.responses().first)
        #expect(response.status == status)
        #expect(response.headers["x-amzn-errortype"] == code)
        #expect(response.headers["retry-after"] == retryAfter)
        #expect(response.body.contains(text))
        #expect(response.body.hasPrefix(status == 503 ? #"{"Type":"Service""# : #"{"Type":"User""#))
        #expect(JSONScanner.fault(in: Array(response.body.utf8)) == nil)
        try connection.send(request())
        #expect(door.intake.events.count == 2)
    }

    @Test func `of HEAD have no body`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request("HEAD", ordersPath, body: nil))
        let text = try connection.written()
        #expect(text.hasPrefix("HTTP/1.1 404 "))
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(connection.isOpen)
    }

    @Test func `of CONNECT and of upgrades end the connection, since nothing behind them is read`() throws {
        let door = EmbeddedDoor()
        let first = try door.connect()
        try first.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        #expect(try first.responses().map(\.status) == [404])
        #expect(!first.isOpen)
        let second = try door.connect()
        try second.send(
            request(headers: [Self.event, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA"])
        )
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        let response = try #require(try second.responses().first)
        #expect(response.status == 202)
        #expect(response.headers["connection"] == "close")
        #expect(!second.isOpen)
    }

    @Test(arguments: [
        ("127.0.0.1:9100", true), ("localhost:9100", true), ("LocalHost:9100", true), ("[::1]:9100", true),
        ("127.1.2.3:9100", true),
        ("127.0.0.1", false), ("127.0.0.1:9101", false), ("localhost:", false), ("127.0.0.1.evil.example:9100", false),
        ("127.0.0.256:9100", false),
        ("127.1:9100", false), ("[::2]:9100", false), ("[::1]", false), ("evil.example:9100", false),
        ("0.0.0.0:9100", false), ("", false),
        ("localhost.:9100", false), ("127.0.0.1:+9100", false), ("user@localhost:9100", false),
    ])
    func `only loopback names with the port count as ours`(host: String, isOurs: Bool) {
        #expect(LoopbackHost.names(host, port: 9100) == isOurs)
    }

    @Test func `on port 80 the Host needs no port`() {
        #expect(LoopbackHost.names("localhost", port: 80))
        #expect(LoopbackHost.names("[::1]", port: 80))
    }
}
