import OutboxCore
import Testing

/// The order of probes.
struct ProbeLineTests {
    private func time(_ number: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: number) }

    @Test func `only those whose time has come and still holds become due`() {
        var line = ProbeLine()
        for number: Int64 in [50, 10, 40, 20, 30, 60, 15] { line.schedule(FunctionKey(number), at: time(number)) }
        var asked: [Int64] = []
        line.collect(now: time(30)) { key, _ in
            asked.append(key.rawValue)
            return key.rawValue != 20
        }
        #expect(asked == [10, 15, 20, 30])
        #expect(line.due == [FunctionKey(10), FunctionKey(15), FunctionKey(30)])
        #expect(line.earliest == time(40))
        line.leave(FunctionKey(10))
        line.look(at: FunctionKey(60))
        #expect(line.due == [FunctionKey(15), FunctionKey(30), FunctionKey(60)])
    }

    @Test func `whatever the order of scheduling, the earliest comes first`() {
        var line = ProbeLine()
        for number: Int64 in 0..<1000 { line.schedule(FunctionKey(number), at: time(number &* 7919 % 1000)) }
        var times: [MonotonicTime] = []
        line.collect(now: time(1000)) { _, at in
            times.append(at)
            return false
        }
        #expect(times.count == 1000 && times == times.sorted())
        #expect(line.earliest == nil && line.due.isEmpty)
    }
}
