import Client
import Foundation
import Glibc
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `sending one event` {
    @Test func `carries payload and options to the door as they are (P10)`() async throws {
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let event = OutgoingEvent(
                function: "arn:aws:lambda:eu-west-1:123456789012:function:a/b",
                qualifier: "$LATEST",
                payload: Array("{ \"a\" : 1.0 }\n".utf8),
                idempotencyKey: "k 1",
                delay: "30s",
                expiresIn: "6h",
                durableExecutionName: "d",
                tenantID: "t"
            )
            let answer = try await blocking { try DoorClient(socketPath: daemon.doorSocket).send(event) }
            #expect(answer.id == "id-of-{ \"a\" : 1.0 }")
            #expect(answer.isRepeat == false)
            let request = try #require(await daemon.door.requests.first)
            #expect(request.function == "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aa%2Fb")
            #expect(request.query == "Qualifier=%24LATEST")
            #expect(request.body == "{ \"a\" : 1.0 }\n")
            let wanted = [
                "x-amz-invocation-type": "Event", "idempotency-key": "k 1", "outbox-delay": "30s",
                "outbox-expires-in": "6h", "x-amz-durable-execution-name": "d", "x-amz-tenant-id": "t",
                "content-type": "application/json",
            ]
            for (name, value) in wanted { #expect(request.headers[name] == value, "\(name)") }
            #expect(request.headers["expect"] == nil)
        }
    }

    @Test func `a large payload arrives whole`() async throws {
        let payload = "\"" + String(repeating: "x", count: 3 << 20) + "\""
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let event = OutgoingEvent(function: "f", payload: Array(payload.utf8))
            _ = try await blocking { try DoorClient(socketPath: daemon.doorSocket).send(event) }
            #expect(await daemon.door.requests.first?.body == payload)
        }
    }

    @Test func `tells a repeat and where the first event is (P4)`() async throws {
        let door = FakeDoor { _ in
            FakeDoor.Answer(headers: [
                "x-amzn-RequestId": "first", "Outbox-Repeat": "true", "Outbox-State": "handed-over",
            ])
        }
        let answer = try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            try await blocking { () throws in
                try DoorClient(socketPath: daemon.doorSocket)
                    .send(OutgoingEvent(function: "f", payload: [0x31], idempotencyKey: "k"))
            }
        }
        #expect(answer == DoorAnswer(id: "first", isRepeat: true, state: "handed-over"))
        #expect(SendReport(answer: answer).words == "a repeat; the first event is handed-over")
    }

    struct Case: Sendable {
        var status: Int
        var code: String
        var exit: CommandStatus
    }

    @Test(arguments: [
        Case(status: 400, code: "InvalidRequestContentException", exit: .invalid),
        Case(status: 403, code: "AccessDeniedException", exit: .invalid),
        Case(status: 404, code: "UnknownOperationException", exit: .notFound),
        Case(status: 409, code: "IdempotentParameterMismatchException", exit: .invalid),
        Case(status: 413, code: "RequestEntityTooLargeException", exit: .invalid),
        Case(status: 429, code: "TooManyRequestsException", exit: .refusedForNow),
        Case(status: 503, code: "ServiceUnavailableException", exit: .refusedForNow),
        Case(status: 500, code: "", exit: .failed),
    ])
    func `a refusal has its code, its words and its exit status`(_ given: Case) async throws {
        let door = FakeDoor { _ in FakeDoor.refusal(given.status, given.code, "because") }
        try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            try await blocking { () throws in
                let error = #expect(throws: ClientError.self) {
                    try DoorClient(socketPath: daemon.doorSocket).send(OutgoingEvent(function: "f", payload: [0x31]))
                }
                #expect(
                    error == .refused(Refusal(status: given.status, code: given.code, message: "because"))
                )
                #expect(error.map(CommandStatus.init) == given.exit)
            }
        }
    }

    @Test func `a 202 without an id isn't taken for an accept (P1)`() async throws {
        try await FakeDaemon.running(door: FakeDoor { _ in FakeDoor.Answer() }) { (daemon: FakeDaemon) async throws in
            try await blocking { () throws in
                #expect(throws: ClientError.garbled("202 without an event id")) {
                    try DoorClient(socketPath: daemon.doorSocket).send(OutgoingEvent(function: "f", payload: [0x31]))
                }
            }
        }
    }

    @Test(arguments: ["", "a\r\nX-Evil: 1", "a\u{7F}"])
    func `an option can't smuggle a header`(_ key: String) throws {
        let event = OutgoingEvent(function: "f", payload: [0x31], idempotencyKey: key)
        #expect(throws: ClientError.self) { try DoorClient(socketPath: "/nowhere").send(event) }
    }

    @Test func `a connection that breaks before the answer is tried again under the same invocation id (P4)`()
        async throws
    {
        let folder = try TemporaryDirectory()
        let server = try CuttingServer(folder.file("door.sock"), cuts: 2, answer: "")
        let answer = try await blocking { () throws in
            try DoorClient(socketPath: folder.file("door.sock")).send(OutgoingEvent(function: "f", payload: [0x31]))
        }
        #expect(answer.id == "last")
        let ids = server.requests.map { request in
            request.split(separator: "\r\n").first { $0.hasPrefix("amz-sdk-invocation-id:") }
        }
        #expect(ids.count == 3)
        #expect(Set(ids).count == 1)
        #expect(ids[0] != nil)
    }

    /// The door calls the second try a repeat of the first, whose answer got lost.
    @Test(arguments: [nil, "k"])
    func `a try after a broken connection is never told as a repeat of an earlier event`(_ key: String?) async throws {
        let folder = try TemporaryDirectory()
        let server = try CuttingServer(
            folder.file("door.sock"),
            cuts: 1,
            answer: "Outbox-Repeat: true\r\nOutbox-State: handed-over\r\n"
        )
        let answer = try await blocking { () throws in
            try DoorClient(socketPath: folder.file("door.sock"))
                .send(OutgoingEvent(function: "f", payload: [0x31], idempotencyKey: key))
        }
        #expect(server.requests.count == 2)
        #expect(answer == DoorAnswer(id: "last", isRepeat: key == nil ? false : nil, state: "handed-over"))
        let words = SendReport(answer: answer).words
        #expect(words?.contains("it isn't known whether this is a repeat") == (key == nil ? nil : true))
    }
}

