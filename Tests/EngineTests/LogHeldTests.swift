import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// When the commit loop moves its log into the file, and what becomes of one that can't begin anew.
struct LogHeldTests {
    private static let start = WallTime(milliseconds: 1_700_000_000_000)

    private static func now(_ second: Int64) -> Moment {
        Moment(
            wall: start.advanced(by: .seconds(second)),
            monotonic: MonotonicTime(nanoseconds: (second + 1) * 1_000_000_000)
        )
    }

    @Test func `a round between two commits is no pause, even if it has nothing to do`() throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let calls = StoreCalls([:])
        var store = FailingStore(ModelStore(), calls)
        store.walBytes = 2 << 20
        var committer = quietCommitter(store, folder)
        func later(_ milliseconds: Int64) -> Moment {
            Moment(wall: Self.start, monotonic: MonotonicTime(nanoseconds: milliseconds * 1_000_000))
        }
        let item = IntakeItem(event: StoreBench.event("a"), sink: Producer(), ticket: 0)
        _ = committer.turn(intake: [item], commands: [], now: later(0))
        _ = committer.turn(intake: [], commands: [], now: later(4))
        _ = committer.turn(intake: [], commands: [.stopWaiting], now: later(100))
        _ = committer.turn(intake: [], commands: [], now: later(104))
        #expect(calls.checkpoints == 0)
        _ = committer.turn(intake: [], commands: [], now: later(105))
        #expect(calls.checkpoints == 1)
    }

    @Test(arguments: [(256 << 20, true), (256 << 20 + 1, false)])
    func `past 256 MiB of it new events are refused, and outcomes are recorded (P2, P7)`(
        _ bytes: Int,
        _ isAccepted: Bool
    ) throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let model = ModelStore()
        var direct = model
        let replies = try direct.commit([.accept(StoreBench.event("a"))], now: Self.start)
        guard case .accepted(let first)? = replies.first else { throw StoreError.failed("not accepted") }
        var store = FailingStore(model, StoreCalls([:]))
        store.walBytes = bytes
        var committer = quietCommitter(store, folder)
        let producer = Producer()
        let resolution = Resolution(
            sequence: first.sequence,
            attempt: StoreBench.handOver(at: Self.start),
            fate: .handedOver,
            chargedAttempts: 0,
            unknownAttempts: 0,
            routeFailures: 0,
            uncertain: false
        )
        _ = committer.turn(
            intake: [IntakeItem(event: StoreBench.event("b"), sink: producer, ticket: 7)],
            commands: [.outcomes([.resolve(resolution)])],
            now: Self.now(1)
        )
        #expect(try direct.queued(first.id) == nil)
        switch producer.answers[7] {
        case .accepted?: #expect(isAccepted)
        case .overBudget(let reason, _)?: #expect(!isAccepted && reason.hasPrefix("the log has grown too big"))
        default: Issue.record("\(String(describing: producer.answers[7]))")
        }
    }
}
