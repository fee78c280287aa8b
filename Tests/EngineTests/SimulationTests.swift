import Engine
import Foundation
import OutboxCore
import Simulation
import TestSupport
import Testing

/// The real loop bodies on a virtual clock, from seeds: whatever functions, network and producers do, every accepted
/// event is handed over in the end, and only those cut off are sent twice (P2, P3, P5, P9).
struct SimulationTests {
    static let failing = Answer(status: 500, code: "ServiceException", message: "x", requestID: "r")
    static let missing = Answer(status: 404, code: "ResourceNotFoundException", message: "x", requestID: "r")
    static let throttled = Answer(
        status: 429,
        code: "TooManyRequestsException",
        requestID: "r",
        reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
        retryAfter: .seconds(1)
    )

    /// More by OUTBOX_SEEDS; one alone by OUTBOX_SEED.
    static var seeds: Range<Int> {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["OUTBOX_SEED"].flatMap(Int.init) { return one..<one + 1 }
        return 0..<(environment["OUTBOX_SEEDS"].flatMap(Int.init) ?? 60)
    }

    @Test(arguments: seeds)
    func `every accepted event is handed over once the trouble ends, twice only if it was cut off (P2, P3, P9)`(
        seed: Int
    ) {
        var random = Seeded(state: UInt64(seed) &* 7919 &+ 1)
        var limits = DispatchLimits()
        limits.inFlightMax = Int.random(in: 2...16, using: &random)
        limits.windowEventsMax = Int.random(in: 12...40, using: &random)
        limits.functionEventsMax = Int.random(in: 3...12, using: &random)
        limits.claimEventsMax = Int.random(in: 2...8, using: &random)
        limits.claimScannedMax = Int.random(in: 4...30, using: &random)
        var policy = FunctionPolicy()
        policy.maxAge = .days(365)
        policy.maxInFlight = Int.random(in: 1...6, using: &random)
        policy.maxDelay = .seconds(Int64.random(in: 1...60, using: &random))
        var commitLimits = CommitLimits()
        commitLimits.announcedBytesMax = Int.random(in: 0...200, using: &random)
        let simulation = Simulation(
            seed: UInt64(seed),
            policy: policy,
            limits: limits,
            commitLimits: commitLimits
        )
        let world = simulation.world

        let trouble = Trouble(&random)
        world.behaviour = { event, now in trouble.answer(event, now) }
        var tickets: [UInt64] = []
        for _ in 0..<Int.random(in: 20...80, using: &random) {
            var items: [IntakeItem] = []
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let delay: Span? =
                    Int.random(in: 0..<6, using: &random) == 0
                    ? .seconds(Int64.random(in: 1...40, using: &random)) : nil
                let (ticket, item) = simulation.send(
                    to: "f\(Int.random(in: 0..<trouble.functions, using: &random))",
                    delay: delay
                )
                tickets.append(ticket)
                items.append(item)
            }
            simulation.step(items)
        }
        while world.now.monotonic.nanoseconds < trouble.endsAt { simulation.step() }

        let drained = simulation.drain(within: .hours(2))

