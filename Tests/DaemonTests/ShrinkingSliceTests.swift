import Engine
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// A file that shrinks beside the commits of the loop that owns it.
@Suite struct `shrinking between commits` {
    private final class Sink: IntakeSink {
        // Touched by the test's thread alone, on which the loop's body runs.
        nonisolated(unsafe) private(set) var accepted = 0

        func deliver(_ results: [IntakeResult]) {
            accepted += results.count { if case .accepted = $0.answer { true } else { false } }
        }
    }

    private final class Reports: Sendable {
        // Touched by the test's thread alone, on which the loop's body runs.
        nonisolated(unsafe) private(set) var all: [CompactionReport] = []

        func add(_ report: CompactionReport) { all.append(report) }

        var size: (before: Int, StoreSize)? {
            if case .done(let before, let size)? = all.last { (before, size) } else { nil }
        }
    }

    private static let wall = WallTime(milliseconds: 1_795_348_800_000)

    private static func now(_ milliseconds: Int64) -> Moment {
        Moment(
            wall: wall.advanced(by: .milliseconds(milliseconds)),
            monotonic: MonotonicTime(nanoseconds: milliseconds * 1_000_000)
        )
    }

    /// A file of which most was in use once.
    private func drained(_ path: String, free: Int? = nil) throws -> Committer<SQLiteStore> {
        var random = SystemRandomNumberGenerator()
        let options = SQLiteStoreOptions(path: path, bootID: "b")
        var store = try SQLiteStore.open(options, now: Self.wall, hash: testHash, using: &random)
        let event = StoreBench.event("f", payload: String(repeating: "x", count: 250_000))
        let replies = try store.commit(Array(repeating: .accept(event), count: 200), now: Self.wall)
        let ids = replies.compactMap { if case .accepted(let event) = $0 { event.id } else { nil } }
        _ = try store.commit([.cancel(ids)], now: Self.wall)
        try store.checkpoint()
        return Committer(
            store: store,
            limits: CommitLimits(),
            settings: CommitSettings(
                history: (keep: .hours(24), eventsMax: 1000),
                roomWait: .seconds(5),
                policies: PolicyTable()
            ),
            ballast: Ballast(path: path + ".ballast", bytes: 0),
            ages: EventAges(),
            freeDisk: { free },
            tellDelivery: { _ in }
        )
    }

    private func mebibytes(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) >> 20
    }

    @Test func `without being asked, a small piece a round, down to the slack`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var committer = try drained(path)
        var sizes = [try mebibytes(path)]
        for round in Int64(0)..<2_000 where try mebibytes(path) > 32 {
            _ = committer.turn(intake: [], commands: [], now: Self.now(round * 5))
            sizes.append(try mebibytes(path))
        }
        #expect(sizes.first! >= 45)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 - $1 <= 1 })
        for round in Int64(2_000)..<2_100 { _ = committer.turn(intake: [], commands: [], now: Self.now(round * 5)) }
        #expect((31...32).contains(try mebibytes(path)))
    }

    @Test func `beside commits too, and every round's events are accepted`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var committer = try drained(path)
        let sink = Sink()
        let item = IntakeItem(event: StoreBench.event("f"), sink: sink, ticket: 0)
        var round: Int64 = 0
        while round < 5_000, try mebibytes(path) > 34 {
            round += 1
            _ = committer.turn(intake: [item], commands: [], now: Self.now(round * 5))
            #expect(sink.accepted == Int(round))
        }
        #expect(try mebibytes(path) <= 34)
    }

    @Test func `all of it where the disk is short`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var committer = try drained(path, free: 1 << 20)
        for round in Int64(0)..<2_000 where try mebibytes(path) > 0 {
            _ = committer.turn(intake: [], commands: [], now: Self.now(round * 5))
        }
        #expect(try mebibytes(path) == 0)
    }

    @Test func `an order gives all of it back, says how far it is, and is one at a time`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        var committer = try drained(path)
        let (reports, others) = (Reports(), Reports())
        _ = committer.turn(intake: [], commands: [.compact(reports.add), .compact(others.add)], now: Self.now(0))
        guard case .failed(.busy)? = others.all.first else {
            Issue.record("\(others.all)")
            return
        }
        var now: Int64 = 0
        while reports.size == nil, now < 10_000 {
            now += 5
            _ = committer.turn(intake: [], commands: [], now: Self.now(now))
        }
        let (before, size) = try #require(reports.size)
        #expect(before > 45 << 20)
        #expect(size.fileBytes == size.usedBytes)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size.fileBytes)
        #expect(reports.all.count > 10)
        let again = Reports()
        _ = committer.turn(intake: [], commands: [.compact(again.add)], now: Self.now(now + 5))
        #expect(again.size?.before == size.fileBytes)
    }

    @Test func `an order ends where the daemon stops`() throws {
        let folder = try TemporaryDirectory()
        var committer = try drained(folder.file("outbox.db"))
        let reports = Reports()
        _ = committer.turn(intake: [], commands: [.compact(reports.add)], now: Self.now(0))
        _ = committer.turn(intake: [], commands: [.stopWaiting], now: Self.now(5))
        guard case .failed(.failed("the daemon is stopping"))? = reports.all.last else {
            Issue.record("\(reports.all)")
            return
        }
    }

    @Test func `the loop wakes up for it, and sleeps when it is done`() throws {
        let folder = try TemporaryDirectory()
        var committer = try drained(folder.file("outbox.db"))
        _ = committer.turn(intake: [], commands: [], now: Self.now(0))
        #expect(committer.wait(now: Self.now(0)) <= .milliseconds(10))
        var now: Int64 = 0
        for _ in 0..<2_000 where committer.wait(now: Self.now(now)) < .seconds(1) {
            now += 5
            _ = committer.turn(intake: [], commands: [], now: Self.now(now))
        }
        #expect(committer.wait(now: Self.now(now)) == .seconds(1))
    }
}