@Suite struct `sending lines` {
    /// A pipe that holds `text` and is closed behind it.
    private func input(_ text: String) -> Int32 {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        Thread.detachNewThread {
            _ = FileBytes.writeAll(Array(text.utf8), to: writer)
            close(writer)
        }
        return reader
    }

    private func send(
        _ text: String,
        to daemon: FakeDaemon,
        connections: Int = 8
    ) async throws -> (summary: LineSender.Summary, lines: [(Int, Result<DoorAnswer, ClientError>)]) {
        let descriptor = input(text)
        defer { close(descriptor) }
        return try await blocking { () throws in
            var lines: [(Int, Result<DoorAnswer, ClientError>)] = []
            let sender = LineSender(
                socketPath: daemon.doorSocket,
                connections: connections,
                template: OutgoingEvent(function: "f", payload: [])
            )
            let summary = try sender.run(LineSource(descriptor: descriptor)) { lines.append(($0, $1)) }
            return (summary, lines)
        }
    }

    @Test(arguments: [1, 64])
    func `each line is an event, and is reported in its place`(_ connections: Int) async throws {
        let count = 500
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let text = (1...count).map(String.init).joined(separator: "\n")
            let result = try await send(text, to: daemon, connections: connections)
            #expect(result.summary.accepted == count)
            #expect(result.summary.tried == count)
            #expect(result.lines.map(\.0) == Array(1...count))
            #expect(try result.lines.map { try $0.1.get().id } == (1...count).map { "id-of-\($0)" })
            let requests = await daemon.door.requests
            #expect(requests.count == count)
            #expect(Set(requests.map { $0.headers["amz-sdk-invocation-id"] }).count == count)
        }
    }

    @Test func `an invalid line is told and the others are sent`() async throws {
        let door = FakeDoor { request in
            request.body == "bad" ? FakeDoor.refusal(400, "InvalidRequestContentException", "at byte 0") : nil
        }
        try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            let result = try await send("1\nbad\n\n  \n2\r\n", to: daemon)
            #expect(result.lines.map(\.0) == [1, 2, 3, 4, 5])
            #expect(result.summary.accepted == 2)
            #expect(result.summary.failed == 3)
            #expect(result.summary.stop == nil)
            #expect(LinesEnding(result.summary).failure?.status == .invalid)
            #expect(await Set(daemon.door.requests.map(\.body)) == ["1", "bad", "2"])
        }
    }

    @Test func `no lines are no events`() async throws {
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            let result = try await send("", to: daemon)
            #expect(result.summary == LineSender.Summary())
            #expect(LinesEnding(result.summary).failure == nil)
        }
    }

    @Test func `stops when the daemon refuses for now, and says behind which line`() async throws {
        let door = FakeDoor { request in
            request.body == "3" ? FakeDoor.refusal(429, "TooManyRequestsException", "full") : nil
        }
        try await FakeDaemon.running(door: door) { (daemon: FakeDaemon) async throws in
            let result = try await send("1\n2\n3\n4\n5\n", to: daemon, connections: 1)
            #expect(result.lines.map(\.0) == [1, 2, 3])
            #expect(result.summary.accepted == 2)
            let failure = try #require(LinesEnding(result.summary).failure)
            #expect(failure.status == .refusedForNow)
            #expect(failure.message?.contains("stopped behind line 3") == true)
        }
    }

    @Test func `stops when nobody listens`() async throws {
        let descriptor = input("1\n2\n")
        defer { close(descriptor) }
        let summary = try await blocking { () throws in
            let sender = LineSender(
                socketPath: "/nowhere",
                connections: 1,
                template: OutgoingEvent(function: "f", payload: [])
            )
            return try sender.run(LineSource(descriptor: descriptor)) { _, _ in }
        }
        #expect(summary.tried == 1)
        #expect(LinesEnding(summary).failure?.status == .unreachable)
    }
}