        #expect(
            drained,
            "seed \(seed): \(simulation.store.totals.queued) events never left; \(simulation.report().dispatch)"
        )
        #expect(
            simulation.store.totals.dead == 0,
            "seed \(seed): an event died of an outage or a failing function within its age"
        )
        #expect(world.wrongBytes == 0)
        #expect(world.maxInFlight <= limits.inFlightMax)
        for ticket in tickets {
            guard case .accepted(let id)? = simulation.producer.answers[ticket] else {
                Issue.record("seed \(seed): no 202 for a request that fits")
                continue
            }
            let times = world.received[id] ?? 0
            #expect(times >= 1, "seed \(seed): \(id) was accepted and never arrived")
            if trouble.cut[id] == nil {
                #expect(times == 1, "seed \(seed): \(id) arrived \(times) times without a cut")
            }
        }
    }

    @Test func `an outage charges no attempt and kills nothing, however long (P5)`() {
        var policy = FunctionPolicy()
        policy.maxAge = .seconds(10)
        policy.maxAttempts = 3
        let simulation = Simulation(seed: 1, policy: policy)
        simulation.world.behaviour = { _, now in
            now.monotonic.nanoseconds < 1800 * 1_000_000_000
                ? .failed(.connect, sent: false, after: 1) : .accepted(after: 5)
        }
        for _ in 0..<100 {
            var items: [IntakeItem] = []
            for index in 0..<50 { items.append(simulation.send(to: "f\(index % 3)").item) }
            simulation.step(items)
        }
        while simulation.world.now.monotonic.nanoseconds < 1800 * 1_000_000_000 { simulation.step() }
        #expect(simulation.store.totals.queued == 5000)
        // One SYN a probe, at most every second: an outage must not become a storm.
        #expect(simulation.world.attempts < 1800 + 100)

        #expect(simulation.drain(within: .minutes(2)))
        #expect(simulation.store.totals.dead == 0)
        #expect(simulation.world.received.count == 5000)
    }

    @Test func `a delay longer than max_age kills nothing (P2)`() {
        var policy = FunctionPolicy()
        policy.maxAge = .seconds(10)
        let simulation = Simulation(seed: 2, policy: policy)
        let (_, item) = simulation.send(to: "orders", delay: .hours(1))
        simulation.step([item])
        #expect(simulation.drain(within: .hours(2)))
        #expect(simulation.world.received.count == 1)
        #expect(simulation.world.now.monotonic.nanoseconds >= 3600 * 1_000_000_000)
    }

    @Test func `three events of a function that always fails become dead letters with three charged attempts each`() {
        var policy = FunctionPolicy()
        policy.maxAttempts = 3
        let simulation = Simulation(seed: 3, policy: policy)
        simulation.world.behaviour = { event, _ in
            event.function.name == "orders" ? .answered(Self.failing, after: 5) : .accepted(after: 5)
        }
        var items: [IntakeItem] = []
        for _ in 0..<3 { items.append(simulation.send(to: "orders").item) }
        for _ in 0..<30 { items.append(simulation.send(to: "billing").item) }
        simulation.step(items)
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 3)
        #expect(simulation.world.attempts == 3 * 3 + 30)
        #expect(simulation.world.received.count == 30)
    }

    @Test func `redriven letters arrive under the same ids once the function works (P8)`() throws {
        var policy = FunctionPolicy()
        policy.maxAttempts = 1
        let simulation = Simulation(seed: 4, policy: policy)
        let world = simulation.world
        world.behaviour = { _, _ in .answered(Self.failing, after: 5) }
        let (ticket, item) = simulation.send(to: "orders")
        simulation.step([item])
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.store.totals.dead == 1)
        world.behaviour = { _, _ in .accepted(after: 5) }
        simulation.step([], operations: [.operate([.redrive(.all, limit: 10)]) { _ in }])
        #expect(simulation.store.totals.queued == 1)
        #expect(simulation.drain(within: .hours(1)))
        guard case .accepted(let id)? = simulation.producer.answers[ticket] else {
            throw StoreError.failed("no answer")
        }
        #expect(world.received == [id: 1])
        #expect(simulation.store.totals.dead == 0)
    }

    @Test func `a hard expiry buries an event that waits for its route, and no other (P2)`() {
        let simulation = Simulation(seed: 5)
        simulation.world.behaviour = { _, now in
            now.monotonic.nanoseconds < 600 * 1_000_000_000
                ? .failed(.connect, sent: false, after: 1) : .accepted(after: 5)
        }
        var items: [IntakeItem] = []
        for index in 0..<40 { items.append(simulation.send(to: "f", expiresIn: index == 7 ? .seconds(30) : nil).item) }
        simulation.step(items)
        while simulation.world.now.monotonic.nanoseconds < 95 * 1_000_000_000 { simulation.step() }
        #expect(simulation.store.totals.dead == 1)
        #expect(simulation.drain(within: .hours(1)))
        #expect(simulation.world.received.count == 39)
    }

    @Test func `a suspended function's backlog leaves the window to the others (P6)`() {
        var limits = DispatchLimits()
        limits.windowEventsMax = 64
        limits.functionEventsMax = 16
        limits.claimEventsMax = 16
        let simulation = Simulation(seed: 6, limits: limits)
        let world = simulation.world
        world.behaviour = { event, _ in
            event.function.name == "bad" ? .answered(Self.missing, after: 5) : .accepted(after: 5)
        }
        var items: [IntakeItem] = []
        for _ in 0..<1000 { items.append(simulation.send(to: "bad").item) }
        simulation.step(items)
        for _ in 0..<50 { simulation.step() }
        var good: [IntakeItem] = []
        for _ in 0..<200 { good.append(simulation.send(to: "good").item) }
        let before = world.now.monotonic
        simulation.step(good)
        while world.received.count < 200, world.now.monotonic.since(before) < .seconds(5) { simulation.step() }
        #expect(world.received.count == 200)
        #expect(simulation.report().dispatch.windowEvents <= 16)
        world.behaviour = { _, _ in .accepted(after: 5) }
        #expect(simulation.drain(within: .hours(1)))
        #expect(world.received.count == 1200)
    }

    @Test func `throttled functions with a backlog leave the window to another (P6)`() {
        var limits = DispatchLimits()
        limits.windowEventsMax = 64
        limits.functionEventsMax = 16
        limits.claimEventsMax = 16
        let simulation = Simulation(seed: 8, limits: limits)
        let world = simulation.world
        world.behaviour = { event, _ in
            var answer = Self.throttled
            answer.retryAfter = .minutes(10)
            return event.function.name == "good" ? .accepted(after: 5) : .answered(answer, after: 5)
        }
        var items: [IntakeItem] = []
        for index in 0..<400 { items.append(simulation.send(to: "f\(index % 8)").item) }
        simulation.step(items)
        for _ in 0..<50 { simulation.step() }
        var good: [IntakeItem] = []
        for _ in 0..<100 { good.append(simulation.send(to: "good").item) }
        let before = world.now.monotonic
        simulation.step(good)
        while world.received.count < 100, world.now.monotonic.since(before) < .seconds(5) { simulation.step() }
        #expect(world.received.count == 100)
        world.behaviour = { _, _ in .accepted(after: 5) }
        #expect(simulation.drain(within: .hours(2)))
        #expect(world.received.count == 500)
    }

    @Test func `an expired token is read again and the event goes out, without a suspension (P5)`() {
        let keys = RenewedCredentials()
        let simulation = Simulation(seed: 9, credentials: keys)
        let world = simulation.world
        world.behaviour = { _, _ in
            keys.isRenewed
                ? .accepted(after: 5)
                : .answered(Answer(status: 403, code: "ExpiredTokenException", requestID: "r"), after: 5)
        }
        simulation.step([simulation.send(to: "orders").item])
        #expect(simulation.drain(within: .seconds(1)))
        #expect(world.attempts == 2)
        #expect(world.changes.isEmpty)
    }

    @Test func `a full disk refuses new events, starts no attempt while an outcome waits, and loses nothing (P2, P7)`()
    {
        let simulation = Simulation(seed: 7)
        let world = simulation.world
        var items: [IntakeItem] = []
        for _ in 0..<10 { items.append(simulation.send(to: "f").item) }
        simulation.step(items)
        // From now on every commit finds the disk full.
        var refusedTickets: [UInt64] = []
        for _ in 0..<20 {
            simulation.store.failNext = .full("test")
            let (ticket, item) = simulation.send(to: "f")
            refusedTickets.append(ticket)
            simulation.step([item])
            simulation.store.failNext = .full("test")
        }
        simulation.store.failNext = nil
        #expect(simulation.drain(within: .hours(1)))
        var accepted = 0
        for (_, answer) in simulation.producer.answers { if case .accepted = answer { accepted += 1 } }
        #expect(world.received.count == accepted)
        #expect(world.received.values.allSatisfy { $0 == 1 })
    }
}

