import Engine
import OutboxCore
import Simulation
import TestSupport
import Testing

/// The counter of events that became dead letters counts each, whatever it died of, once it is on disk.
struct DeadCountTests {
    enum Cause: CaseIterable {
        case rejected, rejectedWithOthers, unknownCode, exhausted, tooOldAtItsAttempt, tooOldWithoutOne
        case hardExpiry, hardExpiryWhilePaused, killedOnTheWay, crashes, corruptBytes, corruptRow, moved
    }

    private func bury(_ cause: Cause) -> Simulation {
        var policy = FunctionPolicy()
        if cause == .exhausted { policy.maxAttempts = 1 }
        if cause == .tooOldAtItsAttempt || cause == .tooOldWithoutOne { policy.maxAge = .minutes(30) }
        var suspects = CrashSuspects()
        let store = ModelStore()
        if cause == .crashes {
            let first = Simulation(seed: 100, store: store)
            first.world.behaviour = { _, _ in .accepted(after: 3_600_000) }
            let sent = first.send(to: "orders")
            first.step([sent.item])
            guard case .accepted(let id)? = first.producer.answers[sent.ticket] else { return first }
            suspects = CrashSuspects(inFlight: [id], carried: [id: 1], wasClean: false, isSameBoot: true)
        }
        var limits = DispatchLimits()
        limits.wakeMax = .seconds(10)
        let simulation = Simulation(seed: 101, store: store, policy: policy, limits: limits, crashed: suspects)
        let world = simulation.world
        func answer(_ status: Int, _ code: String) -> SimulatedAnswer {
            .answered(Answer(status: status, code: code, requestID: "r"), after: 5)
        }
        switch cause {
        case .rejected: world.behaviour = { _, _ in answer(400, "InvalidRequestContentException") }
        case .rejectedWithOthers:
            world.behaviour = { _, _ in
                world.attempts == 1 ? answer(400, "InvalidRequestContentException") : .accepted(after: 5)
            }
            simulation.step([simulation.send(to: "orders").item])
        case .unknownCode: world.behaviour = { _, _ in answer(418, "Teapot") }
        case .exhausted, .tooOldAtItsAttempt: world.behaviour = { _, _ in answer(500, "ServiceException") }
        case .tooOldWithoutOne:
            world.behaviour = { _, _ in answer(404, "ResourceNotFoundException") }
            simulation.step((0..<20).map { _ in simulation.send(to: "orders").item })
        case .hardExpiry, .hardExpiryWhilePaused:
            world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
            let items = (0..<20).map { _ in simulation.send(to: "orders", expiresIn: .minutes(1)).item }
            if cause == .hardExpiry {
                simulation.step(items)
            } else {
                let pause = PauseRule(pattern: GlobPattern("*"), since: world.now.wall)
                simulation.step(items, operations: [.operate([.pause(pause)]) { _ in }])
            }
        case .killedOnTheWay:
            world.behaviour = { event, _ in
                event.function.name == "orders" ? .failed(.cut, sent: true, after: 5) : .accepted(after: 5)
            }
        case .corruptBytes: world.behaviour = { _, _ in .failed(.corrupt, sent: false, after: 1) }
        case .corruptRow: store.damaged = [1, 2, 3]
        case .moved, .crashes: break
        }
        if cause == .corruptRow {
            let pause = PauseRule(pattern: GlobPattern("*"), since: world.now.wall)
            simulation.step([], operations: [.operate([.pause(pause)]) { _ in }])
            simulation.step((0..<3).map { _ in simulation.send(to: "orders").item })
            for _ in 0..<5 { simulation.step() }
            simulation.step([], operations: [.operate([.resume(GlobPattern("*"))]) { _ in }])
        } else if cause == .moved {
            world.behaviour = { _, _ in .failed(.connect, sent: false, after: 1) }
            simulation.step([simulation.send(to: "orders").item, simulation.send(to: "orders").item])
            for _ in 0..<5 { simulation.step() }
            let burials = (1...2).map { StoreCommand.bury(sequence: $0, .moved, reason: "an operator moved it") }
            simulation.step([], operations: [.operate(burials) { _ in }])
        } else if store.totals.queued == 0 {
            simulation.step([simulation.send(to: "orders").item])
        }
        let end = world.now.monotonic.advanced(by: .hours(1))
        while world.now.monotonic < end, store.totals.queued > 0 {
            guard cause == .killedOnTheWay, store.totals.dead == 0 else {
                simulation.step()
                continue
            }
            // Others on the route, so that it shows that it works.
            world.advance(.milliseconds(500))
            simulation.step([simulation.send(to: "others").item])
        }
        return simulation
    }

    @Test(arguments: Cause.allCases)
    func `each burial counts`(_ cause: Cause) {
        let simulation = bury(cause)
        #expect(simulation.store.totals.dead > 0)
        #expect(simulation.commitReport().dead == simulation.store.totals.dead)
    }
}
