import AdminAPI
import Testing

@Suite("What verify found")
struct VerificationReportTests {
    private func lines(problems: Int) -> [String] {
        VerificationReport(
            path: "/q.db",
            sound: problems == 0,
            inUse: false,
            file: (0..<problems).map { "Page \($0) is never used" },
            rows: [],
            damagedRows: 0,
            counters: [],
            events: 1,
            deadLetters: 0,
            history: 2
        ).lines
    }

    @Test func `is one line where all is sound`() {
        #expect(lines(problems: 0) == ["/q.db: sound (1 event, 0 dead letters, 2 lines of the history)"])
    }

    @Test func `is a line for each problem, and fits a screen`() {
        #expect(lines(problems: 20).count == 21)
        let many = lines(problems: 400)
        #expect(many.count == 22)
        #expect(many.last == "file: and 380 more problems (--json names them)")
    }
}
