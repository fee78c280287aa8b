import OutboxCore
import TestSupport
import Testing

/// What a throttle leaves of a route's rate is for all of its functions, those that are suspended included (P6).
struct ThrottledProbeTests {
    private let denied = Answer(status: 403, code: "AccessDeniedException", requestID: "r")
    private let throttled = Answer(
        status: 429,
        code: "TooManyRequestsException",
        requestID: "r",
        reason: "CallerRateLimitExceeded"
    )

    /// Starts what may start, and ends it with this answer.
    private func round(_ now: Moment, _ answer: Answer, _ dispatcher: inout Dispatcher) -> [QueuedEvent] {
        var random = SystemRandomNumberGenerator()
        let started = dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event)
        for event in started {
            let completion = AttemptCompletion(
                sequence: event.sequence,
                outcome: .answered(answer),
                duration: .milliseconds(5)
            )
            _ = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
            dispatcher.committed([event.sequence])
        }
        return started
    }

    @Test func `a suspended function's probes leave others their turns of a throttled route's rate (P6)`() {
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        dispatcher.accepted((1...30).map { event($0, of: 1) }, lastSequence: 30)
        _ = round(moment(0), denied, &dispatcher)
        dispatcher.accepted((31...60).map { event($0, of: 2) }, lastSequence: 60)
        var starts: [FunctionKey: Int] = [:]
        for tick in 1...3000 {
            for event in round(moment(Int64(tick) * 100), throttled, &dispatcher) {
                starts[event.functionKey, default: 0] += 1
            }
        }
        // At the floor of 0.1/s some thirty go out in five minutes.
        #expect(starts[FunctionKey(1), default: 0] > 5)
        #expect(starts[FunctionKey(2), default: 0] >= starts[FunctionKey(1), default: 0])
    }

    @Test func `a suspended function whose turn came for an expired event is probed with its next one (P6, P9)`() {
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        let short = (5...7).map { (sequence: Int64) in
            var event = event(sequence, of: 1)
            event.expiresAt = moment(40_000).wall
            return event
        }
        dispatcher.accepted((1...4).map { event($0, of: 1) } + short + [event(8, of: 1)], lastSequence: 8)
        // As many as a new function may have in flight are gone before the first answer.
        #expect(round(moment(0), denied, &dispatcher).count == 4)
        dispatcher.accepted((9...38).map { event($0, of: 2) }, lastSequence: 38)
        var probed: Set<Int64> = []
        for tick in 1...3000 {
            for event in round(moment(Int64(tick) * 100), throttled, &dispatcher)
            where event.functionKey == FunctionKey(1) && tick > 400 {
                probed.insert(event.sequence)
            }
        }
        #expect(probed == [8])
    }
}
