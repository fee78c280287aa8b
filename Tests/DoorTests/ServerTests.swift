import Logging
import OutboxCore
import Testing

@testable import Door

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct `Door on real sockets` {
    static let accepting: @Sendable (NewEvent) -> AcceptAnswer = { event in
        .accepted(eventID(UInt64(String(decoding: event.payload, as: UTF8.self)) ?? 0))
    }

    static func start(
        _ folder: TemporaryFolder?,
        intake: FakeIntake = FakeIntake(automatic: accepting),
        lookup: (any EventLookup)? = nil,
        _ change: (inout DoorConfiguration) -> Void = { _ in }
    ) async throws -> DoorServer {
        var configuration = DoorConfiguration(
            unix: folder.map { .init(path: $0.file("door.sock")) },
            naming: testNaming
        )
        change(&configuration)
        return try await DoorServer.start(
            configuration,
            intake: intake,
            policies: PolicyTable(),
            lookup: lookup,
            hash: testHash,
            clock: StillClock(),
            random: { UInt64.random(in: .min ... .max) },
            instanceID: testInstanceID,
            logger: Logger(label: "door") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    // MARK: Who and where

    @Test func `the kernel says who the producer is (P11)`() async throws {
        let folder = try TemporaryFolder()
        let intake = FakeIntake(automatic: Self.accepting)
        let server = try await Self.start(folder, intake: intake)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request(body: "1"))
        #expect(try client.responses(1).map(\.status) == [202])
        #expect(intake.events.map(\.producer) == ["uid:\(getuid())"])
        #expect(server.boundAddresses == [.unix(path: folder.file("door.sock"))])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `on loopback TCP the producer is tcp, and the Host must name the port that was bound`() async throws {
        let intake = FakeIntake(automatic: Self.accepting)
        let server = try await Self.start(nil, intake: intake) { $0.tcp = .init(host: "127.0.0.1", port: 0) }
        guard case .tcp(let host, let port) = server.boundAddresses.first else { throw DoorError.nowhereToListen }
        #expect(host == "127.0.0.1")
        #expect(port > 0)
        let client = try RawClient(port: port)
        try client.send(request().replacing("Host: localhost", with: "Host: 127.0.0.1:\(port)"))
        try client.send(request().replacing("Host: localhost", with: "Host: 127.0.0.1:\(port + 1)"))
        #expect(try client.responses(2).map(\.status) == [202, 403])
        #expect(intake.events.map(\.producer) == ["tcp"])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `the socket has the mode and the group that were asked for`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder) {
            $0.unix?.mode = 0o620
            $0.unix?.group = "\(getgid())"
        }
        #expect(folder.mode("door.sock") == 0o620)
        await server.shutdown(within: .seconds(5))
        #expect(folder.mode("door.sock") == nil)
    }

    @Test func `a socket that nobody serves is replaced`() async throws {
        let folder = try TemporaryFolder()
        close(try TemporaryFolder.listen(at: folder.file("door.sock")))
        #expect(folder.mode("door.sock") != nil)
        let server = try await Self.start(folder)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request())
        #expect(try client.responses(1).map(\.status) == [202])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `a socket that is served is left alone, and the error says by whom`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("door.sock")
        let server = try await Self.start(folder)
        await #expect(throws: DoorError.alreadyServed(path: path, pid: getpid())) { try await Self.start(folder) }
        #expect(DoorError.alreadyServed(path: path, pid: 17).description.contains("process 17"))
        let client = try RawClient(unix: path)
        try client.send(request())
        #expect(try client.responses(1).map(\.status) == [202])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `a file in the way is left alone`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("door.sock")
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        await #expect(throws: DoorError.inTheWay(path: path)) { try await Self.start(folder) }
        #expect(folder.mode("door.sock") == 0o600)
    }

    @Test func `a folder that isn't there, a long path and an unknown group are named`() async throws {
        let folder = try TemporaryFolder()
        let missing = folder.file("no/door.sock")
        await #expect(throws: DoorError.folderMissing(path: missing)) {
            try await Self.start(folder) { $0.unix?.path = missing }
        }
        let long = folder.file(String(repeating: "x", count: 120))
        await #expect(throws: DoorError.pathTooLong(path: long)) {
            try await Self.start(folder) { $0.unix?.path = long }
        }
        await #expect(throws: DoorError.unknownGroup("no-such-group")) {
            try await Self.start(folder) { $0.unix?.group = "no-such-group" }
        }
        #expect(folder.mode("door.sock") == nil)
    }

    @Test(arguments: ["0.0.0.0", "192.0.2.1", "::", "example.com", "localhost", "", "127.0.0.1.example"])
    func `TCP listens on loopback addresses only (P11)`(host: String) async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: DoorError.notLoopback(host)) {
            try await Self.start(folder) { $0.tcp = .init(host: host, port: 0) }
        }
        #expect(folder.mode("door.sock") == nil)
    }

    @Test func `a door without listeners doesn't open`() async throws {
        await #expect(throws: DoorError.nowhereToListen) { try await Self.start(nil) }
    }

    // MARK: A socket that was handed in

    @Test func `a socket that was handed in outlives the door, and connections wait in it`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("handed.sock")
        let held = try TemporaryFolder.listen(at: path)
        defer { close(held) }
        let first = try await Self.start(nil) { $0.adoptedDescriptor = dup(held) }
        #expect(first.boundAddresses == [.unix(path: path)])
        let before = try RawClient(unix: path)
        try before.send(request())
        #expect(try before.responses(1).map(\.status) == [202])
        await first.shutdown(within: .seconds(5))
        #expect(try before.isAtEnd())

        let waiting = try RawClient(unix: path)
        try waiting.send(request())
        let second = try await Self.start(nil) { $0.adoptedDescriptor = dup(held) }
        #expect(try waiting.responses(1).map(\.status) == [202])
        await second.shutdown(within: .seconds(5))
        #expect(folder.mode("handed.sock") != nil)
    }

    @Test func `what was handed in must listen`() async throws {
        let idle = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(idle) }
        await #expect(throws: DoorError.notListening(descriptor: idle)) {
            try await Self.start(nil) { $0.adoptedDescriptor = idle }
        }
    }

    // MARK: Traffic

    @Test func `many connections on two event loops each get their own answers in order`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder) { $0.eventLoopThreads = 2 }
        let clients = try (0..<16).map { _ in try RawClient(unix: folder.file("door.sock")) }
        for (number, client) in clients.enumerated() {
            try client.send((0..<50).map { request(body: "\(number * 100 + $0 + 1)") }.joined())
        }
        for (number, client) in clients.enumerated() {
            let ids = try client.responses(50).map { $0.headers["x-amzn-requestid"] }
            #expect(ids == (0..<50).map { eventID(UInt64(number * 100 + $0 + 1)).description })
        }
        await server.shutdown(within: .seconds(5))
        #expect(server.counters.accepted == 800)
        #expect(server.counters.connectionsOpened == 16)
        #expect(server.counters.connectionsOpen == 0)
    }

    @Test func `a body too large gets its answer though the producer sends first and reads later`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder) { $0.tcp = .init(host: "127.0.0.1", port: 0) }
        guard case .tcp(_, let port) = server.boundAddresses.last else { throw DoorError.nowhereToListen }
        let body = "\"" + String(repeating: "x", count: 4_000_000) + "\""
        for client in [try RawClient(unix: folder.file("door.sock")), try RawClient(port: port)] {
            try client.send(request(body: body).replacing("Host: localhost", with: "Host: localhost:\(port)"))
            #expect(try client.responses(1).map(\.status) == [413])
            #expect(try client.isAtEnd())
        }
        await server.shutdown(within: .seconds(5))
        #expect(server.counters.refused == [.requestEntityTooLarge: 2])
    }

    @Test func `a body is asked for, and taken in pieces`() async throws {
        let folder = try TemporaryFolder()
        let intake = FakeIntake(automatic: Self.accepting)
        let server = try await Self.start(folder, intake: intake)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(
            request(
                headers: ["X-Amz-Invocation-Type: Event", "Expect: 100-continue", "Transfer-Encoding: chunked"],
                body: nil
            )
        )
        #expect(try client.responses(1).map(\.status) == [100])
        try client.send("100000\r\n\"" + String(repeating: "x", count: 1_048_574) + "\"\r\n0\r\n\r\n")
        #expect(try client.responses(1).map(\.status) == [202])
        #expect(intake.events.map(\.payload.count) == [1_048_576])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `a producer that closed its side after sending still gets its answer`() async throws {
        let folder = try TemporaryFolder()
        let intake = FakeIntake()
        let server = try await Self.start(folder, intake: intake)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request())
        client.finishSending()
        await intake.submitted(1)
        intake.answer([0: .accepted(eventID(1))])
        #expect(try client.responses(1).map(\.status) == [202])
        #expect(try client.isAtEnd())
        await server.shutdown(within: .seconds(5))
    }

    @Test func `a request cut in the middle by its producer leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder)
        for length in [1, 20, 80, request().utf8.count - 1] {
            let client = try RawClient(unix: folder.file("door.sock"))
            try client.send(String(decoding: request().utf8.prefix(length), as: UTF8.self))
            client.finishSending()
            #expect(try client.responses(1).map(\.status) == [400])
            #expect(try client.isAtEnd())
        }
        #expect(server.counters.accepted == 0)
        await server.shutdown(within: .seconds(5))
    }

    @Test func `connections past the limit are told so, and there is room again when one closes`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder) { $0.connectionsMax = 2 }
        let path = folder.file("door.sock")
        let first = try RawClient(unix: path)
        var second: RawClient? = try RawClient(unix: path)
        for client in [first, second] {
            try client?.send(request())
            #expect(try client?.responses(1).map(\.status) == [202])
        }
        let third = try RawClient(unix: path)
        let answer = try #require(try third.responses(1).first)
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(EventID(answer.headers["x-amzn-requestid"] ?? "") != nil)
        #expect(JSONScanner.fault(in: Array(answer.body.utf8)) == nil)
        #expect(try third.isAtEnd())
        #expect(server.counters.connectionsTurnedAway == 1)
        try second?.send(request(headers: ["X-Amz-Invocation-Type: Event", "Connection: close"]))
        #expect(try second?.responses(1).count == 1)
        #expect(try second?.isAtEnd() == true)
        second = nil
        let fourth = try RawClient(unix: path)
        try fourth.send(request())
        #expect(try fourth.responses(1).map(\.status) == [202])
        await server.shutdown(within: .seconds(5))
    }

    @Test func `new policies reach the event loops`() async throws {
        let folder = try TemporaryFolder()
        let intake = FakeIntake(automatic: Self.accepting)
        let server = try await Self.start(folder, intake: intake)
        var policy = FunctionPolicy()
        policy.qualifier = "live"
        server.update(policies: PolicyTable(defaults: policy))
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request())
        #expect(try client.responses(1).count == 1)
        #expect(intake.events.map(\.function.qualifier) == ["live"])
        await server.shutdown(within: .seconds(5))
    }

    // MARK: Shutdown

    @Test func `at shutdown what was read is still answered, and then the connection ends`() async throws {
        let folder = try TemporaryFolder()
        let intake = FakeIntake()
        let server = try await Self.start(folder, intake: intake)
        let client = try RawClient(unix: folder.file("door.sock"))
        try client.send(request() + request())
        await intake.submitted(2)
        async let closing: Void = server.shutdown(within: .seconds(30))
        // The file goes first, so its absence says that the shutdown has begun.
        while folder.mode("door.sock") != nil { await Task.yield() }
        intake.answer([0: .accepted(eventID(1)), 1: .unavailable(reason: "Shutting down.", retryAfter: .seconds(5))])
        let responses = try client.responses(2)
        #expect(responses.map(\.status) == [202, 503])
        #expect(try client.isAtEnd())
        await closing
        #expect(throws: RawClient.Failed.self) { try RawClient(unix: folder.file("door.sock")) }
    }

    @Test func `a socket file that another process has put there is not removed`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.start(folder)
        unlink(folder.file("door.sock"))
        let other = try TemporaryFolder.listen(at: folder.file("door.sock"))
        defer { close(other) }
        await server.shutdown(within: .seconds(5))
        #expect(folder.mode("door.sock") != nil)
    }
}
