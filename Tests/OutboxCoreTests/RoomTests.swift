import OutboxCore
import Testing

/// Room in memory goes to those that can use it, and what has room is read (P6, P9).
@Suite("Room in memory") struct RoomTests {
    private let now = moment(0)

    private func dispatcher(_ limits: DispatchLimits) -> Dispatcher {
        Dispatcher(limits: limits, directory: OneRoute(), lastSequence: 0, nextDue: nil)
    }

    /// The next claim of rows without a due time; there are no others.
    private func nextFresh(_ dispatcher: inout Dispatcher) -> ClaimRequest? {
        while let request = dispatcher.nextClaim(now: now) {
            guard case .due = request.lane else { return request }
            let page = ClaimPage(
                request: request,
                events: [],
                throughSequence: 0,
                throughDue: nil,
                skipped: [:],
                exhausted: true
            )
            dispatcher.claimed(page, nextDue: nil)
        }
        return nil
    }

    private func end(_ sequence: Int64, _ answer: Answer, _ dispatcher: inout Dispatcher) {
        var random = SystemRandomNumberGenerator()
        let completion = AttemptCompletion(sequence: sequence, outcome: .answered(answer), duration: .milliseconds(5))
        _ = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
        dispatcher.committed([sequence])
    }

    @Test func `a function's parked rows are read when an order takes its last event out of memory`() {
        var limits = DispatchLimits()
        limits.windowEventsMax = 4
        limits.claimEventsMax = 2
        limits.functionEventsMax = 16
        var dispatcher = dispatcher(limits)
        // Crowded: one event of each function, and no second one.
        dispatcher.accepted([event(1, of: 1), event(2, of: 2), event(3, of: 3), event(4, of: 1)], lastSequence: 4)
        #expect(nextFresh(&dispatcher) == nil)
        _ = dispatcher.withdraw([1])
        dispatcher.returned(gone: [1], kept: [])
        guard case .fresh(after: 3, _, let only?)? = nextFresh(&dispatcher)?.lane else {
            Issue.record("nothing is read of what is parked")
            return
        }
        #expect(Set(only.keys) == [FunctionKey(1)])
    }

    @Test func `functions that Lambda told to wait fill no more than half of the window (P6)`() {
        var limits = DispatchLimits()
        limits.windowEventsMax = 16
        limits.claimEventsMax = 2
        limits.functionEventsMax = 4
        var dispatcher = dispatcher(limits)
        dispatcher.accepted((1...16).map { event($0, of: ($0 - 1) / 4 + 1) }, lastSequence: 16)
        let begun = dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence)
        let rest = Answer(
            status: 429,
            code: "TooManyRequestsException",
            requestID: "r",
            reason: "CallerRateLimitExceeded",
            retryAfter: .seconds(600)
        )
        end(begun[0], rest, &dispatcher)
        for sequence in begun.dropFirst() { end(sequence, Answer(status: 202, requestID: "r"), &dispatcher) }
        #expect(dispatcher.snapshot(now: now).windowEvents <= 8)
        dispatcher.accepted((17...32).map { event($0, of: ($0 - 17) / 2 + 5) }, lastSequence: 32)
        #expect(dispatcher.snapshot(now: now).windowEvents <= 8)
    }
}
