import OutboxCore
import Testing

/// A way to AWS that works again takes more as answers show that it can, one at first.
struct RouteRecoveryTests {
    @Test(
        arguments: [
            (202, nil, 2), (413, "RequestTooLargeException", 2), (403, "AccessDeniedException", 2),
            (500, "ServiceException", 1), (429, "TooManyRequestsException", 1),
        ]
    )
    func `a good answer, be it a refusal, lets a second attempt go beside it: nobody waits behind the refused (P6)`(
        status: Int,
        code: String?,
        inFlight: Int
    ) {
        var random = SystemRandomNumberGenerator()
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        func end(_ sequence: Int64, _ outcome: AttemptOutcome, at now: Moment) {
            let completion = AttemptCompletion(sequence: sequence, outcome: outcome, duration: .milliseconds(5))
            _ = dispatcher.completed(completion, now: now, clockTrusted: true, using: &random)
            dispatcher.committed([sequence])
        }
        func started(_ now: Moment) -> [Int64] {
            dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence)
        }
        dispatcher.accepted([event(1, of: 1)], lastSequence: 1)
        let outage = AttemptOutcome.failed(TransportFailure(kind: .connect, sent: false, message: "refused"))
        for sequence in started(moment(0)) { end(sequence, outage, at: moment(0)) }
        dispatcher.accepted((2...9).map { event($0, of: $0) }, lastSequence: 9)
        let probes = started(moment(60_000))
        #expect(probes.count == 1)
        func answer(_ status: Int, _ code: String?) -> AttemptOutcome {
            .answered(Answer(status: status, code: code, requestID: "r"))
        }
        end(probes[0], answer(202, nil), at: moment(60_100))
        let first = started(moment(60_200))
        #expect(first.count == 1)
        end(first[0], answer(status, code), at: moment(60_300))
        #expect(started(moment(60_400)).count == inFlight)
    }
}
