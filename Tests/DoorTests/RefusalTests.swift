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

    static let rows: [Row] = [
        Row(
            name: "no JSON",
            request: request(body: "{\"a\":}"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "at byte 5"
        ),
        Row(
            name: "blank body",
            request: request(body: " "),
            status: 400,
            code: "InvalidRequestContentException",
            text: "at byte 1"
        ),
        Row(
            name: "base64 of JSON",
            request: request(body: base64(#"{"order": 17}"#)),
            status: 400,
            code: "InvalidRequestContentException",
            text: "--cli-binary-format raw-in-base64-out"
        ),
        Row(
            name: "rubbish bytes",
            request: request(body: "\u{1}\u{2}\u{7f}h"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "--cli-binary-format raw-in-base64-out"
        ),
        Row(
            name: "name out of form",
            request: request("POST", "/2015-03-31/functions/a%20b/invocations"),
            status: 400,
            code: "ValidationException",
            text: "function name"
        ),
        Row(
            name: "name not decodable",
            request: request("POST", "/2015-03-31/functions/a%zz/invocations"),
            status: 400,
            code: "ValidationException",
            text: "hex digits"
        ),
        Row(
            name: "slash in the name",
            request: request("POST", "/2015-03-31/functions/a%2Fb/invocations"),
            status: 400,
            code: "ValidationException",
            text: "function name"
        ),
        Row(
            name: "foreign region",
            request: request(
                "POST",
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders/invocations"
            ),
            status: 400,
            code: "InvalidParameterValueException",
            text: "us-east-1"
        ),
        Row(
            name: "qualifiers differ",
            request: request("POST", "/2015-03-31/functions/orders%3Alive/invocations?Qualifier=test"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "does not match"
        ),
        Row(
            name: "empty qualifier",
            request: request("POST", ordersPath + "?Qualifier="),
            status: 400,
            code: "ValidationException",
            text: "qualifier"
        ),
        Row(
            name: "qualifier twice",
            request: request("POST", ordersPath + "?Qualifier=a&Qualifier=b"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "twice"
        ),
        Row(
            name: "synchronous call",
            request: request(headers: ["X-Amz-Invocation-Type: RequestResponse"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "InvocationType=Event"
        ),
        Row(
            name: "no invocation type",
            request: request(headers: []),
            status: 400,
            code: "InvalidParameterValueException",
            text: "InvocationType=Event"
        ),
        Row(
            name: "unknown invocation type",
            request: request(headers: ["X-Amz-Invocation-Type: event"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Event or DryRun"
        ),
        Row(
            name: "empty key",
            request: with("Idempotency-Key:"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "1 to 255"
        ),
        Row(
            name: "two keys",
            request: request(headers: [event, "Idempotency-Key: a", "Idempotency-Key: b"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "twice"
        ),
        Row(
            name: "delay out of form",
            request: with("Outbox-Delay: soon"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Outbox-Delay"
        ),
        Row(
            name: "both of a pair",
            request: request(headers: [event, "Outbox-Delay: 1s", "Outbox-Deliver-At: 1795348801"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "Give one of them"
        ),
        Row(
            name: "expiry before delivery",
            request: request(headers: [event, "Outbox-Delay: 1h", "Outbox-Expires-In: 1s"]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "expire before"
        ),
        Row(
            name: "delay too long",
            request: with("Outbox-Delay: 31d"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "30 days"
        ),
        Row(
            name: "unknown option",
            request: with("Outbox-Dely: 1s"),
            status: 400,
            code: "InvalidParameterValueException",
            text: "no such option"
        ),
        Row(
            name: "header and client context differ",
            request: request(headers: [
                event, "Outbox-Delay: 1s", "X-Amz-Client-Context: \(base64(#"{"outbox":{"delay":"2s"}}"#))",
            ]),
            status: 400,
            code: "InvalidParameterValueException",
            text: "different values"
        ),
        Row(
            name: "client context no base64",
            request: with("X-Amz-Client-Context: {}"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "base64"
        ),
        Row(
            name: "unknown member of the client context",
            request: with("X-Amz-Client-Context: \(base64(#"{"outbox":{"dely":"2s"}}"#))"),
            status: 400,
            code: "InvalidRequestContentException",
            text: "unknown member"
        ),
        Row(
            name: "durable name",
            request: with("X-Amz-Durable-Execution-Name: a b"),
            status: 400,
            code: "ValidationException",
            text: "1 to 64"
        ),
        Row(
            name: "tenant id",
            request: with("X-Amz-Tenant-Id: a#b"),
            status: 400,
            code: "ValidationException",
            text: "1 to 256"
        ),
        Row(
            name: "our own request",
            request: with("User-Agent: lambda-outbox/1.0 (\(testInstanceID))"),
            status: 400,
            code: "OutboxLoopException",
            text: "Unset AWS_ENDPOINT_URL"
        ),
        Row(
            name: "unknown path",
            request: request("POST", "/"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "unknown path without body",
            request: request("POST", "/x", body: nil),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "no name",
            request: request("POST", "/2015-03-31/functions//invocations"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "too long a path",
            request: request("POST", ordersPath + "/x"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "wrong method",
            request: request("GET", ordersPath, body: nil),
            status: 404,
            code: "UnknownOperationException",
            text: "POST"
        ),
        Row(
            name: "another wrong method",
            request: request("PUT"),
            status: 404,
            code: "UnknownOperationException",
            text: "POST"
        ),
        Row(
            name: "invoke-async with a tail",
            request: request("POST", "/2014-11-13/functions/orders/invoke-async/x"),
            status: 404,
            code: "UnknownOperationException",
            text: "no such operation"
        ),
        Row(
            name: "browser by Origin",
            request: request(headers: [event, "Host: 127.0.0.1:9100", "Origin: null"]).replacing(
                "Host: localhost\r\n",
                with: ""
            ),
            status: 403,
            code: "AccessDeniedException",
            text: "browsers",
            tcp: true
        ),
        Row(
            name: "browser by Sec-Fetch-Site",
            request: request(headers: [event, "Host: 127.0.0.1:9100", "Sec-Fetch-Site: same-origin"])
                .replacing("Host: localhost\r\n", with: ""),
            status: 403,
            code: "AccessDeniedException",
            text: "browsers",
            tcp: true
        ),
        Row(
            name: "Host without the port",
            request: request(),
            status: 403,
            code: "AccessDeniedException",
            text: "127.0.0.1:9100",
            tcp: true
        ),
        Row(
            name: "Host rebound",
            request: request().replacing("Host: localhost", with: "Host: evil.example:9100"),
            status: 403,
            code: "AccessDeniedException",
            text: "Host header",
            tcp: true
        ),
        Row(
            name: "no HTTP",
            request: "hello\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "HTTP/2 preface",
            request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "length and chunks",
            request: request(headers: [event, "Transfer-Encoding: chunked"]),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "two lengths",
            request: request(headers: [event, "Content-Length: 3"]),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "an unknown coding",
            request: request(headers: [event, "Transfer-Encoding: gzip"], body: nil),
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "bad chunk",
            request: request(headers: [event, "Transfer-Encoding: chunked"], body: nil) + "zz\r\n{}\r\n0\r\n\r\n",
            status: 400,
            code: "BadRequestException",
            text: "HTTP/1.1",
            survives: false
        ),
        Row(
            name: "headers too long",
            request: with("X-Filler: \(String(repeating: "x", count: 33_000))"),
            status: 431,
            code: "RequestHeaderFieldsTooLargeException",
            text: "too many or too long",
            survives: false
        ),
        Row(
            name: "headers too many",
            request: request(headers: [event] + (0..<130).map { "X-\($0): 1" }),
            status: 431,
            code: "RequestHeaderFieldsTooLargeException",
            text: "too many or too long",
            survives: false
        ),
        Row(
            name: "body too large",
            request: request(body: "\"" + String(repeating: "x", count: 1_048_575) + "\""),
            status: 413,
            code: "RequestEntityTooLargeException",
            text: "1048577 byte payload",
            survives: false
        ),
    ]

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
