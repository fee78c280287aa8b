import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// Whom an attempt's failure is blamed on once others are looked at too, on the virtual clock.
struct BlameSimulationTests {
    static let refused = Answer(
        status: 400,
        code: "InvalidRequestContentException",
        message: "Could not parse request body into json",
        requestID: "r"
    )
    static let denied = Answer(status: 403, code: "AccessDeniedException", message: "x", requestID: "r")
    static let page = Answer(status: 403)

    private func run(_ simulation: Simulation, until seconds: Int64) {
        while simulation.world.now.monotonic.nanoseconds < seconds * 1_000_000_000 { simulation.step() }
    }

    private func send(_ count: Int, to function: String, _ simulation: Simulation) -> [IntakeItem] {
        (0..<count).map { _ in simulation.send(to: function).item }
    }

    // MARK: Event-blamed codes in a row

    @Test(arguments: [1, 5, 40])
    func `a function that refuses every event is suspended, and its events wait (P2)`(count: Int) {
        var policy = FunctionPolicy()
        policy.maxInFlight = 3
        let simulation = Simulation(seed: 30, policy: policy)
        let world = simulation.world
        world.behaviour = { event, now in
            event.function.name == "changed" && now.monotonic.nanoseconds < 600 * 1_000_000_000
                ? .answered(Self.refused, after: 5) : .accepted(after: 5)
        }
        simulation.step(send(count, to: "changed", simulation) + send(20, to: "good", simulation))
        run(simulation, until: 590)
        #expect(world.received.count == 20)
        // One alone can't be told from a bad event.
        #expect(simulation.store.totals.dead == (count == 1 ? 1 : 0))
        #expect(world.attempts < 20 + 40)
        if count > 1 {
            #expect(world.changes.first?.suspension?.reason.hasPrefix("5 different events in a row") == true)
        }
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == (count == 1 ? 1 : 0))
        #expect(world.received.count == 20 + (count == 1 ? 0 : count))
        #expect(world.received.values.allSatisfy { $0 == 1 })
    }

    @Test(arguments: [0, 1, 300])
    func `a bad event dies promptly, with one attempt, whatever else there is`(others: Int) {
        let simulation = Simulation(seed: 31)
        let world = simulation.world
        let (_, bad) = simulation.send(to: "orders")
        world.behaviour = { event, _ in
            event.payload == bad.event.payload ? .answered(Self.refused, after: 5) : .accepted(after: 5)
        }
        simulation.step([bad] + send(others, to: "orders", simulation))
        #expect(simulation.drain(within: .seconds(3)))
        #expect(simulation.store.totals.dead == 1)
        #expect(world.attempts == others + 1)
        #expect(world.changes.isEmpty)
    }

    @Test func `four bad events in a row among good ones die, and suspend nothing`() {
        var policy = FunctionPolicy()
        policy.maxInFlight = 1
        let simulation = Simulation(seed: 32, policy: policy)
        let world = simulation.world
        let bad = send(4, to: "orders", simulation)
        let payloads = Set(bad.map(\.event.payload))
        world.behaviour = { event, _ in
            payloads.contains(event.payload) ? .answered(Self.refused, after: 5) : .accepted(after: 5)
        }
        simulation.step(send(5, to: "orders", simulation) + bad + send(5, to: "orders", simulation))
        #expect(simulation.drain(within: .seconds(5)))
        #expect(simulation.store.totals.dead == 4)
        #expect(world.received.count == 10)
        #expect(world.changes.isEmpty)
    }

    @Test func `nothing dies where the policy is soft (P2)`() {
        var policy = FunctionPolicy()
        policy.soft = true
        policy.maxAge = .seconds(1)
        policy.maxAttempts = 1
        let simulation = Simulation(seed: 33, policy: policy)
        let world = simulation.world
        world.behaviour = { event, now in
            if now.monotonic.nanoseconds > 3600 * 1_000_000_000 { return .accepted(after: 5) }
            switch event.function.name {
            case "refused": return .answered(Self.refused, after: 5)
            case "failing": return .answered(SimulationTests.failing, after: 5)
            case "unknown": return .answered(Answer(status: 418, code: "Teapot", requestID: "r"), after: 5)
            default: return event.payloadDigest.words.0 == 1 ? .answered(Self.page, after: 5) : .accepted(after: 5)
            }
        }
        var items = send(1, to: "orders", simulation)
        for name in ["refused", "failing", "unknown"] { items += send(7, to: name, simulation) }
        simulation.step(items)
        for _ in 0..<3600 {
            world.advance(.seconds(1))
            simulation.step(send(1, to: "orders", simulation))
        }
        #expect(simulation.store.totals.dead == 0)
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 0)
        #expect(world.received.count == 3600 + 22)
    }

    // MARK: One event must not hold a route

    /// How long `count` events take, with the two that something on the way kills among them or without.
    private func timeForOthers(poison: Bool, _ count: Int) -> (Simulation, Span) {
        var limits = DispatchLimits()
        limits.inFlightMax = 32
        let simulation = Simulation(seed: 34, limits: limits)
        let world = simulation.world
        let cut = simulation.send(to: "f1").item
        let answered = simulation.send(to: "f2").item
        world.behaviour = { event, _ in
            if poison, event.payload == cut.event.payload { return .failed(.cut, sent: true, after: 20) }
            if poison, event.payload == answered.event.payload { return .answered(Self.page, after: 20) }
            return .accepted(after: 20)
        }
        var waiting: [IntakeItem] = [cut, answered]
        for index in 0..<count { waiting.append(simulation.send(to: "f\(index % 4)").item) }
        var begun: MonotonicTime?
        while world.received.count < count {
            simulation.step(Array(waiting.prefix(200)))
            waiting.removeFirst(min(200, waiting.count))
            if begun == nil { begun = world.now.monotonic }
        }
        return (simulation, world.now.monotonic.since(begun!))
    }

    @Test func `two events that are killed on the way become suspected poison and slow nobody down (P6)`() {
        let (_, usual) = timeForOthers(poison: false, 10_000)
        let (simulation, time) = timeForOthers(poison: true, 10_000)
        #expect(time.milliseconds * 10 <= usual.milliseconds * 12)
        #expect(simulation.drain(within: .minutes(10)))
        #expect(simulation.store.totals.dead == 2)
        #expect(simulation.world.changes.isEmpty, "\(simulation.world.changes)")
        #expect(simulation.world.attempts == 10_000 + 16)
    }

    @Test func `events that are killed on the way don't hold a quiet route (P9)`() {
        let simulation = Simulation(seed: 35)
        let world = simulation.world
        let poison = send(6, to: "orders", simulation)
        let payloads = Set(poison.map(\.event.payload))
        world.behaviour = { event, _ in
            payloads.contains(event.payload) ? .failed(.cut, sent: true, after: 20) : .accepted(after: 20)
        }
        simulation.step(poison)
        run(simulation, until: 600)
        #expect(simulation.store.totals.dead == 0)
        for index in 1...30 {
            simulation.step(send(1, to: "orders", simulation))
            let before = world.received.count
            let deadline = world.now.monotonic.advanced(by: .seconds(60))
            while world.received.count == before, world.now.monotonic < deadline { simulation.step() }
            #expect(world.received.count >= index)
            world.advance(.seconds(30))
        }
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 6)
    }

    @Test func `a proxy's page for everybody suspends the route, and charges nobody (P5)`() {
        var policy = FunctionPolicy()
        policy.maxAttempts = 1
        let simulation = Simulation(seed: 36, policy: policy)
        let world = simulation.world
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < 1800 * 1_000_000_000 ? .answered(Self.page, after: 5) : .accepted(after: 5)
        }
        simulation.step((0..<100).map { simulation.send(to: "f\($0 % 3)").item })
        run(simulation, until: 1790)
        #expect(world.changes.first?.suspension?.reason.contains("some proxy answered") == true)
        #expect(world.changes.count == 1)
        #expect(world.attempts < 400)
        #expect(simulation.drain(within: .minutes(5)))
        #expect(simulation.store.totals.dead == 0)
        #expect(world.received.count == 100)
    }

    // MARK: A function's code that is the route's

    @Test(arguments: [BlameSimulationTests.denied, SimulationTests.failing])
    func `a code that every function has suspends the route, not each of them (P5)`(answer: Answer) {
        var policy = FunctionPolicy()
        policy.maxAttempts = 20
        let simulation = Simulation(seed: 37, policy: policy)
        let world = simulation.world
        world.behaviour = { _, now in
            now.monotonic.nanoseconds < 86_400 * 1_000_000_000 ? .answered(answer, after: 5) : .accepted(after: 5)
        }
        simulation.step((0..<40).map { simulation.send(to: "f\($0 % 4)").item })
        run(simulation, until: 86_390)
        let dispatch = simulation.report().dispatch
        #expect(dispatch.routes[0].suspension?.reason.contains("several functions fail alike") == true)
        #expect(dispatch.functions.allSatisfy { $0.suspension == nil })
        #expect(simulation.drain(within: .minutes(5)))
        #expect(simulation.store.totals.dead == 0)
        #expect(world.received.count == 40)
    }

    @Test(arguments: [BlameSimulationTests.denied, SimulationTests.missing, SimulationTests.failing])
    func `names without end that fail alike don't hold a function that works (P6, P9)`(answer: Answer) {
        let simulation = Simulation(seed: 39)
        let world = simulation.world
        world.behaviour = { event, _ in
            event.function.name == "good" ? .accepted(after: 5) : .answered(answer, after: 5)
        }
        for number in 0..<300 { simulation.step(send(2, to: "f\(number)", simulation)) }
        run(simulation, until: 20)
        for _ in 0..<10 { simulation.step(send(20, to: "good", simulation)) }
        let began = world.now.monotonic
        while world.received.count < 200, world.now.monotonic.since(began) < .minutes(10) { simulation.step() }
        #expect(world.received.count == 200)
        #expect(world.now.monotonic.since(began) < .seconds(35), "\(world.now.monotonic.since(began).milliseconds) ms")
    }

    @Test func `suspended functions, however many, leave the window to those that work (P6, P9)`() {
        var limits = DispatchLimits()
        limits.windowEventsMax = 64
        limits.functionEventsMax = 16
        limits.claimEventsMax = 8
        var policy = FunctionPolicy()
        policy.drainRate = nil
        let simulation = Simulation(seed: 41, policy: policy, limits: limits)
        let world = simulation.world
        world.behaviour = { event, _ in
            event.function.name == "good"
                ? .accepted(after: 5) : .answered(SimulationTests.missing, after: 5)
        }
        for number in 0..<200 { simulation.step(send(4, to: "f\(number)", simulation)) }
        run(simulation, until: 30)
        simulation.step(send(500, to: "good", simulation))
        let began = world.now.monotonic
        while world.received.count < 500, world.now.monotonic.since(began) < .minutes(10) { simulation.step() }
        #expect(world.received.count == 500)
        #expect(world.now.monotonic.since(began) < .seconds(20), "\(world.now.monotonic.since(began).milliseconds) ms")
    }

    @Test func `functions that don't exist are suspended each, and never the route (P6)`() {
        let simulation = Simulation(seed: 40)
        simulation.world.behaviour = { _, _ in .answered(SimulationTests.missing, after: 5) }
        simulation.step((0..<10).map { simulation.send(to: "f\($0 % 5)").item })
        run(simulation, until: 60)
        let dispatch = simulation.report().dispatch
        #expect(dispatch.routes[0].suspension == nil)
        #expect(dispatch.functions.filter { $0.suspension != nil }.count == 5)
    }

    @Test func `two functions that fail alike don't hold a third (P6)`() {
        let simulation = Simulation(seed: 38)
        let world = simulation.world
        world.behaviour = { event, _ in
            event.function.name == "good" ? .accepted(after: 5) : .answered(Self.denied, after: 5)
        }
        simulation.step(send(50, to: "a", simulation) + send(50, to: "b", simulation))
        run(simulation, until: 300)
        var slowest = Span.zero
        for index in 1...100 {
            let before = world.now.monotonic
            simulation.step(send(1, to: "good", simulation))
            while world.received.count < index { simulation.step() }
            if index > 1 { slowest = max(slowest, world.now.monotonic.since(before)) }
            world.advance(.seconds(10))
        }
        // The first has to show that the route works; from then on the two fail by themselves.
        #expect(slowest <= .milliseconds(50))
        #expect(simulation.report().dispatch.routes[0].suspension == nil)
        #expect(simulation.report().dispatch.functions.filter { $0.suspension != nil }.count == 2)
    }
}
