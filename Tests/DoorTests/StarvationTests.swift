import NIOCore
import NIOEmbedded
import OutboxCore
import Testing

@testable import Door

/// Producers that announce much and send little keep nobody else out.
@Suite(.timeLimit(.minutes(1))) struct `Body memory under slow producers` {
    static let announced = `Limits of a connection`.head(length: 1_048_576)

    @Test func `forty stalled announcers, one honest small client: it is answered (P7)`() async throws {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder)
        let path = folder.file("door.sock")
        let start = ContinuousClock.now
        var stalled: [RawClient] = []
        for number in 0..<40 {
            let client = try RawClient(unix: path)
            try client.send(Self.announced + (number.isMultiple(of: 2) ? "" : "\"some"))
            stalled.append(client)
        }
        // An answer behind each head says that it has been read.
        let witness = try RawClient(unix: path)
        try witness.send(request(body: "1"))
        #expect(try witness.responses(1).map(\.status) == [202])
        let honest = try RawClient(unix: path)
        try honest.send(request(body: "2"))
        #expect(try honest.responses(1).map(\.status) == [202])
        // In three reads: each time the witness's answer says that what was sent before has been read.
        let late = try RawClient(unix: path)
        for part in [`Limits of a connection`.head(length: 5), "1234", "5"] {
            try late.send(part)
            try witness.send(request(body: "1"))
            #expect(try witness.responses(1).map(\.status) == [202])
        }
        #expect(try late.responses(1).map(\.status) == [202])
        #expect(start.duration(to: .now) < .seconds(5))
        withExtendedLifetime(stalled) {}
        await server.shutdown(within: .seconds(5))
    }

    @Test func `forty stalled announcers, one honest large client: it is answered within seconds (P7)`() async throws {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder)
        let path = folder.file("door.sock")
        let start = ContinuousClock.now
        let stalled = try (0..<40).map { _ in
            let client = try RawClient(unix: path)
            try client.send(Self.announced + "\"some")
            return client
        }
        let honest = try RawClient(unix: path)
        try honest.send(request(body: String(repeating: "1", count: 1_000_000)))
        #expect(try honest.responses(1).map(\.status) == [202])
        #expect(start.duration(to: .now) < .seconds(8))
        withExtendedLifetime(stalled) {}
        await server.shutdown(within: .seconds(5))
    }
}
