import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Free pages that the file gives back to the disk.
struct GiveBackTests {
    private static let now = WallTime(milliseconds: 1_795_348_800_000)

    /// A queue in which the first events were handed over, and some stay behind them.
    private func drained(_ path: String, events: Int, kept: Int) throws -> SQLiteStore {
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: path, bootID: "b")
        var store = try SQLiteStore.open(options, now: Self.now, hash: testHash, using: &random)
        let accepts = (0..<events).map { number in
            StoreCommand.accept(StoreBench.event("f", payload: String(repeating: "x", count: 2_000 + number % 900)))
        }
        let replies = try store.commit(accepts, now: Self.now)
        let resolutions = replies.prefix(events - kept).compactMap { reply -> StoreCommand? in
            guard case .accepted(let event) = reply else { return nil }
            return .resolve(
                Resolution(
                    sequence: event.sequence,
                    attempt: StoreBench.handOver(at: Self.now),
                    fate: .handedOver,
                    chargedAttempts: 0,
                    unknownAttempts: 0,
                    routeFailures: 0,
                    uncertain: false
                )
            )
        }
        _ = try store.commit(resolutions, now: Self.now)
        return store
    }

    @Test func `in slices, until none is free, and what is queued stays as it was (P2)`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var store = try drained(path, events: 1_000, kept: 20)
        let before = try store.size()
        let queued = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 99))
            .events
        #expect(queued.count == 20)
        #expect(before.fileBytes - before.usedBytes > 1 << 20)
        var slices = 0
        while try store.giveBackSpace(pages: 50, goOn: { true }) > 0 { slices += 1 }
        let after = try store.size()
        #expect(slices == ((before.fileBytes - before.usedBytes) / 4_096 + 49) / 50)
        #expect(after.fileBytes == after.usedBytes)
        try store.checkpoint()
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(bytes == after.fileBytes)
        let left = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 99)).events
        #expect(left == queued)
        #expect(try store.integrityCheck() == [])
    }

    @Test func `a slice ends when its time is over, and keeps what it did`() throws {
        let folder = try TemporaryDirectory()
        var store = try drained(folder.file("outbox.db"), events: 200, kept: 0)
        let before = try store.size()
        var asked = 0
        let given = try store.giveBackSpace(pages: 100) {
            asked += 1
            return asked < 7
        }
        #expect(given == 7)
        #expect(try store.size().fileBytes == before.fileBytes - 7 * 4_096)
    }

    @Test func `waits for a program that holds the lock`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var store = try drained(path, events: 100, kept: 2)
        let other = try PlainDatabase(path)
        try other.execute("BEGIN IMMEDIATE")
        #expect {
            try store.giveBackSpace(pages: 50, goOn: { true })
        } throws: {
            if case .busy? = $0 as? StoreError { true } else { false }
        }
        try other.execute("COMMIT")
        #expect(try store.giveBackSpace(pages: 50, goOn: { true }) > 0)
    }
}
