import OutboxCore
import Testing

/// When the log is moved into the file.
struct CheckpointPacingTests {
    private static let marks = CheckpointPacing.Marks(idle: 1_000, busy: 8_000, most: 48_000, commitsMin: 300)

    private func at(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    private struct Case: Sendable {
        var bytes: Int
        var commits = 0
        var isIdle = false
        var isShort = false
        var isDue: Bool
    }

    private static let cases = [
        Case(bytes: 1_000, isIdle: true, isDue: false),
        Case(bytes: 1_001, isIdle: true, isDue: true),
        Case(bytes: 9_000, commits: 299, isDue: false),
        Case(bytes: 9_000, commits: 300, isDue: true),
        Case(bytes: 8_000, commits: 1_000, isDue: false),
        Case(bytes: 9_000, commits: 1, isShort: true, isDue: true),
        Case(bytes: 48_000, commits: 1, isDue: false),
        Case(bytes: 48_001, commits: 1, isDue: true),
    ]

    @Test(arguments: cases)
    private func `early without commits, once in 300 commits otherwise, and never past the bound`(_ row: Case) {
        var pacing = CheckpointPacing()
        for _ in 0..<row.commits { pacing.committed() }
        let isDue = pacing.isDue(
            logBytes: row.bytes,
            isIdle: row.isIdle,
            isShort: row.isShort,
            Self.marks,
            now: at(0)
        )
        #expect(isDue == row.isDue)
    }

    @Test func `commits are counted anew after each`() {
        var pacing = CheckpointPacing()
        for _ in 0..<300 { pacing.committed() }
        pacing.checkpointed(logBytes: 0, at: at(1))
        #expect(!pacing.isDue(logBytes: 9_000, isIdle: false, isShort: false, Self.marks, now: at(1)))
    }

    @Test func `a log that a reader holds isn't tried again in each round`() {
        var pacing = CheckpointPacing()
        pacing.checkpointed(logBytes: 60_000, at: at(0))
        #expect(!pacing.isDue(logBytes: 60_000, isIdle: true, isShort: true, Self.marks, now: at(99)))
        #expect(pacing.wait(logBytes: 60_000, Self.marks, now: at(10)) == .milliseconds(90))
        #expect(pacing.isDue(logBytes: 60_000, isIdle: false, isShort: false, Self.marks, now: at(100)))
    }

    @Test(arguments: [(1_000, nil), (1_001, 5)] as [(Int, Int64?)])
    func `the loop wakes soon after its last commit where there is something to move`(_ bytes: Int, _ wait: Int64?) {
        let pacing = CheckpointPacing()
        #expect(pacing.wait(logBytes: bytes, Self.marks, now: at(7)) == wait.map { .milliseconds($0) })
    }
}
