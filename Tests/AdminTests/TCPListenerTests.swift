import AdminAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import OutboxCore
import Testing

@testable import Admin

@Suite struct `the admin TCP listener` {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// On a busy machine the tests beside it can hold it up for longer than the usual idle time.
    private func server(
        _ service: FakeService = FakeService(),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> AdminTCPServer {
        AdminTCPServer(
            host: "127.0.0.1",
            port: 0,
            service: service,
            logger: logger,
            idleTimeout: .seconds(3600),
            onListening: onListening
        )
    }

    private func ask(
        _ path: String,
        _ method: HTTPRequest.Method = .get,
        headers: HTTPFields = [:],
        _ service: FakeService = FakeService()
    ) async throws -> (status: HTTPResponse.Status, headers: HTTPFields, body: String) {
        try await server(service).application.test(.live) { client in
            try await client.execute(uri: path, method: method, headers: headers) {
                ($0.status, $0.headers, String(buffer: $0.body))
            }
        }
    }

    @Test func `answers metrics and health without asking who it is`() async throws {
        #expect(try await ask("/metrics").body.contains("lambda_outbox_accepting 1"))
        #expect(try await ask("/health/live").status == .ok)
        #expect(try await ask("/health/ready").status == .ok)
        #expect(try await ask("/health/ready", .get, FakeService(isReady: false)).status == .serviceUnavailable)
    }

    @Test(arguments: [
        "/outbox/v1/status", "/outbox/v1/events", "/outbox/v1/dead-letters", "/", "/metrics/", "//outbox/v1/status",
        "/metrics/../outbox/v1/status", "/%6Fbox/v1/status",
    ])
    func `refuses everything else with a word (P11)`(_ path: String) async throws {
        let answer = try await ask(path)
        #expect(answer.status == .forbidden)
        let error = try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body.utf8))
        #expect(error.code == "forbidden")
        #expect(error.message.contains("admin Unix socket"))
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .delete, .options])
    func `takes nothing but GET, and permits no other origin`(_ method: HTTPRequest.Method) async throws {
        let answer = try await ask("/metrics", method, headers: [.origin: "http://evil.example"])
        #expect(answer.status == .forbidden)
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
    }

    @Test func `permits no other origin to read either`() async throws {
        let answer = try await ask("/metrics", headers: [.origin: "http://evil.example"])
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:9101", true), ("127.0.0.1", true), ("127.0.0.1:9101", true),
        ("127.8.9.10:1", true), ("[::1]", true), ("[::1]:9101", true), ("evil.example", false),
        ("evil.example:9101", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example", false),
        ("127.0.0.256", false), ("127.0.0", false), ("10.0.0.1", false), ("", false), ("localhost:", false),
        ("localhost:x", false), ("[::1", false), ("localhost@evil.example", false), ("127.0.0.1:1:1", false),
    ])
    func `a Host must name this machine`(_ host: String, _ isLoopback: Bool) {
        #expect(LoopbackHostOnly.isLoopback(host) == isLoopback)
    }

    @Test func `refuses a web page whose name was made to lead here (P11)`() async throws {
        let port = try await listening { port in
            let answer = try await HTTPText.ask(port, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Host header"))
            let good = try await HTTPText.ask(port, "GET /health/live HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
            #expect(good.hasPrefix("HTTP/1.1 200 "))
        }
        #expect(port > 0)
    }

    @Test func `sixteen connections are served at once, one more is told to come again`() async throws {
        try await listening { port in
            let question = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
            var held: [HTTPText.Connection] = []
            for _ in 0..<16 {
                let connection = try HTTPText.Connection(port)
                #expect(try await connection.ask(question).hasPrefix("HTTP/1.1 200 "))
                held.append(connection)
            }
            #expect(try await HTTPText.Connection(port).ask(question).hasPrefix("HTTP/1.1 503 "))
            held.removeLast()
            // The listener sees the end a moment later.
            var answer = ""
            while !answer.hasPrefix("HTTP/1.1 200 ") {
                answer = (try? await HTTPText.Connection(port).ask(question)) ?? ""
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 200 ") || answer.hasPrefix("HTTP/1.1 503 "))
            }
            withExtendedLifetime(held) {}
        }
    }

    @Test func `a port that is taken is said to be`() async throws {
        try await listening { port in
            let second = AdminTCPServer(host: "127.0.0.1", port: port, service: FakeService(), logger: logger)
            let error = await #expect(throws: AdminTCPError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port): another program listens there") == true)
        }
    }

    /// Runs `body` while the listener serves; its port.
    @discardableResult
    private func listening(_ body: @escaping @Sendable (Int) async throws -> Void) async throws -> Int {
        let (ports, signal) = AsyncStream.makeStream(of: Int.self)
        let server = server { signal.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body(port)
            group.cancelAll()
            return port
        }
    }
}

/// One raw request over TCP, and what came back first.
enum HTTPText {
    static func ask(_ port: Int, _ request: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try exchange(port, request) }) }
        }
    }

    private static func exchange(_ port: Int, _ request: String) throws -> String {
        try Connection(port).exchange(request)
    }

    /// Stays open as long as it is held.
    final class Connection: Sendable {
        private let descriptor: Int32

        init(_ port: Int) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw CocoaError(.fileReadUnknown) }
        }

        deinit { close(descriptor) }

        func ask(_ request: String) async throws -> String {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try self.exchange(request) }) }
            }
        }

        /// What came back first.
        fileprivate func exchange(_ request: String) throws -> String {
            // Where the other side has closed already, its answer is there all the same.
            let sent = send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL))
            guard sent == request.utf8.count || errno == EPIPE else { throw CocoaError(.fileReadUnknown) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }
}
