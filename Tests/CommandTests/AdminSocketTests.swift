import Admin
import AdminAPI
import Client
import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `the admin socket` {
    private func serve(
        _ path: String,
        mode: UInt32 = 0o600,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (listening, signal) = AsyncStream.makeStream(of: Void.self)
        let server = AdminServer(
            path: path,
            mode: mode,
            service: Letters(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { signal.finish() }
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await server.run()
                return false
            }
            group.addTask {
                for await _ in listening {}
                try Task.checkCancellation()
                try await body()
                return true
            }
            while let isDone = try await group.next() { if isDone { group.cancelAll() } }
        }
    }

    private func mode(_ path: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(facts[.posixPermissions] as? NSNumber).intValue
    }

    @Test(arguments: [0o600, 0o660])
    func `has the configured mode whatever the umask (P11)`(_ wanted: UInt32) async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try await serve(path, mode: wanted) { () async throws in
            #expect(try mode(path) == Int(wanted))
        }
    }

    @Test func `answers, and is gone after an orderly end, with nothing left beside it`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try await serve(path) { () async throws in
            let status = try await blocking { try AdminClient(socketPath: path).status() }
            #expect(status.version == "0.1.0")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `replaces a stale socket`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try bindAndLeave(path)
        try await serve(path) { () async throws in
            _ = try await blocking { try AdminClient(socketPath: path).status() }
        }
    }

    @Test func `isn't taken from a running daemon, and says which process that is`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try await serve(path) { () async throws in
            await #expect(throws: AdminSocketError.served(path, pid: getpid())) { try await serve(path) {} }
            _ = try await blocking { try AdminClient(socketPath: path).status() }
        }
    }

    @Test func `never replaces a file that is no socket`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        await #expect(throws: AdminSocketError.self) { try await serve(path) {} }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test(arguments: ["", "/nowhere/at/all/admin.sock", "/tmp/" + String(repeating: "x", count: 103)])
    func `refuses a place that can't be used`(_ path: String) async {
        await #expect(throws: AdminSocketError.self) { try await serve(path) {} }
    }

    @Test func `leaves a successor's socket alone when it ends`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        try await serve(path) { () async throws in
            unlink(path)
            try bindAndLeave(path)
        }
        #expect(access(path, F_OK) == 0)
    }

    /// What a killed daemon leaves: a socket file that nobody listens at.
    private func bindAndLeave(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }
}

@Suite struct `the admin client` {
    @Test func `finds letters, their payloads, and what isn't there`() async throws {
        let letter = Event.letter(1)
        try await FakeDaemon.running(letters: Letters([(letter, [0x31, 0x0A, 0x20])])) {
            (daemon: FakeDaemon) async throws in
            try await blocking { () throws in
                let client = AdminClient(socketPath: daemon.adminSocket)
                #expect(try client.event(letter.id) == letter)
                #expect(try client.payload(letter.id) == [0x31, 0x0A, 0x20])
                #expect(try client.event(Event.letter(2).id) == nil)
                #expect(try client.deadLetters().events == [letter])
                #expect(try client.count(.everything) == 1)
                #expect(try client.redrive(Selection(ids: [letter.id])) == RedriveResult(count: 1, ids: [letter.id]))
                #expect(try client.deadLetters().events.isEmpty)
            }
        }
    }

    @Test func `says what a refused request got wrong`() async throws {
        try await FakeDaemon.running { (daemon: FakeDaemon) async throws in
            try await blocking { () throws in
                #expect {
                    _ = try AdminClient(socketPath: daemon.adminSocket).event("../../x?y")
                } throws: { error in
                    guard case ClientError.refused(let refusal)? = error as? ClientError else { return false }
                    return refusal.status == 400 && refusal.code == "invalid" && refusal.message.contains("event id")
                }
            }
        }
    }

    @Test func `names the socket and how to start a daemon that isn't there`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("admin.sock")
        let error = #expect(throws: ClientError.self) { try AdminClient(socketPath: path).status() }
        #expect(error == .unreachable(SocketProblem(socket: SocketAddress(.admin, path: path), kind: .missing)))
        let words = try #require(error).description
        for part in [path, "systemctl start lambda-outbox", "--admin", "LAMBDA_OUTBOX_ADMIN"] {
            #expect(words.contains(part))
        }
        #expect(CommandStatus(try #require(error)) == .unreachable)
    }

    @Test(arguments: ["user root and group root (mode 600)", nil])
    func `doesn't send people into a group that can't operate`(access: String?) {
        let admin = SocketAddress(.admin, path: "/run/a")
        let words = SocketProblem(socket: admin, kind: .notPermitted(access: access)).description
        #expect(words.hasSuffix(": only root and the daemon's user operate it; use sudo"))
    }

    @Test func `names the group of a socket that is closed to this user`() {
        let problem = SocketProblem(
            socket: SocketAddress(.door, path: "/run/d"),
            kind: .notPermitted(access: "user root and group lambda-outbox (mode 660)")
        )
        #expect(problem.description.contains("group lambda-outbox (mode 660): become a member of that group"))
        #expect(CommandStatus(ClientError.unreachable(problem)) == .unreachable)
    }
}
