import OutboxCore
import Testing

struct GlobPatternTests {
    @Test(arguments: [
        ("orders", "orders", true), ("orders", "order", false), ("orders-*", "orders-eu", true),
        ("orders-*", "orders", false),
        ("*", "", true), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("o?ders", "orders", true),
        ("o?ders", "oders", false), ("**", "x", true), ("a*a*a*a*a*b", String(repeating: "a", count: 200), false),
        ("[a-z]", "a", false),
    ])
    func `stands for what operators expect`(pattern: String, subject: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(subject) == matches)
    }

    @Test func `means a function by name, by name and qualifier, or by ARN`() {
        let function = FunctionIdentity(
            partition: "aws",
            account: "123456789012",
            region: "eu-central-1",
            name: "orders",
            qualifier: "live"
        )
        for pattern in ["orders", "orders:live", "arn:aws:lambda:*:123456789012:function:orders:live"] {
            #expect(GlobPattern(pattern).matches(function))
        }
        #expect(!GlobPattern("orders:test").matches(function))
    }
}

struct LineTests {
    @Test func `gives back what was put in, from both ends, in order`() {
        var line = Line()
        var expected: [Int64] = []
        for round in Int64(0)..<1000 {
            line.append(round)
            expected.append(round)
            if round % 3 == 0 {
                #expect(line.popFirst() == expected.removeFirst())
            }
            if round % 7 == 0 {
                line.prepend(-round)
                expected.insert(-round, at: 0)
            }
            if round % 11 == 0, expected.count > 2 {
                line.remove(expected[1])
                expected.remove(at: 1)
            }
            #expect(line.count == expected.count)
        }
        #expect(Array(line.elements) == expected)
        while let item = line.popFirst() { #expect(item == expected.removeFirst()) }
        #expect(expected.isEmpty)
    }
}

struct AttemptHistoryTests {
    private func record(_ at: Int64, _ outcome: String) -> AttemptRecord {
        AttemptRecord(
            at: WallTime(milliseconds: at),
            duration: .zero,
            outcome: outcome,
            blame: .function,
            charged: true,
            uncertain: false
        )
    }

    @Test func `equal attempts in a row are one line with a count and two times`() {
        var lines: [AttemptRecord] = []
        for at in 1...5 { AttemptHistory.append(record(Int64(at), "answered"), to: &lines) }
        #expect(lines.count == 1)
        #expect(lines[0].count == 5)
        #expect(lines[0].at == WallTime(milliseconds: 1))
        #expect(lines[0].lastAt == WallTime(milliseconds: 5))
    }

    @Test func `the first 3 lines and the last 10 stay`() {
        var lines: [AttemptRecord] = []
        for at in 0..<40 { AttemptHistory.append(record(Int64(at), "o\(at)"), to: &lines) }
        #expect(lines.map(\.outcome) == ["o0", "o1", "o2"] + (30..<40).map { "o\($0)" })
    }
}

struct AdmissionTests {
    @Test func `each budget closes the door with its own reason (P7)`() {
        var budgets = QueueBudgets()
        budgets.eventsMax = 10
        budgets.bytesMax = 1000
        budgets.freeDiskMin = 500
        var admission = Admission(budgets: budgets)
        #expect(admission.admit(payloadBytes: 1, function: FunctionUsage(), share: 1) == nil)
        #expect(admission.events == 1)
        #expect(admission.admit(payloadBytes: 1000, function: FunctionUsage(), share: 1)?.contains("max_bytes") == true)
        admission.freeDisk = 499
        #expect(
            admission.admit(payloadBytes: 1, function: FunctionUsage(), share: 1)?.contains("min_free_disk") == true
        )
        admission.freeDisk = 500
        admission.events = 10
        #expect(admission.admit(payloadBytes: 1, function: FunctionUsage(), share: 1)?.contains("max_events") == true)
    }

    @Test func `a function past its share is refused while others get in (P6, P7)`() {
        var budgets = QueueBudgets()
        budgets.eventsMax = 10
        var admission = Admission(budgets: budgets)
        #expect(
            admission.admit(payloadBytes: 1, function: FunctionUsage(events: 5), share: 0.5)?.contains("share") == true
        )
        #expect(admission.admit(payloadBytes: 1, function: FunctionUsage(events: 4), share: 0.5) == nil)
        #expect(admission.admit(payloadBytes: 1, function: FunctionUsage(events: 0), share: 0.5) == nil)
    }
}
