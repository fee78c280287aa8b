import Foundation
import OutboxCore
import TestSupport
import Testing

/// Receivers that allow so many events a second: how much of that is used, at what cost, and for how long.
///
/// OUTBOX_PACE_MINUTES (5 in the long run) makes each case so long; OUTBOX_PACE_SEEDS tries so many seeds.
struct ThrottledReceiverTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var perSecond: Double
        /// Milliseconds.
        var roundTrip: Double
        var reason: String?
        var retryAfter: Span?
        /// What the receiver lets through at once after a rest.
        var burst: Double
        /// Answers take up to so much longer, as a part; the loop wakes up to so many milliseconds late.
        var jitter = 0.0
        var lateness = 0.0

        var isRoute: Bool { ThrottledReceiverTests.routeReasons.contains(reason) }
        var policy: FunctionPolicy {
            var policy = FunctionPolicy()
            policy.drainRate = nil
            return policy
        }
        var testDescription: String {
            "\(Int(perSecond))/s, \(Int(roundTrip)) ms, \(reason ?? "no reason"), "
                + (retryAfter.map { "Retry-After \($0.milliseconds) ms" } ?? "no Retry-After")
                + ", burst \(Int(burst)), jitter \(jitter), \(lateness) ms late"
        }
    }

    static let functionReasons: [String?] = [
        "ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
        "FunctionInvocationRateLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded", nil,
    ]
    static let routeReasons: [String?] = ["ConcurrentInvocationLimitExceeded", "CallerRateLimitExceeded"]
    private static let one: [String?] = [nil, "CallerRateLimitExceeded"]

    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
    private static let minutes = setting("OUTBOX_PACE_MINUTES")
    static let seeds = (0..<UInt64(setting("OUTBOX_PACE_SEEDS") ?? 1)).map { $0 + 7 }

    /// Both receivers, with and without Retry-After, with each reason; then hard ones: small bursts, answers and a loop
    /// that are late. The long run has more of the fast ones, and receivers that let nothing through at once.
    static let cases: [Case] = {
        let rests = [nil, Span.seconds(1)]
        var cases: [Case] = []
        func add(
            _ perSecond: Double,
            _ reason: String?,
            _ rest: Span?,
            burst: Double,
            jitter: Double,
            lateness: Double
        ) {
            cases.append(
                Case(
                    perSecond: perSecond,
                    roundTrip: perSecond > 50 ? 50 : 5,
                    reason: reason,
                    retryAfter: rest,
                    burst: burst,
                    jitter: jitter,
                    lateness: lateness
                )
            )
        }
        for reason in functionReasons + routeReasons {
            for rest in rests { add(50, reason, rest, burst: 50, jitter: 1, lateness: 1) }
        }
        for reason in one {
            for rest in rests {
                for (burst, late) in [(5.0, 0.0), (5, 3), (20, 1)] {
                    add(50, reason, rest, burst: burst, jitter: late, lateness: late)
                }
            }
        }
        guard minutes != nil else {
            add(1000, nil, nil, burst: 1000, jitter: 0.2, lateness: 1)
            add(1000, "CallerRateLimitExceeded", .seconds(1), burst: 1000, jitter: 0.2, lateness: 1)
            return cases
        }
        for rest in rests {
            for reason in functionReasons + routeReasons {
                add(1000, reason, rest, burst: 1000, jitter: 0.2, lateness: 1)
            }
            for reason in one {
                for burst in [20.0, 50, 100] { add(1000, reason, rest, burst: burst, jitter: 0.2, lateness: 1) }
                add(50, reason, rest, burst: 2, jitter: 3, lateness: 3)
                add(50, reason, rest, burst: 1, jitter: 0, lateness: 0)
            }
        }
        for reason in one {
            add(1000, reason, nil, burst: 5, jitter: 0.2, lateness: 1)
            add(50, reason, nil, burst: 1, jitter: 0.2, lateness: 0.2)
        }
        return cases
    }()

    /// Long enough to learn a limit in; five minutes in the long run.
    private static func span(_ it: Case) -> Span {
        if let minutes { return .minutes(Int64(minutes)) }
        return it.perSecond > 50 ? .seconds(30) : it.burst < 50 ? .seconds(120) : .seconds(60)
    }

    @Test(arguments: cases, seeds)
    func
        `85 % of a limit and more are used, 10 % at most refused, nothing is charged, no other function waits (P5, P6)`(
            _ it: Case,
            _ seed: UInt64
        )
    {
        let allowance = Allowance(
            perSecond: it.perSecond,
            burst: it.burst,
            reason: it.reason,
            retryAfter: it.retryAfter
        )
        var world = ThrottledWorld(
            functions: it.isRoute
                ? (0..<3).map { .init(name: "f\($0)") }
                : [.init(name: "limited", allowance: allowance), .init(name: "other", sendsPerSecond: 10)],
            shared: it.isRoute ? allowance : nil,
            roundTrip: it.roundTrip,
            jitter: it.jitter,
            lateness: it.lateness,
            policy: it.policy,
            seed: seed
        )
        world.run(for: Self.span(it))
        let receiver = world.shared ?? world.functions[0].allowance!
        let limit = it.perSecond * world.seconds
        #expect(Double(receiver.taken) >= 0.85 * limit, "handed over \(receiver.taken) of \(limit)")
        #expect(receiver.refused * 10 <= receiver.refused + receiver.taken, "\(receiver.refused) were refused")
        #expect(world.charged == 0)
        #expect(world.changes == 0, "a throttle suspends nothing")
        if it.isRoute {
            let shares = world.functions.map { Double($0.handedOver) }
            #expect(shares.min()! > 0.9 * shares.max()!, "functions of one route share it unequally: \(shares)")
        } else {
            let other = world.functions[1]
            #expect(other.sent - other.handedOver <= 2)
            #expect(other.slowest < .milliseconds(500), "another's event took \(other.slowest.milliseconds) ms")
        }
    }

    @Test(arguments: [nil, Span.seconds(1)], seeds)
    func `a function with a limit of its own on a route with one: both are used, neither blocks the other (P6)`(
        _ retryAfter: Span?,
        _ seed: UInt64
    ) {
        let own = Allowance(perSecond: 10, burst: 5, retryAfter: retryAfter)
        let shared = Allowance(perSecond: 100, burst: 50, reason: "CallerRateLimitExceeded", retryAfter: retryAfter)
        var world = ThrottledWorld(
            functions: [.init(name: "limited", allowance: own), .init(name: "a"), .init(name: "b")],
            shared: shared,
            roundTrip: 10,
            jitter: 1,
            lateness: 1,
            seed: seed
        )
        world.run(for: .minutes(2))
        #expect(Double(world.functions[0].handedOver) >= 0.8 * 10 * world.seconds)
        #expect(Double(world.shared!.taken) >= 0.85 * 100 * world.seconds, "\(world.shared!.taken)")
        let refused = world.shared!.refused + world.functions[0].allowance!.refused
        #expect(refused * 10 <= refused + world.shared!.taken)
        #expect(abs(world.functions[1].handedOver - world.functions[2].handedOver) < world.functions[1].handedOver / 10)
        #expect(world.charged == 0)
        #expect(world.changes == 0)
    }

    @Test func `a limit that is raised is found within a minute, one that is lowered within seconds`() {
        var world = ThrottledWorld(
            functions: [.init(name: "limited", allowance: Allowance(perSecond: 50, burst: 5))],
            roundTrip: 5,
            seed: 5
        )
        world.run(for: .minutes(2))
        world.functions[0].allowance!.perSecond = 100
        world.run(for: .minutes(1))
        let before = world.functions[0].allowance!
        world.run(for: .minutes(1))
        let raised = world.functions[0].allowance!
        #expect(Double(raised.taken - before.taken) >= 0.85 * 6000)
        world.functions[0].allowance!.perSecond = 20
        world.run(for: .minutes(1))
        let lowered = world.functions[0].allowance!
        #expect(Double(lowered.taken - raised.taken) >= 0.85 * 1200)
        let refused = lowered.refused - raised.refused
        #expect(refused * 10 <= refused + lowered.taken - raised.taken, "\(refused) refused")
    }

    @Test(arguments: [2.0, 50, 400], [0.0, 5.0])
    func `rate is kept to within 3 %, however late the loop wakes`(_ rate: Double, _ lateness: Double) {
        var policy = FunctionPolicy()
        policy.rate = rate
        var world = ThrottledWorld(
            functions: [.init(name: "orders")],
            roundTrip: 5,
            jitter: 1,
            lateness: lateness,
            policy: policy,
            seed: 3
        )
        world.run(for: .seconds(30))
        let wanted = rate * world.seconds
        #expect(abs(Double(world.attempts) - wanted) <= max(0.03 * wanted, 2), "\(world.attempts) of \(wanted)")
    }
}
