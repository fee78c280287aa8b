import NIOConcurrencyHelpers
import NIOCore
import OutboxCore
import Testing

@testable import Door

@Suite(.timeLimit(.minutes(1))) struct `A listener that breaks` {
    @Test func `is told once, with its address, so that the daemon can open the door anew (P9)`() async throws {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder)
        let (lost, signal) = AsyncStream.makeStream(of: DoorAddress.self)
        server.whenListenerLost { signal.yield($0) }

        try await server.listeners[0].close().get()

        var told = lost.makeAsyncIterator()
        #expect(await told.next() == .unix(path: folder.file("door.sock")))
        await server.shutdown(within: .seconds(5))
    }

    @Test func `is not what an orderly stop looks like`() async throws {
        let folder = try TemporaryFolder()
        let server = try await `Door on real sockets`.start(folder)
        let told = NIOLockedValueBox(0)
        server.whenListenerLost { _ in told.withLockedValue { $0 += 1 } }

        await server.shutdown(within: .seconds(5))

        #expect(told.withLockedValue { $0 } == 0)
    }
}
