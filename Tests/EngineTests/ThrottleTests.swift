import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// A receiver that lets so many a second through, in the simulation: how much of that is used, and what it costs.
struct ThrottleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var perSecond: Int64
        /// Milliseconds.
        var roundTrip: Int64
        var retryAfter: Span?
        /// nil: the answer names none.
        var reason: String?
        /// What the receiver lets through at once after a rest.
        var burst: Int64

        var testDescription: String {
            "\(perSecond)/s, \(roundTrip) ms, \(reason ?? "no reason"), burst of \(burst)"
                + (retryAfter == nil ? "" : ", Retry-After")
        }
    }

    static let functionReasons: [String?] = [
        "ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
        "FunctionInvocationRateLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded", nil,
    ]
    static let routeReasons = ["ConcurrentInvocationLimitExceeded", "CallerRateLimitExceeded"]

    static let cases: [Case] = functionReasons.flatMap { reason in
        [nil, Span.seconds(1)].map { Case(perSecond: 50, roundTrip: 5, retryAfter: $0, reason: reason, burst: 50) }
    }

    /// Tokens as the receiver counts them, exactly.
    private final class Receiver {
        let perSecond: Int64
        let burst: Int64
        var nanoTokens: Int64
        var at: Int64 = 0

        init(perSecond: Int64, burst: Int64) {
            self.perSecond = perSecond
            self.burst = burst
            nanoTokens = burst * 1_000_000_000
        }

        func takes(at now: Int64) -> Bool {
            nanoTokens = min(burst * 1_000_000_000, nanoTokens + (now - at) * perSecond)
            at = now
            guard nanoTokens >= 1_000_000_000 else { return false }
            nanoTokens -= 1_000_000_000
            return true
        }
    }

    @Test(arguments: cases)
    func `a limit is used to 85 % and more, at no more than 10 % refused attempts, and nothing is charged (P5, P6)`(
        _ it: Case
    ) {
        let simulation = Simulation(seed: 11)
        let world = simulation.world
        let receiver = Receiver(perSecond: it.perSecond, burst: it.burst)
        let isRoute = it.reason.map(Self.routeReasons.contains) ?? false
        var taken = 0
        var refused = 0
        var others = 0
        world.behaviour = { event, now in
            if event.function.name == "other", !isRoute {
                others += 1
                return .accepted(after: 5)
            }
            if receiver.takes(at: now.monotonic.nanoseconds) {
                taken += 1
                return .accepted(after: it.roundTrip)
            }
            refused += 1
            let answer = Answer(
                status: 429,
                code: "TooManyRequestsException",
                requestID: "r",
                reason: it.reason,
                retryAfter: it.retryAfter
            )
            return .answered(answer, after: it.roundTrip)
        }
        let span = Span.minutes(5)
        var otherSent = 0
        while world.now.monotonic.nanoseconds < span.milliseconds * 1_000_000 {
            var items: [IntakeItem] = []
            if simulation.store.totals.queued < 600 {
                for index in 0..<600 { items.append(simulation.send(to: isRoute ? "f\(index % 3)" : "limited").item) }
            }
            if !isRoute, world.now.monotonic.nanoseconds / 100_000_000 > otherSent {
                otherSent += 1
                items.append(simulation.send(to: "other").item)
            }
            simulation.step(items)
        }
        let limit = Double(it.perSecond * span.milliseconds / 1000)
        #expect(Double(taken) >= 0.85 * limit, "handed over \(taken) of \(limit)")
        #expect(refused * 10 <= taken + refused, "\(refused) refused, \(taken) handed over")
        #expect(simulation.store.totals.dead == 0)
        #expect(world.changes.isEmpty, "a throttle suspends nothing")
        if !isRoute { #expect(others >= otherSent - 2, "another function's events wait: \(others) of \(otherSent)") }
    }
}
