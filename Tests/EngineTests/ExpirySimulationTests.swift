import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Who dies of age or expiry, when, and who doesn't, wherever the rows are (P2, P5).
struct ExpirySimulationTests {
    private static let failing = SimulatedAnswer.answered(SimulationTests.failing, after: 5)

    /// Long times pass in long steps.
    private static var limits: DispatchLimits {
        var limits = DispatchLimits()
        limits.wakeMax = .seconds(20)
        return limits
    }

    private func pass(_ simulation: Simulation, _ span: Span) {
        let end = simulation.world.now.monotonic.advanced(by: span)
        while simulation.world.now.monotonic < end { simulation.step() }
    }

    private func order(_ simulation: Simulation, _ command: StoreCommand) {
        simulation.step([], operations: [.operate([command]) { _ in }])
    }

    private func pause(_ simulation: Simulation, _ pattern: String) {
        order(simulation, .pause(PauseRule(pattern: GlobPattern(pattern), since: simulation.world.now.wall)))
    }

    /// Functions that fail from their first attempt on, with so many events each.
    private func failing(_ seed: UInt64, maxAge: Span, _ count: Int, store: ModelStore = ModelStore()) -> Simulation {
        var policy = FunctionPolicy()
        policy.maxAge = maxAge
        let simulation = Simulation(seed: seed, store: store, policy: policy, limits: Self.limits)
        simulation.world.behaviour = { _, _ in Self.failing }
        for _ in 0..<max(1, count / 100) where count > 0 {
            simulation.step((0..<min(count, 100)).map { _ in simulation.send(to: "orders").item })
        }
        return simulation
    }

    // MARK: Hard expiry

    @Test func `thousands of hard expiries that are due together are carried out at once, a slice a commit`() {
        let simulation = Simulation(seed: 80)
        pause(simulation, "*")
        simulation.step((0..<1500).map { _ in simulation.send(to: "orders", expiresIn: .minutes(1)).item })
        pass(simulation, .seconds(55))
        #expect(simulation.store.totals.dead == 0)
        pass(simulation, .seconds(11))
        #expect(simulation.store.totals.dead == 1500)
        #expect(simulation.store.totals.queued == 0)
    }

    @Test func `nothing of a soft function dies of an expiry, and it keeps nobody else's rows from it`() {
        let simulation = Simulation(seed: 81, limits: Self.limits)
        pause(simulation, "*")
        simulation.step(
            (0..<350).map { simulation.send(to: $0 < 300 ? "kept" : "other", expiresIn: .minutes(1)).item }
        )
        var soft = FunctionPolicy()
        soft.soft = true
        let directory = FlatDirectory(policies: ["kept": soft])
        simulation.world.toDelivery.append(.reconfigure(directory))
        pass(simulation, .minutes(5))
        #expect(simulation.store.totals.dead == 50)
        #expect(simulation.store.totals.queued == 300)
    }

    // MARK: max_age without an attempt

    @Test func `a longer max_age holds at once, also for a look that is under way (P2)`() {
        let simulation = failing(86, maxAge: .minutes(30), 0)
        // The clock is believed for longer than either.
        pass(simulation, .hours(2))
        simulation.step((0..<1000).map { _ in simulation.send(to: "orders").item })
        while simulation.store.totals.dead < 100 { simulation.step() }
        let before = simulation.store.totals.dead
        var policy = FunctionPolicy()
        policy.maxAge = .minutes(60)
        simulation.world.toDelivery.append(.reconfigure(FlatDirectory(policy: policy)))
        pass(simulation, .minutes(10))
        // A slice may have been decided before it.
        #expect(simulation.store.totals.dead <= before + CommitLimits().expiringMax)
    }

    @Test func `events of a failing function that were never tried die at max_age, none before (P6)`() {
        let simulation = failing(82, maxAge: .minutes(30), 100)
        pass(simulation, .minutes(28))
        #expect(simulation.store.totals.dead <= 10)
        pass(simulation, .minutes(4))
        #expect(simulation.store.totals.dead == 100)
    }

    @Test func `nothing of a soft function dies of its age, though it fails for ever`() {
        var policy = FunctionPolicy()
        policy.maxAge = .hours(1)
        policy.soft = true
        let simulation = Simulation(seed: 83, policy: policy, limits: Self.limits)
        simulation.world.behaviour = { _, _ in Self.failing }
        simulation.step((0..<40).map { _ in simulation.send(to: "orders").item })
        pass(simulation, .hours(3))
        #expect(simulation.store.totals.dead == 0)
    }