/// Functions that fail, throttle and vanish, and a network that refuses and cuts, for a while.
final class Trouble {
    let functions: Int
    /// Nanoseconds.
    let endsAt: Int64
    var cut: [EventID: Int] = [:]
    private var random: Seeded
    private let kinds: [Int]
    private let outages: [Range<Int64>]
    private let latency: Int64

    init(_ random: inout Seeded) {
        functions = Int.random(in: 1...5, using: &random)
        endsAt = Int64.random(in: 5...600, using: &random) * 1_000_000_000
        kinds = (0..<functions).map { _ in Int.random(in: 0..<7, using: &random) }
        latency = Int64.random(in: 1...400, using: &random)
        let ends = endsAt
        outages = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let start = Int64.random(in: 0...ends, using: &random)
            return start..<start + Int64.random(in: 1...60, using: &random) * 1_000_000_000
        }
        self.random = random
    }

    func answer(_ event: QueuedEvent, _ now: Moment) -> SimulatedAnswer {
        let time = now.monotonic.nanoseconds
        let after = Int64.random(in: 1...latency, using: &random)
        if time >= endsAt { return .accepted(after: after) }
        if outages.contains(where: { $0.contains(time) }) { return .failed(.connect, sent: false, after: 1) }
        switch kinds[Int(event.function.name.dropFirst())!] {
        case 0: return .answered(SimulationTests.failing, after: after)
        case 1: return .answered(SimulationTests.missing, after: after)
        case 2: return .answered(SimulationTests.throttled, after: after)
        case 3 where Int.random(in: 0..<4, using: &random) == 0:
            cut[event.id, default: 0] += 1
            return .acceptedButCut(after: after)
        case 4 where Bool.random(using: &random): return .answered(SimulationTests.failing, after: after)
        default: return .accepted(after: after)
        }
    }
}

/// The file holds newer credentials than those in use, once.
private final class RenewedCredentials: CredentialSource {
    // Only the simulation's own thread calls it.
    nonisolated(unsafe) var isRenewed = false

    func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> {
        .success(Credentials(accessKeyID: isRenewed ? "AKNEW" : "AKOLD", secretAccessKey: "secret", source: "test"))
    }

    func reload() -> Bool {
        // The first look is the loop's own, at its start: nothing is new then.
        defer { looks += 1 }
        if looks == 0 || isRenewed { return false }
        isRenewed = true
        return true
    }

    // As above.
    nonisolated(unsafe) private var looks = 0
}
