import OutboxCore
import TestSupport
import Testing

/// What holds a function back, as people are told.
struct BrakeTests {
    private func world(
        _ allowance: Allowance? = nil,
        shared: Allowance? = nil,
        roundTrip: Double = 5,
        _ change: (inout FunctionPolicy) -> Void = { _ in }
    ) -> ThrottledWorld {
        var policy = FunctionPolicy()
        change(&policy)
        return ThrottledWorld(
            functions: [.init(name: "orders", allowance: allowance)],
            shared: shared,
            roundTrip: roundTrip,
            policy: policy,
            seed: 1
        )
    }

    @Test func `a throttle's rate, of the function or of its route`() throws {
        for isRoute in [false, true] {
            let allowance = Allowance(perSecond: 50, burst: 5, reason: isRoute ? "CallerRateLimitExceeded" : nil)
            var world = isRoute ? world(shared: allowance) : world(allowance)
            world.run(for: .minutes(1))
            let pace = try #require(world.pace(of: "orders"))
            guard case .throttle(let rate, isRoute) = pace.brake else {
                Issue.record("\(String(describing: pace.brake))")
                continue
            }
            #expect((30...55).contains(rate))
            #expect((30...55).contains(pace.handedOverPerSecond))
            #expect((90...170).contains(try #require(pace.secondsToEmpty(5000))))
        }
    }

    @Test func `a rest, until when`() throws {
        for isRoute in [false, true] {
            let reason = isRoute ? "CallerRateLimitExceeded" : nil
            let allowance = Allowance(perSecond: 0.001, burst: 1, reason: reason, retryAfter: .seconds(60))
            var world = isRoute ? world(shared: allowance) : world(allowance)
            world.run(for: .seconds(20))
            guard case .rest(let until, isRoute) = world.pace(of: "orders")?.brake else {
                Issue.record("\(String(describing: world.pace(of: "orders")))")
                continue
            }
            #expect(abs(until.since(MonotonicTime(nanoseconds: 0)).milliseconds - 60_000) < 100)
        }
    }

    @Test func `the configuration's rate`() throws {
        var world = world { $0.rate = 20 }
        world.run(for: .seconds(20))
        let pace = try #require(world.pace(of: "orders"))
        #expect(pace.brake == .rate(20))
        #expect(pace.rate == 20)
        #expect(pace.drainRate == 500)
        #expect(pace.secondsToEmpty(1000) == 50)
    }

    @Test func `the drain rate, once events have waited for a minute`() throws {
        var world = world {
            $0.rate = nil
            $0.drainRate = 2
            $0.maxInFlight = 1
        }
        world.roundTrip = 1000
        world.run(for: .milliseconds(50_500))
        #expect(world.pace(of: "orders")?.brake == .inFlight(limit: 1, ceiling: 1))
        world.run(for: .seconds(15))
        world.roundTrip = 5
        world.run(for: .seconds(10))
        #expect(world.pace(of: "orders")?.brake == .drainRate(2))
    }

    @Test func `the limit in flight, while it grows`() throws {
        var world = world(roundTrip: 60_000)
        world.run(for: .seconds(30))
        #expect(world.pace(of: "orders")?.brake == .inFlight(limit: 4, ceiling: 64))
    }
}
