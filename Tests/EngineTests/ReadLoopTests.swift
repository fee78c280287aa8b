import Engine
import OutboxCore
import TestSupport
import Testing

/// The read thread between people's questions.
@Suite("The read thread")
struct ReadLoopTests {
    private enum Sign: Equatable {
        case upkeep(Int)
        case damaged(StoreError)
    }

    @Test func `upkeep comes again when it says, and damage that it meets is told`() async throws {
        let (signs, tell) = AsyncStream.makeStream(of: Sign.self)
        let found = StoreError.damaged("a row")
        let read = ReadLoop<ModelStore>()
        read.start(
            clock: SystemTime(),
            damaged: { tell.yield(.damaged($0)) },
            upkeep: { (store) throws(StoreError) in
                // Its own state: how often it was called.
                _ = try store.commit([.accept(StoreBench.event(key: nil))], now: WallTime(milliseconds: 0))
                tell.yield(.upkeep(store.totals.queued))
                guard store.totals.queued < 3 else { throw found }
                return .milliseconds(1)
            },
            open: { ModelStore() }
        )
        var seen: [Sign] = []
        for await sign in signs {
            seen.append(sign)
            if case .damaged = sign { break }
        }
        #expect(seen == [.upkeep(1), .upkeep(2), .upkeep(3), .damaged(found)])
        // It answers on; upkeep may have come again meanwhile.
        #expect(try await read.ask { (store) throws(StoreError) in store.totals.queued } >= 3)
        read.stop()
    }

    @Test func `damage that an answer meets is told, and answered`() async throws {
        let (signs, tell) = AsyncStream.makeStream(of: StoreError.self)
        let read = ReadLoop<ModelStore>()
        read.start(clock: SystemTime(), damaged: { tell.yield($0) }, open: { ModelStore() })
        await #expect(throws: StoreError.damaged("here")) {
            try await read.ask { (_) throws(StoreError) in throw StoreError.damaged("here") }
        }
        var told = signs.makeAsyncIterator()
        #expect(await told.next() == .damaged("here"))
        read.stop()
    }
}