    @Test(arguments: [false, true])
    func `what a pause has kept is given up only after an attempt of its own (P5)`(restarts: Bool) {
        var simulation = failing(84, maxAge: .minutes(30), 60)
        pass(simulation, .minutes(1))
        pause(simulation, "orders")
        pass(simulation, .hours(2))
        #expect(simulation.store.totals.dead == 0)
        order(simulation, .resume(GlobPattern("orders")))
        if restarts {
            var policy = FunctionPolicy()
            policy.maxAge = .minutes(30)
            let next = Simulation(
                seed: 85,
                store: simulation.store,
                policy: policy,
                limits: Self.limits,
                wall: simulation.world.now.wall
            )
            next.world.behaviour = { _, _ in Self.failing }
            simulation = next
        }
        let attempts = simulation.world.attempts
        pass(simulation, .minutes(30))
        let tried = simulation.world.attempts - attempts
        #expect(simulation.store.totals.dead > 0)
        #expect(simulation.store.totals.dead <= tried)
        // What comes after the pause is given up without one.
        simulation.step((0..<40).map { _ in simulation.send(to: "orders").item })
        let before = simulation.store.totals.dead
        pass(simulation, .minutes(32))
        #expect(simulation.store.totals.dead >= before + 30)
        #expect(simulation.store.totals.queued > 20)
    }

    @Test func `what an outage has kept is given up only after an attempt of its own (P5)`() {
        let simulation = failing(86, maxAge: .minutes(30), 60)
        pass(simulation, .minutes(1))
        simulation.world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
        simulation.step([simulation.send(to: "other").item])
        pass(simulation, .hours(2))
        #expect(simulation.store.totals.dead == 0)
        simulation.world.behaviour = { _, _ in Self.failing }
        let attempts = simulation.world.attempts
        pass(simulation, .minutes(30))
        #expect(simulation.store.totals.dead <= simulation.world.attempts - attempts)
        #expect(simulation.store.totals.queued > 40)
    }

    @Test func `the probe that ends an outage is no attempt after it`() {
        var policy = FunctionPolicy()
        policy.maxAge = .hours(1)
        policy.baseDelay = .hours(2)
        policy.maxDelay = .hours(2)
        let simulation = Simulation(seed: 87, policy: policy, limits: Self.limits)
        let world = simulation.world
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < 3 * 3600 * 1_000_000_000
                ? .failed(.connect, sent: false, after: 1) : Self.failing
        }
        simulation.step([simulation.send(to: "orders").item])
        pass(simulation, .seconds(3 * 3600 + 10))
        #expect(simulation.store.totals.dead == 0)
        #expect(simulation.report().dispatch.routes[0].suspension == nil)
    }

    // MARK: Wrong clocks

    @Test func `a step while an attempt is under way gives its event no age (P2)`() {
        let simulation = Simulation(seed: 88)
        let world = simulation.world
        world.behaviour = { _, _ in
            guard world.attempts == 1 else { return .accepted(after: 5) }
            world.wallOffset += 31_536_000_000
            return Self.failing
        }
        simulation.step([simulation.send(to: "orders").item])
        #expect(simulation.drain(within: .minutes(1)))
        #expect(simulation.store.totals.dead == 0)
    }

    @Test(arguments: [Int64(-1_800_000_000), 31_536_000, -345_600], [true, false])
    func `what was accepted under a wrong clock lives for max_age from when it was set right, no longer`(
        off: Int64,
        restarts: Bool
    ) {
        var policy = FunctionPolicy()
        policy.maxAge = .minutes(30)
        policy.maxDelay = .minutes(1)
        let wrong = WallTime(milliseconds: 1_800_000_000_000 + off * 1000)
        var simulation = Simulation(seed: 89, policy: policy, limits: Self.limits, wall: wrong)
        simulation.world.isSynchronised = false
        simulation.world.behaviour = { _, _ in Self.failing }
        simulation.step((0..<3).map { _ in simulation.send(to: "orders").item })
        pass(simulation, .minutes(1))
        if restarts {
            simulation = Simulation(seed: 90, store: simulation.store, policy: policy, limits: Self.limits)
            simulation.world.behaviour = { _, _ in Self.failing }
        } else {
            simulation.world.wallOffset -= off * 1000
            simulation.world.isSynchronised = true
        }
        pass(simulation, .minutes(28))
        #expect(simulation.store.totals.dead == 0)
        pass(simulation, .minutes(20))
        #expect(simulation.store.totals.dead == 3)
    }

    @Test func `restarts under a right clock make nothing younger`() {
        var store = ModelStore()
        var policy = FunctionPolicy()
        policy.maxAge = .minutes(50)
        var wall = WallTime(milliseconds: 1_800_000_000_000)
        for round in 0..<6 {
            let simulation = Simulation(
                seed: UInt64(91 + round),
                store: store,
                policy: policy,
                limits: Self.limits,
                wall: wall
            )
            simulation.world.behaviour = { _, _ in Self.failing }
            if round == 0 { simulation.step((0..<40).map { _ in simulation.send(to: "orders").item }) }
            pass(simulation, .minutes(10))
            wall = simulation.world.now.wall
            store = simulation.store
        }
        #expect(store.totals.dead == 40)
    }
}
