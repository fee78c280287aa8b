import OutboxCore
import TestSupport
import Testing

/// Where single events stand with the dispatcher.
@Suite("Standing of an event") struct StandingTests {
    private let now = Moment(wall: WallTime(milliseconds: 5000), monotonic: MonotonicTime(nanoseconds: 1))
    private let key = FunctionKey(1)

    private func dispatcher(function: SavedState? = nil, route: SavedState? = nil) -> Dispatcher {
        var random = SystemRandomNumberGenerator()
        var dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        dispatcher.restore(
            functions: [
                FunctionRecord(key: key, function: StoreBench.function(), queued: 0, dead: 0, bytes: 0, state: function)
            ],
            routes: route.map { [RouteRecord(name: "r", state: $0)] } ?? [],
            now: now,
            using: &random
        )
        return dispatcher
    }

    private func event(_ sequence: Int64) -> QueuedEvent {
        QueuedEvent(
            sequence: sequence,
            id: EventID(high: 0, low: UInt64(sequence)),
            functionKey: key,
            function: StoreBench.function(),
            payload: [],
            payloadDigest: StoreBench.digest(1),
            acceptedAt: now.wall,
            ageFrom: now.wall
        )
    }

    private func place(_ sequence: Int64, _ route: RouteKey? = RouteKey(0)) -> QueuedPlace {
        QueuedPlace(sequence: sequence, functionKey: key, route: route)
    }

    private let trouble = SavedState(reason: "down", since: WallTime(milliseconds: 1), failedProbes: 2)

    @Test("what is in flight, what waits and what isn't in memory, in the order asked")
    func inFlight() {
        var dispatcher = dispatcher()
        dispatcher.accepted([event(1)], lastSequence: 1)
        #expect(dispatcher.wake(now: now, clockTrusted: true).starts.map(\.event.sequence) == [1])
        dispatcher.accepted([event(2)], lastSequence: 2)
        let standings = dispatcher.standings(of: [place(9), place(1), place(2)], now: now.monotonic)
        #expect(standings.map(\.inFlightSince) == [nil, now.wall, nil])
    }

    @Test("a suspended function is told for its events, wherever they are")
    func function() {
        let standing = dispatcher(function: trouble).standings(of: [place(9)], now: now.monotonic)[0]
        #expect(standing.functionSuspension?.reason == "down")
        #expect(standing.routeSuspension == nil)
    }

    @Test("a suspended route is told for events that take it")
    func route() {
        let standings = dispatcher(route: trouble).standings(of: [place(9), place(9, nil)], now: now.monotonic)
        #expect(standings.map { $0.routeSuspension?.reason } == ["down", nil])
    }

    @Test(
        "a throttle is told, with its rest while there is one, and whom it slows down (P9)",
        arguments: [(nil, false), ("CallerRateLimitExceeded", true)] as [(String?, Bool)]
    )
    func throttle(reason: String?, isRoute: Bool) throws {
        var random = SystemRandomNumberGenerator()
        var dispatcher = dispatcher()
        for (sequence, retryAfter) in [(1, Span.seconds(60)), (2, nil)] as [(Int64, Span?)] {
            let later = Moment(
                wall: now.wall.advanced(by: .minutes(2 * sequence)),
                monotonic: now.monotonic.advanced(by: .minutes(2 * sequence))
            )
            dispatcher.accepted([event(sequence)], lastSequence: sequence)
            let started = dispatcher.wake(now: later, clockTrusted: true).starts.map(\.event.sequence)
            let answer = Answer(
                status: 429,
                code: "TooManyRequestsException",
                requestID: "r",
                reason: reason,
                retryAfter: retryAfter
            )
            for sequence in started {
                _ = dispatcher.completed(
                    AttemptCompletion(sequence: sequence, outcome: .answered(answer), duration: .zero),
                    now: later,
                    clockTrusted: true,
                    using: &random
                )
            }
            let found = try #require(dispatcher.standings(of: [place(9)], now: later.monotonic)[0].throttle)
            #expect(found.isRoute == isRoute)
            if sequence == 1 {
                #expect(found.until == later.monotonic.advanced(by: .seconds(60)))
            } else {
                #expect(found.until == nil && found.perSecond ?? 0 > 0)
            }
        }
    }
}
