import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// A wrong clock, and keys that have run out, on the virtual clock (P5).
struct ClockSimulationTests {
    /// Refuses what is signed with a time that is more than 5 min off.
    private func strict(_ world: World, code: String) {
        world.behaviour = { _, _ in
            abs(world.signingTime.since(world.serverTime).milliseconds) <= 300_000
                ? .accepted(after: 5)
                : .answered(Answer(status: 403, code: code, requestID: "r", date: world.serverTime), after: 5)
        }
    }

    @Test(
        arguments: ["SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"],
        [Int64(-1200), 1200]
    )
    func `a clock that is 20 minutes off is corrected, and nothing is suspended or charged (P5)`(
        code: String,
        seconds: Int64
    ) {
        var policy = FunctionPolicy()
        policy.maxAttempts = 1
        let simulation = Simulation(seed: 20, policy: policy)
        let world = simulation.world
        world.serverAhead = seconds * 1000
        strict(world, code: code)
        var items: [IntakeItem] = []
        for index in 0..<40 { items.append(simulation.send(to: "f\(index % 2)").item) }
        simulation.step(items)
        #expect(simulation.drain(within: .seconds(10)))
        #expect(world.received.count == 40)
        #expect(simulation.store.totals.dead == 0)
        #expect(world.changes.isEmpty)
        #expect(world.clockNotices.map(\.isCorrected) == [true])
        let skew = simulation.report().measures.clockSkew[0]
        #expect(abs((skew?.milliseconds ?? 0) - seconds * 1000) <= 1000)
    }

    @Test(arguments: [Int64(-3600), 3600, 31_536_000, -1_000_000_000])
    func `a step of the wall clock between two attempts refuses none (P5)`(step: Int64) {
        let simulation = Simulation(seed: 21)
        let world = simulation.world
        strict(world, code: "SignatureDoesNotMatch")
        simulation.step([simulation.send(to: "orders").item])
        #expect(simulation.drain(within: .seconds(10)))
        world.wallOffset += step * 1000
        world.serverAhead -= step * 1000
        simulation.step([simulation.send(to: "orders").item])
        #expect(simulation.drain(within: .seconds(10)))
        #expect(world.attempts == 2)
        #expect(world.changes.isEmpty)
    }

    @Test func `a signature that is refused for the key suspends the route, whatever the Date says`() {
        let simulation = Simulation(seed: 22)
        let world = simulation.world
        world.serverAhead = 1_200_000
        world.behaviour = { _, now in
            .answered(
                Answer(status: 403, code: "SignatureDoesNotMatch", requestID: "r", date: world.serverTime),
                after: 5
            )
        }
        simulation.step([simulation.send(to: "orders").item])
        while world.now.monotonic.nanoseconds < 60 * 1_000_000_000 { simulation.step() }
        // One try more for the clock, then probes.
        #expect(world.attempts <= 12)
        #expect(world.changes.first?.suspension?.reason.contains("SignatureDoesNotMatch") == true)
        #expect(simulation.store.totals.queued == 1)
    }

    @Test func `a Date that no AWS answer carried is not believed`() {
        let simulation = Simulation(seed: 23)
        let world = simulation.world
        world.behaviour = { _, now in
            world.attempts <= 2
                ? .answered(Answer(status: 502, date: WallTime(milliseconds: 0)), after: 5) : .accepted(after: 5)
        }
        simulation.step([simulation.send(to: "orders").item])
        #expect(simulation.drain(within: .minutes(5)))
        #expect(world.clockNotices.isEmpty)
        #expect(world.signingTime.since(world.now.wall) > .seconds(-10))
    }

    @Test func `keys that have all run out are asked for once, then the route is suspended (P5)`() {
        let keys = AlwaysExpired()
        let simulation = Simulation(seed: 24, credentials: keys)
        let world = simulation.world
        world.behaviour = { _, _ in
            .answered(Answer(status: 403, code: "ExpiredTokenException", requestID: "r"), after: 5)
        }
        simulation.step([simulation.send(to: "orders").item])
        while world.now.monotonic.nanoseconds < 5 * 1_000_000_000 { simulation.step() }
        #expect(world.changes.first?.suspension?.reason.contains("ExpiredToken") == true)
        #expect(world.attempts <= 12)
        #expect(simulation.store.totals.queued == 1)
    }
}

/// A source that has another expired token each time.
private final class AlwaysExpired: CredentialSource {
    // Only the simulation's own thread calls it.
    nonisolated(unsafe) private var number = 0

    func credentials(now: WallTime) -> Result<Credentials, CredentialProblem> {
        .success(Credentials(accessKeyID: "AK\(number)", secretAccessKey: "secret", source: "test"))
    }

    func reload() -> Bool {
        number += 1
        return true
    }
}
