import OutboxCore
import Testing

@Suite("Events refused in a row")
struct RejectionRunTests {
    private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `five different events in a row blame the function, and all go free`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        for sequence in 1...4 { #expect(refused(Int64(sequence)) == .onTrial) }
        #expect(refused(5) == .function)
        #expect(run.isEmpty)
    }

    @Test func `the same event again is no other event`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        for _ in 0..<10 { #expect(refused(7) == .onTrial) }
    }

    @Test func `a hand-over condemns who was refused, and ends the row`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        for sequence in 1...4 { _ = refused(Int64(sequence)) }
        run.handedOver()
        #expect(run.condemned.keys.sorted() == [1, 2, 3, 4])
        #expect(run.condemned[3] == "A 3")
        #expect(refused(5) == .onTrial)
    }

    @Test func `another code ends the row`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        for sequence in 1...4 { _ = refused(Int64(sequence)) }
        #expect(refused(5, code: "B") == .onTrial)
        #expect(run.condemned.keys.sorted() == [1, 2, 3, 4])
    }

    @Test func `patience ends after the latest refusal, not before`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        _ = refused(1, at: 0)
        _ = refused(2, at: 1500)
        #expect(run.lapsesAt == at(3500))
        run.lapse(now: at(3499))
        #expect(run.condemned.isEmpty)
        run.lapse(now: at(3500))
        #expect(run.condemned.keys.sorted() == [1, 2])
        #expect(run.lapsesAt == nil)
    }

    @Test func `those who were condemned for want of word still count in the row`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        for sequence in 1...4 {
            _ = refused(Int64(sequence), at: Int64(sequence) * 10_000)
            run.lapse(now: at(Int64(sequence) * 10_000 + 2000))
            run.left(Int64(sequence))
        }
        #expect(!run.isOpen)
        #expect(refused(5, at: 60_000) == .function)
    }

    @Test func `who is condemned and refused once more is dead at once`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        _ = refused(1)
        run.handedOver()
        #expect(refused(1) == .condemned)
        #expect(!run.isOpen)
    }

    @Test func `who is condemned and refused once more counts in the row`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        _ = refused(1)
        run.handedOver()
        for sequence in 2...5 { #expect(refused(Int64(sequence)) == .onTrial) }
        #expect(refused(1) == .function)
    }

    @Test func `an event that was handed over after all is not condemned`() {
        var run = RejectionRun()
        func refused(_ sequence: Int64, code: String = "A", at time: Int64 = 0) -> RejectionRun.Finding {
            run.refused(sequence, code: code, reason: "\(code) \(sequence)", now: at(time))
        }
        _ = refused(1)
        run.left(1)
        run.handedOver()
        #expect(run.condemned.isEmpty)
    }
}

@Suite("A failure that functions of a route share")
struct SharedFailureTests {
    private let a = FunctionKey(1)
    private let b = FunctionKey(2)
    private let c = FunctionKey(3)

    @Test func `one function alone never blames the route`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        for _ in 0..<100 { #expect(!failed(a, "X")) }
    }

    @Test func `two functions with one failure blame it`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        #expect(!failed(a, "X"))
        #expect(failed(b, "X"))
    }

    @Test func `two failures that differ don't`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        #expect(!failed(a, "X"))
        #expect(!failed(b, "Y"))
    }

    @Test func `a hand-over between shows that each fails by himself, from then on`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        _ = failed(a, "X")
        shared.handedOver(c)
        #expect(!failed(b, "X"))
        shared.handedOver(c)
        for _ in 0..<3 {
            #expect(!failed(a, "X"))
            #expect(!failed(b, "X"))
        }
    }

    @Test func `one function under two keys, as the store forgot it between, is one`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        #expect(!failed(a, "X"))
        shared.forgotten(a)
        #expect(!failed(b, "X"))
        #expect(failed(c, "X"))
    }

    @Test func `who works again counts again`() {
        var shared = SharedFailure()
        func failed(_ function: FunctionKey, _ reason: String) -> Bool { shared.failed(function, reason: reason) }
        _ = failed(a, "X")
        shared.handedOver(b)
        shared.handedOver(a)
        #expect(!failed(a, "X"))
        #expect(failed(b, "X"))
    }
}

@Suite("Failures after sending that speak against one event")
struct PoisonWatchTests {
    @Test func `in an outage one failure counts, however many there are`() {
        var watch = PoisonWatch(eventsMax: 10)
        var failures = 0
        for _ in 0..<50 { failures = watch.failed(1, failures: failures, others: 7, isRouteSuspended: false) }
        #expect(failures == 1)
    }

    @Test func `three failures between which others got through make it suspect, five more poison`() {
        var watch = PoisonWatch(eventsMax: 10)
        var failures = 0
        for others in 1...3 {
            #expect(!PoisonWatch.isSuspect(failures))
            failures = watch.failed(1, failures: failures, others: others, isRouteSuspended: false)
        }
        #expect(PoisonWatch.isSuspect(failures))
        for _ in 0..<5 {
            #expect(!PoisonWatch.isPoison(failures))
            // Nothing else waits any more.
            failures = watch.failed(1, failures: failures, others: 3, isRouteSuspended: false)
        }
        #expect(PoisonWatch.isPoison(failures))
    }

    @Test func `a suspect's failure on a suspended route counts only if others got through`() {
        var watch = PoisonWatch(eventsMax: 10)
        func failed(others: Int) -> Int { watch.failed(1, failures: 4, others: others, isRouteSuspended: true) }
        #expect(failed(others: 3) == 4)
        #expect(failed(others: 3) == 4)
        #expect(failed(others: 5) == 5)
    }

    @Test func `what was forgotten counts only later`() {
        var watch = PoisonWatch(eventsMax: 2)
        func failed(_ sequence: Int64, _ failures: Int, others: Int) -> Int {
            watch.failed(sequence, failures: failures, others: others, isRouteSuspended: false)
        }
        for sequence in 1...3 { _ = failed(Int64(sequence), 0, others: 1) }
        #expect(failed(1, 1, others: 5) == 1)
        #expect(failed(1, 1, others: 6) == 2)
    }
}
