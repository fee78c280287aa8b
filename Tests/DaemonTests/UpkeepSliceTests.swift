import Engine
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Slices of upkeep, behind which producers wait: what one costs is counted, not timed.
@Suite struct `slices of upkeep` {
    private static let now = WallTime(milliseconds: 1_795_348_800_000)
    private static let later = now.advanced(by: .hours(1))
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func open() throws -> SQLiteStore {
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: folder.file("outbox.db"), bootID: "b")
        return try SQLiteStore.open(options, now: Self.now, hash: testHash, using: &random)
    }

    private func resolve(_ sequence: Int64, _ attempt: AttemptRecord, _ fate: Resolution.Fate) -> StoreCommand {
        .resolve(
            Resolution(
                sequence: sequence,
                attempt: attempt,
                fate: fate,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
        )
    }

    @Test(arguments: [true, false])
    func `rows that have to die come in slices of some megabytes, and none is left out`(_ hasExpiry: Bool) throws {
        var store = try open()
        let payload = String(repeating: "x", count: 1_000_000)
        let event = StoreBench.event("f", payload: payload, expiresAt: hasExpiry ? Self.now : nil)
        for _ in 0..<10 { _ = try store.commit(Array(repeating: .accept(event), count: 4), now: Self.now) }
        let key = try store.functions()[0].key
        let old = AgeLimit(agedFrom: Self.later, attemptedSince: nil)
        var query: ExpiringQuery? =
            hasExpiry
            ? .passed(behind: nil, until: Self.later)
            : .aged(behind: 0, [key: old], ahead: Self.later.advanced(by: .hours(1)))
        var buried: [Int64] = []
        while let asked = query {
            let before = store.pageLookUps
            let page = try store.expiring(asked, limit: CommitLimits().expiringMax)
            #expect(store.pageLookUps - before < 100)
            #expect(page.rows.count <= 9)
            try store.checkpoint()
            _ = try store.commit(
                page.rows.map { .bury(sequence: $0.sequence, .expired, reason: "too old") },
                now: Self.later
            )
            #expect(store.walBytes < StoreCommand.movedBytesMax + 3 << 20)
            buried += page.rows.map(\.sequence)
            query = page.next
        }
        #expect(buried == Array(1...40))
        #expect(store.totals.dead == 40)
    }

    @Test func `a slice of the history looks at few pages, however often its events were tried`() throws {
        var store = try open()
        let rows = CommitLimits().trimRowsMax
        let accepts = Array(repeating: StoreCommand.accept(StoreBench.event("f")), count: rows + 1)
        _ = try store.commit(accepts, now: Self.now)
        let sequences = Int64(1)...Int64(rows + 1)
        for time in 0..<20 {
            // Each has a line of its own, and no more than that are kept.
            let failed = StoreBench.failure(at: Self.now, code: "E\(time)")
            _ = try store.commit(sequences.map { resolve($0, failed, .waits(dueAt: Self.later)) }, now: Self.now)
        }
        _ = try store.commit(
            sequences.map { resolve($0, StoreBench.handOver(at: Self.now), .handedOver) },
            now: Self.now
        )
        let before = store.pageLookUps
        let trim = StoreCommand.trim(historyBefore: Self.later, historyMax: 0, limit: rows)
        _ = try store.commit([trim], now: Self.now)
        #expect(store.totals.queued == 0)
        let looked = store.pageLookUps - before
        #expect(looked < 40_000, "\(looked)")
    }
}
