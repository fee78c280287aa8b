import NIOCore
import NIOEmbedded
import OutboxCore
import TestSupport
import Testing

@testable import Door

@Suite struct `Accepting an event` {
    static let now = WallTime(milliseconds: 1_795_348_800_000)

    static func submitted(_ text: String, policies: PolicyTable = PolicyTable()) throws -> NewEvent {
        let door = EmbeddedDoor(policies: policies)
        try door.connect().send(text)
        return try #require(door.intake.events.first)
    }

    @Test(arguments: Feeding.allCases)
    func `hands over the exact bytes with function and producer (P10)`(feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        let body = "{ \"order\": 17, \"t\": \"ä😀\\u0000\" }\n"
        try connection.feed(request(body: body), feeding)
        let event = try #require(door.intake.events.first)
        #expect(event.payload == Array(body.utf8))
        #expect(event.payloadDigest == testHash(Array(body.utf8)))
        #expect(event.producer == "uid:1001")
        #expect(
            event.function
                == FunctionIdentity(
                    partition: "aws",
                    account: "-",
                    region: "eu-central-1",
                    name: "orders",
                    qualifier: "-"
                )
        )
        #expect(event.dedupe == nil)
        #expect(event.deliverAt == nil)
        #expect(event.expiresAt == nil)
        #expect(event.headers == PassedHeaders())
    }

    @Test(arguments: Feeding.allCases)
    func `is answered 202 with the event's id and nothing else, once the store has it (P1)`(feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.feed(request(), feeding)
        #expect(try connection.written().isEmpty)
        door.intake.answer([0: .accepted(eventID(5))])
        door.run()
        #expect(
            try connection.written()
                == "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nx-amzn-RequestId: \(eventID(5))\r\n"
                + "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n\r\n"
        )
    }

    @Test(arguments: [
        (EventState.queued, "queued"), (.inFlight, "queued"), (.handedOver, "handed-over"),
        (.deadLetter, "dead-letter"),
    ])
    func `a repeat is told so, with the first event's id and state (P4)`(state: EventState, word: String) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        door.intake.answer([0: .repeated(eventID(5), state)])
        door.run()
        let response = try #require(try connection.responses().first)
        #expect(response.status == 202)
        #expect(response.headers["x-amzn-requestid"] == eventID(5).description)
        #expect(response.headers["outbox-repeat"] == "true")
        #expect(response.headers["outbox-state"] == word)
        #expect(response.body.isEmpty)
    }

    @Test(arguments: [
        (ordersPath, "orders", "-", "-"),
        ("/2015-03-31/functions/orders%3Alive/invocations", "orders", "live", "-"),
        ("/2015-03-31/functions/orders:live/invocations", "orders", "live", "-"),
        (ordersPath + "?Qualifier=%24LATEST", "orders", "$LATEST", "-"),
        (ordersPath + "?x=1&Qualifier=live&Qualifier=live", "orders", "live", "-"),
        ("http://localhost" + ordersPath, "orders", "-", "-"),
        ("/2014-11-13/functions/orders/invoke-async", "orders", "-", "-"),
        ("/2014-11-13/functions/orders/invoke-async/", "orders", "-", "-"),
        (
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aorders%3A7/invocations",
            "orders", "7", "123456789012"
        ),
    ])
    func `the path names the function`(path: String, name: String, qualifier: String, account: String) throws {
        let event = try Self.submitted(request("POST", path))
        #expect(event.function.name == name)
        #expect(event.function.qualifier == qualifier)
        #expect(event.function.account == account)
    }

    @Test func `the older path needs no invocation type`() throws {
        let event = try Self.submitted(request("POST", "/2014-11-13/functions/orders/invoke-async", headers: []))
        #expect(event.function.name == "orders")
    }

    @Test func `the configuration's qualifier stands in where none was named`() throws {
        var policy = FunctionPolicy()
        policy.qualifier = "live"
        let policies = PolicyTable(entries: [.init(match: GlobPattern("orders"), policy: policy)])
        #expect(try Self.submitted(request(), policies: policies).function.qualifier == "live")
        let named = request("POST", ordersPath + "?Qualifier=7")
        #expect(try Self.submitted(named, policies: policies).function.qualifier == "7")
    }

    @Test func `new policies hold for the next request`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        var policy = FunctionPolicy()
        policy.qualifier = "live"
        door.loop.update(policies: PolicyTable(defaults: policy))
        try connection.send(request())
        #expect(door.intake.events.map(\.function.qualifier) == ["-", "live"])
    }

    @Test func `options come from headers, whatever their case`() throws {
        let headers = [
            "x-amz-invocation-TYPE: Event", "IDEMPOTENCY-key: \"k 1\" ", "outbox-delay: 30s", "OUTBOX-EXPIRES-IN: 1h",
            "x-amz-durable-execution-name: d", "x-amz-tenant-id: t 1", "x-amzn-trace-id: Root=1-2-3",
        ]
        let event = try Self.submitted(request(headers: headers))
        #expect(event.deliverAt == Self.now.advanced(by: .seconds(30)))
        #expect(event.expiresAt == Self.now.advanced(by: .hours(1)))
        #expect(event.headers == PassedHeaders(durableExecutionName: "d", tenantID: "t 1", traceID: "Root=1-2-3"))
        #expect(event.dedupe?.kind == .idempotencyKey)
        #expect(event.dedupe?.text == "\"k 1\"")
    }

    @Test func `options come from the client context, which is sent on as it came`() throws {
        let context = base64(#"{"outbox": {"idempotencyKey": "k", "delay": "30s", "expiresIn": "6h"}}"#)
        let event = try Self.submitted(
            request(headers: ["X-Amz-Invocation-Type: Event", "X-Amz-Client-Context: \(context)"])
        )
        #expect(event.dedupe?.text == "k")
        #expect(event.deliverAt == Self.now.advanced(by: .seconds(30)))
        #expect(event.expiresAt == Self.now.advanced(by: .hours(6)))
        #expect(event.headers.clientContext == context)
    }

    @Test func `the function's own expiry counts from the delivery time, and the event's own goes before it`() throws {
        var policy = FunctionPolicy()
        policy.expiresIn = .hours(1)
        let policies = PolicyTable(defaults: policy)
        let event = "X-Amz-Invocation-Type: Event"
        #expect(try Self.submitted(request(), policies: policies).expiresAt == Self.now.advanced(by: .hours(1)))
        let delayed = request(headers: [event, "Outbox-Delay: 2h"])
        #expect(try Self.submitted(delayed, policies: policies).expiresAt == Self.now.advanced(by: .hours(3)))
        let own = request(headers: [event, "Outbox-Expires-In: 5m"])
        #expect(try Self.submitted(own, policies: policies).expiresAt == Self.now.advanced(by: .minutes(5)))
    }

    @Test func `an SDK's invocation id is a key with its own window (P4)`() throws {
        let event = try Self.submitted(
            request(headers: ["X-Amz-Invocation-Type: Event", "amz-sdk-invocation-id: 05544e42-4da9"])
        )
        #expect(event.dedupe?.kind == .sdkInvocation)
        #expect(event.dedupe?.text == "05544e42-4da9")
        #expect(event.dedupe?.window == .minutes(15))
    }

    @Test(arguments: [
        ("no length and no chunks", request(body: nil)), ("length 0", request(body: "")),
        (
            "no chunk",
            request(headers: ["X-Amz-Invocation-Type: Event", "Transfer-Encoding: chunked"], body: nil) + "0\r\n\r\n"
        ),
    ])
    func `an empty body is passed on empty`(name: String, text: String) throws {
        #expect(try Self.submitted(text).payload.isEmpty)
    }

    @Test(arguments: Feeding.allCases)
    func `chunks are put together`(feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        let head = request(headers: ["X-Amz-Invocation-Type: Event", "Transfer-Encoding: chunked"], body: nil)
        try connection.feed(
            head + "5;x=1\r\n{\"a\":\r\n2\r\n1}\r\n0\r\nX-Trailer: 1\r\n\r\n" + request(body: "2"),
            feeding
        )
        #expect(door.intake.events.map(\.payload) == [Array("{\"a\":1}".utf8), Array("2".utf8)])
    }

    @Test(arguments: [0, 1, 1023, 65_536, 1_048_576])
    func `bodies up to the limit are taken`(length: Int) throws {
        let body = length == 0 ? "" : length == 1 ? "1" : "\"" + String(repeating: "x", count: length - 2) + "\""
        #expect(try Self.submitted(request(body: body)).payload.count == length)
    }

    @Test func `any content type is taken`() throws {
        for type in ["application/x-www-form-urlencoded", "text/plain; charset=latin1", "binary/octet-stream"] {
            _ = try Self.submitted(request(headers: ["X-Amz-Invocation-Type: Event", "Content-Type: \(type)"]))
        }
    }

    @Test(arguments: Feeding.allCases)
    func `DryRun checks everything, stores nothing, and is answered 204`(feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        let dryRun = ["X-Amz-Invocation-Type: DryRun"]
        try connection.feed(request(headers: dryRun) + request(headers: dryRun, body: "{"), feeding)
        let responses = try connection.responses()
        #expect(responses.map(\.status) == [204, 400])
        #expect(responses.first?.headers["content-length"] == nil)
        #expect(EventID(responses.first?.headers["x-amzn-requestid"] ?? "") != nil)
        #expect(door.intake.batches.isEmpty)
        #expect(door.loop.counters.dryRuns == 1)
    }

    // MARK: Order and batches

    @Test(arguments: Feeding.allCases)
    func `answers leave in request order, whatever order they come in`(feeding: Feeding) throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.feed((1...5).map { request(body: "\($0)") }.joined(), feeding)
        #expect(door.intake.events.map(\.payload) == (1...5).map { Array("\($0)".utf8) })
        door.intake.answer([4: .accepted(eventID(5)), 1: .accepted(eventID(2))])
        door.run()
        #expect(try connection.written().isEmpty)
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(
            try connection.responses().map { $0.headers["x-amzn-requestid"] }
                == [eventID(1), eventID(2)].map(\.description)
        )
        door.intake.answer([3: .accepted(eventID(4)), 2: .accepted(eventID(3))])
        door.run()
        #expect(
            try connection.responses().map { $0.headers["x-amzn-requestid"] }
                == [eventID(3), eventID(4), eventID(5)].map(\.description)
        )
    }

    @Test func `what all connections of a loop sent in one turn is handed over together`() throws {
        let door = EmbeddedDoor()
        let first = try door.connect()
        let second = try door.connect()
        try first.channel.writeInbound(first.channel.allocator.buffer(string: request() + request()))
        try second.channel.writeInbound(second.channel.allocator.buffer(string: request()))
        #expect(door.intake.batches.isEmpty)
        door.run()
        #expect(door.intake.batches.map(\.count) == [3])
    }

    @Test func `the results of one commit are written once per connection`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request() + request() + request())
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2)), 2: .accepted(eventID(3))])
        door.run()
        #expect(try connection.channel.readOutbound(as: ByteBuffer.self) != nil)
        #expect(try connection.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func `a result for a connection that is gone is counted and dropped`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request())
        try connection.channel.close().wait()
        door.intake.answer([0: .accepted(eventID(1))])
        door.run()
        #expect(door.loop.counters.accepted == 1)
        #expect(door.loop.counters.connectionsOpen == 0)
    }

    @Test func `a connection goes on until it is asked to close`() throws {
        let door = EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) })
        let connection = try door.connect()
        for _ in 0..<50 {
            try connection.send(request())
            #expect(try connection.responses().first?.headers["connection"] == nil)
        }
        try connection.send(request(headers: ["X-Amz-Invocation-Type: Event", "Connection: close"]))
        #expect(try connection.responses().first?.headers["connection"] == "close")
        #expect(!connection.isOpen)
    }

    @Test func `an HTTP/1.0 client is served and closed, unless it asks to go on`() throws {
        let door = EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) })
        let first = try door.connect()
        try first.send(request().replacing("HTTP/1.1", with: "HTTP/1.0"))
        #expect(try first.responses().first?.headers["connection"] == "close")
        #expect(!first.isOpen)
        let second = try door.connect()
        try second.send(
            request(headers: ["X-Amz-Invocation-Type: Event", "Connection: keep-alive"]).replacing(
                "HTTP/1.1",
                with: "HTTP/1.0"
            )
        )
        #expect(try second.responses().first?.headers["connection"] == "keep-alive")
        #expect(second.isOpen)
    }

    @Test func `a producer that has sent all and closed its side still gets its answers`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        try connection.send(request() + request())
        connection.closeInput()
        #expect(connection.isOpen)
        door.intake.answer([0: .accepted(eventID(1)), 1: .accepted(eventID(2))])
        door.run()
        #expect(try connection.responses().map(\.status) == [202, 202])
        #expect(!connection.isOpen)
    }

    @Test func `a producer that closed its side between requests is closed`() throws {
        let door = EmbeddedDoor()
        let connection = try door.connect()
        connection.closeInput()
        #expect(!connection.isOpen)
    }

    // MARK: Captured requests

    static let captured: [(String, Int)] = [
        ("awscli1-event", 202), ("awscli1-default-type", 400), ("awscli1-invoke-async", 202), ("awscli2-event", 202),
        ("boto3-dryrun", 204), ("boto3-event", 202), ("boto3-sts-assume-role", 404),
        ("curl788-colon-BAD-SIGNATURE", 202),
        ("curl788-event", 202),
    ]

    /// The captured requests lie beside the project, not in it; without them this test has nothing to read.
    @Test(
        .enabled(if: Vectors.has("wire"), Comment(rawValue: Vectors.areAbsent)),
        arguments: captured,
        Feeding.allCases
    )
    func `captured requests of real clients are taken as they should be`(row: (String, Int), feeding: Feeding) throws {
        let bytes = try Vectors.read(Vectors.url("wire/\(row.0).http"))
        let door = EmbeddedDoor(intake: FakeIntake { _ in .accepted(eventID(1)) })
        let connection = try door.connect(Caller(producer: "tcp", tcpPort: 18_081))
        for piece in feeding.pieces(bytes) { try connection.send(piece) }
        #expect(try connection.responses().map(\.status) == [row.1])
        if row.1 == 202 {
            let event = try #require(door.intake.events.first)
            let text = String(decoding: event.payload, as: UTF8.self)
            #expect(text.hasPrefix("{\"order\": 17}"))
            #expect(event.function.name == "orders")
            let isSDK = row.0.hasPrefix("boto3") || row.0.hasPrefix("awscli1")
            #expect((event.dedupe?.kind == .sdkInvocation) == isSDK)
            #expect(event.producer == "tcp")
        }
    }
}