/// Reads requests off a Unix socket and closes without an answer, as often as told; then answers 202. It serves on a
/// thread of its own: a task would wait behind all other tests, while the client's time limit runs.
private final class CuttingServer: Sendable {
    private let listener: Int32
    private let seen = NIOLockedValueBox<[String]>([])

    /// - Parameter answer: further header lines of the 202.
    init(_ path: String, cuts: Int, answer headers: String) throws {
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = listener
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        try #require(listen(listener, 16) == 0)
        Thread.detachNewThread { [seen] in
            while case let connection = accept(descriptor, nil, nil), connection >= 0 {
                let request = CuttingServer.request(from: connection)
                let count = seen.withLockedValue { requests in
                    requests.append(request)
                    return requests.count
                }
                if count > cuts {
                    let lines = "x-amzn-RequestId: last\r\n\(headers)Content-Length: 0\r\n\r\n"
                    _ = FileBytes.writeAll(Array("HTTP/1.1 202 Accepted\r\n\(lines)".utf8), to: connection)
                }
                shutdown(connection, Int32(SHUT_RDWR))
                close(connection)
            }
            close(descriptor)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Every request so far; each is here before its connection is cut or answered.
    var requests: [String] { seen.withLockedValue { $0 } }

    private static func request(from connection: Int32) -> String {
        var request: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: request, as: UTF8.self).hasSuffix("\r\n\r\n1") {
            let count = read(connection, &chunk, chunk.count)
            if count <= 0 { break }
            request += chunk[..<count]
        }
        return String(decoding: request, as: UTF8.self)
    }
}
