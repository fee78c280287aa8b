import AdminAPI
@testable import Engine
import Foundation
import NIOConcurrencyHelpers
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@testable import Daemon

/// A backup's copy beside the commits of the loop that makes it.
@Suite struct `copying between commits` {
    private final class Reports: Sendable {
        private let box = NIOLockedValueBox<[CopyReport]>([])
        func add(_ report: CopyReport) { box.withLockedValue { $0.append(report) } }
        var last: CopyReport? { box.withLockedValue { $0.last } }
        var count: Int { box.withLockedValue { $0.count } }

        var path: String? {
            if case .done(let path, _, _)? = last { path } else { nil }
        }
        var totals: StoreTotals? {
            if case .done(_, _, let totals)? = last { totals } else { nil }
        }
        var error: StoreError? {
            if case .failed(let error)? = last { error } else { nil }
        }
    }

    private final class Sink: IntakeSink {
        private let box = NIOLockedValueBox(0)
        func deliver(_ results: [IntakeResult]) {
            let accepted = results.count { if case .accepted = $0.answer { true } else { false } }
            box.withLockedValue { $0 += accepted }
        }
        var accepted: Int { box.withLockedValue { $0 } }
    }

    private static let wall = WallTime(milliseconds: 1_795_348_800_000)

    private static func now(_ milliseconds: Int64) -> Moment {
        Moment(
            wall: wall.advanced(by: .milliseconds(milliseconds)),
            monotonic: MonotonicTime(nanoseconds: milliseconds * 1_000_000)
        )
    }

    private func committer(
        _ path: String,
        free: @escaping () -> Int? = { nil }
    ) throws -> Committer<SQLiteStore> {
        var random = SystemRandomNumberGenerator()
        let store = try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: "b"),
            now: Self.wall,
            hash: testHash,
            using: &random
        )
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
            freeDisk: free,
            tellDelivery: { _ in }
        )
    }

    private func items(_ count: Int, _ sink: Sink) -> [IntakeItem] {
        let event = NewEvent(
            function: FunctionIdentity(partition: "aws", account: "-", region: "r", name: "orders", qualifier: "-"),
            payload: Array(repeating: UInt8(ascii: "x"), count: 300),
            payloadDigest: Digest256(words: (0, 0, 0, 0)),
            producer: "uid:1"
        )
        return (0..<count).map { _ in IntakeItem(event: event, sink: sink, ticket: 0) }
    }

    @Test func `every round commits, and the copy has what was committed last (P2)`() throws {
        let folder = try TemporaryDirectory()
        var committer = try committer(folder.file("outbox.db"))
        let (sink, reports) = (Sink(), Reports())
        _ = committer.turn(intake: items(2_000, sink), commands: [.copy(reports.add)], now: Self.now(0))
        var round: Int64 = 0
        while reports.path == nil, round < 1_000 {
            round += 1
            let before = sink.accepted
            _ = committer.turn(intake: items(1, sink), commands: [], now: Self.now(round))
            #expect(sink.accepted == before + 1)
        }
        let path = try #require(reports.path)
        #expect(round > 1)
        try BackupFile.seal(path, takenAt: Self.wall)
        let facts = try BackupFile.check(path) { _ in Digest256(words: (0, 0, 0, 0)) }
        #expect(facts.events == sink.accepted)
        #expect(reports.totals?.queued == sink.accepted)
    }

    @Test func `one at a time`() throws {
        let folder = try TemporaryDirectory()
        var committer = try committer(folder.file("outbox.db"))
        let (sink, reports, others) = (Sink(), Reports(), Reports())
        _ = committer.turn(
            intake: items(500, sink),
            commands: [.copy(reports.add), .copy(others.add)],
            now: Self.now(0)
        )
        #expect(others.error != nil)
        for round in 1..<200 where reports.path == nil {
            _ = committer.turn(intake: [], commands: [], now: Self.now(Int64(round)))
        }
        #expect(reports.path != nil)
    }

    @Test func `ends where the disk gets short, and leaves no file`() throws {
        let folder = try TemporaryDirectory()
        let free = NIOLockedValueBox(10 << 30)
        var committer = try committer(folder.file("outbox.db")) { free.withLockedValue { $0 } }
        let (sink, reports) = (Sink(), Reports())
        _ = committer.turn(intake: items(3_000, sink), commands: [], now: Self.now(0))
        _ = committer.turn(intake: [], commands: [.copy(reports.add)], now: Self.now(200))
        #expect(reports.error == nil)
        free.withLockedValue { $0 = 1 << 20 }
        _ = committer.turn(intake: [], commands: [], now: Self.now(400))
        #expect(reports.error != nil)
        #expect(!FileManager.default.fileExists(atPath: folder.file("outbox.db.copy")))
    }

    @Test func `ends where the daemon stops, says so, and leaves no file`() throws {
        let folder = try TemporaryDirectory()
        var committer = try committer(folder.file("outbox.db"))
        let (sink, reports) = (Sink(), Reports())
        _ = committer.turn(intake: items(3_000, sink), commands: [], now: Self.now(0))
        _ = committer.turn(intake: [], commands: [.copy(reports.add)], now: Self.now(1))
        #expect(reports.error == nil && reports.path == nil)
        _ = committer.turn(intake: [], commands: [.stopWaiting], now: Self.now(2))
        guard case .failed("the daemon is stopping")? = reports.error else {
            Issue.record("\(String(describing: reports.last))")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("outbox.db.copy")))
    }

    @Test func `doesn't begin where there is no room for it`() throws {
        let folder = try TemporaryDirectory()
        var committer = try committer(folder.file("outbox.db")) { 1 << 20 }
        let reports = Reports()
        _ = committer.turn(intake: [], commands: [], now: Self.now(0))
        _ = committer.turn(intake: [], commands: [.copy(reports.add)], now: Self.now(200))
        guard case .full? = reports.error else {
            Issue.record("\(String(describing: reports.last))")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("outbox.db.copy")))
    }

    @Test func `leaves no copy that nobody took, and none where one was taken`() throws {
        let folder = try TemporaryDirectory()
        var committer = try committer(folder.file("outbox.db"))
        for isTaken in [false, true] {
            let reports = Reports()
            _ = committer.turn(intake: [], commands: [.copy(reports.add)], now: Self.now(0))
            for _ in 0..<50 where reports.path == nil {
                _ = committer.turn(intake: [], commands: [], now: Self.now(0))
            }
            let path = try #require(reports.path)
            _ = committer.turn(intake: [], commands: [], now: Self.now(59_000))
            #expect(FileManager.default.fileExists(atPath: path))
            if isTaken { try StoreFiles.take(path, as: folder.file("monday")) }
            _ = committer.turn(intake: [], commands: [], now: Self.now(61_000))
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(FileManager.default.fileExists(atPath: folder.file("monday")) == isTaken)
        }
    }

    @Test func `takes fewer pages where they take long, more where they don't`() {
        var running = RunningCopy(path: "", tell: { _ in })
        for _ in 0..<10 { running.adapt(took: 1_000) }
        #expect(running.pages == RunningCopy.pagesMax)
        for _ in 0..<10 { running.adapt(took: 5_000_000) }
        #expect(running.pages == RunningCopy.pagesMin)
    }
}
