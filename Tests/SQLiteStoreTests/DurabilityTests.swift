import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("What is on disk")
struct DurabilityTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    /// What a kill -9 leaves: the files as they are, in a folder of their own.
    private func crashCopy() throws -> (TemporaryDirectory, String) {
        let copy = try TemporaryDirectory()
        for name in ["queue.db", "queue.db-wal"] {
            try FileManager.default.copyItem(atPath: folder.file(name), toPath: copy.file(name))
        }
        return (copy, copy.file("queue.db"))
    }

    @Test func `everything that was committed is there after a crash (P1, P2)`() throws {
        var store = try openStore(path)
        _ = try store.commit([.begin(nil)], now: startOfTest)
        _ = try store.commit((1...50).map { .accept(StoreBench.event(payload: "\($0)")) }, now: startOfTest)
        try store.checkpoint()
        _ = try store.commit((51...80).map { .accept(StoreBench.event(payload: "\($0)")) }, now: startOfTest)
        let (copy, copiedPath) = try crashCopy()
        defer { withExtendedLifetime(copy) {} }
        var survivor = try openStore(copiedPath)
        #expect(!survivor.identity.wasClean && survivor.identity.sameBoot)
        #expect(survivor.totals == store.totals)
        let page = try survivor.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 1_000))
        #expect(page.events.map(\.payload) == (1...80).map { Array("\($0)".utf8) })
        #expect(try replies(&survivor, [.accept(StoreBench.event())]) == ["accepted 81"])
        try survivor.close(clean: true)
        try store.close(clean: true)
    }

    @Test func `a log torn inside its last commit loses that commit whole and nothing else`() throws {
        var store = try openStore(path)
        _ = try store.commit((1...20).map { _ in .accept(StoreBench.event()) }, now: startOfTest)
        let size = try store.size().walBytes
        let large = StoreBench.event(payload: String(repeating: "1", count: 20_000))
        _ = try store.commit([.accept(large)], now: startOfTest)
        let (copy, copiedPath) = try crashCopy()
        defer { withExtendedLifetime(copy) {} }
        #expect(truncate(copiedPath + "-wal", size + 9_000) == 0)
        let survivor = try openStore(copiedPath)
        #expect(survivor.totals.queued == 20)
        #expect(survivor.totals.lastSequence == 20)
        try survivor.close(clean: true)
        try store.close(clean: true)
    }

    @Test func `an orderly close empties the log`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event())], now: startOfTest)
        let size = try store.size()
        #expect(size.walBytes > 0)
        try store.close(clean: true)
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "-wal")
        #expect(attributes[.size] as? Int == 0)
    }

    @Test func `a checkpoint lets the log be used again from its start`() throws {
        var store = try openStore(path)
        let batch = (1...50).map { _ in StoreCommand.accept(StoreBench.event()) }
        _ = try store.commit(batch, now: startOfTest)
        let before = try store.size().walBytes
        for _ in 1...20 {
            try store.checkpoint()
            _ = try store.commit(batch, now: startOfTest)
        }
        let after = try store.size().walBytes
        #expect(after < before * 3)
        try store.close(clean: true)
    }

    @Test func `a full disk rolls the commit back, counters and keys with it, and later commits are fine (P1, P7)`()
        throws
    {
        var store = try openStore(path)
        let kept = StoreBench.event("kept", payload: "1", key: StoreBench.key("kept"))
        _ = try store.commit([.accept(kept)], now: startOfTest)
        let before = (totals: store.totals, functions: try store.functions())
        try store.limitPages(to: try store.size().fileBytes / 4096 + 8)
        let large = StoreBench.event(
            "large",
            payload: String(repeating: "1", count: 1 << 20),
            producer: "uid:7",
            key: StoreBench.key("large")
        )
        let small = StoreBench.event("small", payload: "22", producer: "uid:7", key: StoreBench.key("small"))
        let error = failure(&store, [.accept(small), .accept(large)])
        guard case .full = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let after = (totals: store.totals, functions: try store.functions())
        #expect(after.totals == before.totals)
        #expect(after.functions == before.functions)
        // The rolled-back key is free, its sequence number was told to nobody, its function and producer rows are gone.
        #expect(try replies(&store, [.accept(small)]) == ["accepted 2"])
        try store.limitPages(to: 1 << 30)
        #expect(try replies(&store, [.accept(large), .accept(kept)]) == ["accepted 3", "repeated 1 queued"])
        let now = (totals: store.totals, functions: try store.functions())
        try store.close(clean: true)
        var again = try openStore(path)
        let reopened = (totals: again.totals, functions: try again.functions())
        #expect(reopened.totals == now.totals)
        #expect(reopened.functions == now.functions)
        #expect(now.functions.map(\.function.name) == ["kept", "small", "large"])
        #expect(try PlainDatabase(path).rows("SELECT name FROM producers ORDER BY id") == ["uid:1001", "uid:7"])
        try again.close(clean: true)
    }

    @Test func `outcomes that did not fit are whole when they are tried again`() throws {
        var store = try openStore(path)
        let events = (1...30).map { _ in StoreBench.event(payload: String(repeating: "1", count: 5_000)) }
        _ = try store.commit(events.map(StoreCommand.accept), now: startOfTest)
        try store.limitPages(to: try store.size().fileBytes / 4096)
        let resolutions = (1...30).map { sequence in
            StoreCommand.resolve(
                Resolution(
                    sequence: Int64(sequence),
                    attempt: StoreBench.failure(at: startOfTest, message: String(repeating: "m", count: 400)),
                    fate: .dead(.rejected, reason: "refused"),
                    chargedAttempts: 1,
                    unknownAttempts: 0,
                    routeFailures: 0,
                    uncertain: false
                )
            )
        }
        guard case .full = failure(&store, resolutions) else {
            Issue.record("the commit did not fail for want of space")
            return
        }
        #expect(store.totals.queued == 30 && store.totals.dead == 0)
        try store.limitPages(to: 1 << 30)
        _ = try store.commit(resolutions, now: startOfTest)
        #expect(store.totals.queued == 0 && store.totals.dead == 30)
        try store.close(clean: true)
    }

    @Test func `after a commit whose truth is unknown nothing is committed and the end is not in order`() throws {
        var store = try openStore(path)
        _ = try store.commit([.begin(nil), .accept(StoreBench.event())], now: startOfTest)
        try PlainDatabase(path).execute("DROP TABLE key_entries")
        let keyed = StoreBench.event(key: StoreBench.key())
        for event in [keyed, StoreBench.event()] {
            let error = failure(&store, [.accept(event)])
            guard case .failed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(store.totals.queued == 1)
        try store.close(clean: true)
        #expect(try PlainDatabase(path).rows("SELECT clean, last_sequence FROM meta") == ["0|1"])
    }

    @Test func `a digest that is none sets its row aside`() throws {
        var store = try openStore(path)
        _ = try store.commit([.accept(StoreBench.event())], now: startOfTest)
        try PlainDatabase(path).execute("UPDATE events SET payload_digest = x'00'")
        let page = try store.claim(ClaimRequest(lane: .fresh(after: 0, through: .max, only: nil), eventsMax: 1))
        #expect(page.events.isEmpty && page.damaged == [1])
        try store.close(clean: true)
    }

    @Test func `a lock that somebody else holds fails the commit as busy, and the next one works (P2)`() throws {
        let path = folder.file("queue.db")
        var store = try openStore(path)
        let stranger = try PlainDatabase(path)
        try stranger.execute("BEGIN IMMEDIATE")
        guard case .busy? = failure(&store, [.accept(StoreBench.event(key: StoreBench.key()))]) else {
            Issue.record("not busy")
            return
        }
        let unknown = try store.lookUpRepeat(of: StoreBench.event(key: StoreBench.key()), now: startOfTest)
        #expect(unknown == nil)
        try stranger.execute("COMMIT")
        #expect(try replies(&store, [.accept(StoreBench.event(key: StoreBench.key()))]) == ["accepted 1"])
        let known = try store.lookUpRepeat(of: StoreBench.event(key: StoreBench.key()), now: startOfTest)
        #expect(known?.short == "repeated 1 queued")
        try store.close(clean: true)
    }
}
