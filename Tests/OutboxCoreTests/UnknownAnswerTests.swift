import OutboxCore
import TestSupport
import Testing

/// An event is given up after five answers that nobody knows, and only at one (delivery: "Blame").
@Suite("Answers that nobody knows") struct UnknownAnswerTests {
    /// What becomes of an event that had so many of them before, perhaps under a soft policy.
    private func fate(after unknownAttempts: Int, _ answer: Answer) -> Resolution.Fate {
        var random = SystemRandomNumberGenerator()
        let now = Moment(wall: WallTime(milliseconds: 5000), monotonic: MonotonicTime(nanoseconds: 1))
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        let event = QueuedEvent(
            sequence: 1,
            id: EventID(high: 0, low: 1),
            functionKey: FunctionKey(1),
            function: StoreBench.function(),
            payload: [],
            payloadDigest: StoreBench.digest(1),
            acceptedAt: now.wall,
            ageFrom: now.wall,
            chargedAttempts: unknownAttempts,
            unknownAttempts: unknownAttempts
        )
        dispatcher.accepted([event], lastSequence: 1)
        _ = dispatcher.wake(now: now, clockTrusted: true)
        let completion = AttemptCompletion(sequence: 1, outcome: .answered(answer), duration: .milliseconds(5))
        return dispatcher.completed(completion, now: now, clockTrusted: true, using: &random).resolution.fate
    }

    @Test func `the fifth is the end`() {
        let unknown = Answer(status: 418, code: "Teapot", requestID: "r")
        guard case .waits = fate(after: 3, unknown) else {
            Issue.record("dead after four")
            return
        }
        guard case .dead(.rejected, _) = fate(after: 4, unknown) else {
            Issue.record("not dead after five")
            return
        }
    }

    @Test func `a function's failure is not, though the event had its tries while the policy was soft`() {
        let failure = Answer(status: 500, code: "ServiceException", requestID: "r")
        guard case .waits = fate(after: 7, failure) else {
            Issue.record("dead of a failure that was not unknown")
            return
        }
    }
}
