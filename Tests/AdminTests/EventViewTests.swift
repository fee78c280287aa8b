import AdminAPI
import OutboxCore
import Testing

@testable import Admin

@Suite struct `an event's explanation` {
    private let now = WallTime(milliseconds: 1_000_000)

    private func detail(_ state: EventState, _ change: (inout EventDetail) -> Void = { _ in }) -> EventDetail {
        var detail = EventDetail(
            sequence: 1,
            id: .first,
            functionKey: FunctionKey(1),
            function: FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "eu-west-1",
                name: "orders",
                qualifier: "live"
            ),
            state: state,
            producer: "uid:1",
            payloadBytes: 2,
            acceptedAt: WallTime(milliseconds: 0),
            ageFrom: WallTime(milliseconds: 0)
        )
        change(&detail)
        return detail
    }

    private func failed(_ count: Int) -> (inout EventDetail) -> Void {
        { detail in
            detail.attemptCount = count
            detail.attempts = [
                AttemptRecord(
                    at: WallTime(milliseconds: 5),
                    duration: .milliseconds(3),
                    outcome: "answered",
                    blame: .function,
                    status: 500,
                    code: "ServiceException",
                    message: "secret text of the function",
                    charged: true,
                    uncertain: false
                )
            ]
        }
    }

    @Test func `says that a fresh event waits for its turn`() {
        let words = "It is due and waits for its turn: it is sent as soon as its function has a free slot."
        #expect(Event(detail(.queued), now: now).explanation == words)
    }

    @Test func `says until when a delayed event waits`() {
        let event = Event(detail(.queued) { $0.dueAt = WallTime(milliseconds: 2_000_000) }, now: now)
        #expect(event.explanation == "It waits for its delivery time, 1970-01-01T00:33:20.000Z.")
        #expect(event.nextAttemptAt == Timestamp(milliseconds: 2_000_000))
    }

    @Test func `names the last error by code, never by its text (P11)`() throws {
        let event = Event(
            detail(.queued) {
                failed(2)(&$0)
                $0.dueAt = WallTime(milliseconds: 2_000_000)
            },
            now: now
        )
        let words = try #require(event.explanation)
        #expect(
            words == "Attempt 2 failed (HTTP 500 ServiceException). It is tried again at 1970-01-01T00:33:20.000Z."
        )
    }

    @Test func `says why and since when a suspended function's event waits (P9)`() throws {
        let suspension = EventStanding.Suspension(
            reason: "5 failures in a row",
            since: WallTime(milliseconds: 0),
            nextProbeAt: WallTime(milliseconds: 2_000_000)
        )
        let words = try #require(Event(detail(.queued), standing: .functionSuspended(suspension), now: now).explanation)
        #expect(words.contains("the function is suspended, since 1970-01-01T00:00:00.000Z: 5 failures in a row."))
        #expect(words.contains("next probe is at 1970-01-01T00:33:20.000Z"))
        #expect(words.contains("age goes on towards max_age") && !words.contains("costs the event nothing"))
    }

    @Test func `says that waiting for a suspended route costs nothing (P5)`() throws {
        let suspension = EventStanding.Suspension(
            reason: "dns: …",
            since: WallTime(milliseconds: 0),
            nextProbeAt: WallTime(milliseconds: 0)
        )
        let words = try #require(Event(detail(.queued), standing: .routeSuspended(suspension), now: now).explanation)
        #expect(words.contains("A probe is due now. Waiting costs the event nothing."))
    }

    @Test func `says that AWS throttles, with the rest it asked for, else the rate (P9)`() throws {
        func words(_ throttle: EventStanding.Throttle) throws -> String {
            try #require(Event(detail(.queued), standing: .throttled(throttle), now: now).explanation)
        }
        let rest = try words(.init(isRoute: true, until: WallTime(milliseconds: 2_000_000), perSecond: 3))
        #expect(rest.contains("AWS throttles all functions of its route: nothing is sent before 1970-01-01T00:33:20"))
        let rate = try words(.init(isRoute: false, until: WallTime(milliseconds: 0), perSecond: 3.25))
        #expect(rate.contains("AWS throttles the function: 3.3 a second go out for now."))
        #expect(try words(.init(isRoute: false)).contains("waits for its turn"))
    }

    @Test(arguments: [
        (EventStanding.slowed(.rate(50)), "the configuration's rate lets 50.0 a second of its function out"),
        (.slowed(.drainRate(500)), "the configuration's drain_rate lets 500 a second out"),
        (.slowed(.inFlight(limit: 4, ceiling: 64)), "4 attempts in flight now"),
        (.slowed(.inFlight(limit: 64, ceiling: 64)), "as max_in_flight allows, 64"),
        (.slowed(.routeInFlight(limit: 1)), "may have 1 attempt in flight now"),
        (.slowed(.allInFlight(limit: 256)), "as delivery.max_in_flight allows, 256"),
    ])
    func `says what holds a waiting event back (P9)`(_ standing: EventStanding, _ part: String) throws {
        let words = try #require(Event(detail(.queued), standing: standing, now: now).explanation)
        #expect(words.contains(part), "\(words)")
    }

    @Test func `says when a retry comes, not what holds back the others`() throws {
        let event = Event(
            detail(.queued) { $0.dueAt = WallTime(milliseconds: 2_000_000) },
            standing: .slowed(.rate(50)),
            now: now
        )
        #expect(event.explanation == "It waits for its delivery time, 1970-01-01T00:33:20.000Z.")
    }

    @Test func `shows an event under way as in flight, though its row says queued`() {
        let event = Event(detail(.queued) { $0.dueAt = now }, standing: .inFlight(since: now), now: now)
        #expect(event.state == "in-flight")
        #expect(event.nextAttemptAt == nil)
    }

    @Test func `tells how to redrive a dead letter`() throws {
        let event = Event(
            detail(.deadLetter) {
                $0.condition = .exhausted
                $0.reason = "3 attempts"
            },
            now: now
        )
        #expect(try #require(event.explanation).contains("lambda-outbox dead redrive \(EventID.first)"))
        #expect(event.condition == "exhausted")
    }

    @Test func `gives Lambda's request id of a hand-over`() throws {
        let event = Event(detail(.handedOver) { $0.requestID = "r-1" }, now: now)
        #expect(try #require(event.explanation).contains("as request r-1"))
    }

    @Test func `is left out of lists, with the history`() {
        let event = Event(detail(.queued, failed(1)), now: now, history: false)
        #expect(event.explanation == nil)
        #expect(event.attempts == nil)
        #expect(event.attemptCount == 1)
    }

    @Test func `writes a function with an account as ARN, without one by name and qualifier`() {
        #expect(Event(detail(.queued), now: now).functionText == "orders:live")
        let event = Event(detail(.queued) { $0.function.account = "123456789012" }, now: now)
        #expect(event.arn == "arn:aws:lambda:eu-west-1:123456789012:function:orders:live")
        #expect(event.functionText == event.arn)
    }
}
