import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

/// A key that a cancel or a purge has freed.
@Suite("Freed idempotency keys")
struct FreedKeyTests {
    private func event(_ key: String, window: Span) -> NewEvent {
        StoreBench.event(payload: "1", key: StoreBench.key(key, window: window))
    }

    /// The windows are such that what frees the key would stand in another lane, whose segment is over sooner.
    @Test func `stay free, though the clock jumps ahead for a moment (P2)`() throws {
        let folder = try TemporaryDirectory(inMemory: true)
        var store = try KeyModelTests.open(folder.file("queue.db"), KeyOptions())
        let event = event("k1", window: .minutes(130))
        guard case .accepted(let first)? = try store.commit([.accept(event)], now: startOfTest).first else {
            throw StoreError.failed("not accepted")
        }
        let now = startOfTest.advanced(by: .minutes(11))
        _ = try store.commit([.cancel([first.id])], now: now)
        _ = try store.commit([.accept(self.event("k2", window: .days(3)))], now: now)
        let before = try store.lookUpRepeat(of: event, now: now)
        #expect(before?.short == nil)
        let trim = StoreCommand.trim(historyBefore: startOfTest, historyMax: .max, limit: 100)
        for _ in 0..<20 { _ = try store.commit([trim], now: now.advanced(by: .hours(3))) }
        let after = try store.lookUpRepeat(of: event, now: now)
        #expect(after?.short == nil)
    }
}
