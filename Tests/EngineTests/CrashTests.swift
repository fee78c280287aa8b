import Engine
import Foundation
import OutboxCore
import Simulation
import TestSupport
import Testing

/// What a crash leaves in flight goes out one at a time, and what keeps crashing the daemon ends (P2, P3).
struct CrashTests {
    private static func id(_ number: Int64) -> EventID {
        EventID(acceptedAt: WallTime(milliseconds: 1_800_000_000_000), sequence: number, generation: 1, random: 7)
    }
    private let one = Self.id(1)
    private let two = Self.id(2)

    private func crash(_ inFlight: [EventID], after before: CrashSuspects) -> CrashSuspects {
        CrashSuspects(inFlight: inFlight, carried: before.crashes, wasClean: false, isSameBoot: true)
    }

    @Test func `only the second further crash with it alone in flight makes an event poison`() {
        var suspects = crash([one, two], after: CrashSuspects())
        #expect(!suspects.isPoison(one))
        suspects = crash([one, Self.id(3)], after: suspects)
        #expect(!suspects.isPoison(one))
        suspects = crash([one, two], after: suspects)
        #expect(!suspects.isPoison(one), "not the only one of them")
        suspects = crash([one], after: suspects)
        #expect(suspects.isPoison(one))
        #expect(!suspects.isPoison(two))
        suspects.answered(one)
        #expect(!suspects.contains(one))
    }

    @Test func `after a stop in order or another boot nobody new is suspect`() {
        let before = crash([one], after: CrashSuspects())
        let stopped = CrashSuspects(inFlight: [one, two], carried: before.crashes, wasClean: true, isSameBoot: true)
        #expect(stopped == before)
        let booted = CrashSuspects(inFlight: [one], carried: [one: 1], wasClean: false, isSameBoot: false)
        #expect(booted == CrashSuspects())
    }

    @Test func `the flight file tells the next process what was in flight, and who is suspect`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("flight")
        do {
            var file = try FlightFile.create(
                at: path,
                bootID: "a",
                count: 4,
                suspects: CrashSuspects(
                    inFlight: [one, two],
                    carried: [one: 1],
                    wasClean: true,
                    isSameBoot: true
                )
            )
            file.set(5, Self.id(5))
            file.set(6, Self.id(6))
            file.clear(5)
        }
        var left = FlightFile.left(at: path, bootID: "a")
        #expect(left.inFlight == [Self.id(6)])
        #expect(left.suspects == [one: 1])
        do {
            var file = try FlightFile.create(
                at: path,
                bootID: "a",
                count: 2,
                suspects: crash([two], after: CrashSuspects())
            )
            file.answered(two)
        }
        left = FlightFile.left(at: path, bootID: "a")
        #expect(left.inFlight.isEmpty && left.suspects.isEmpty)
    }

    @Test func `a start that fails is no crash: the flight file goes on telling how its own process ended`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("flight")
        for isInOrder in [true, false] {
            do {
                var file = try FlightFile.create(at: path, bootID: "a", count: 1)
                file.set(1, one)
                if isInOrder { file.endInOrder() }
            }
            for bootID in ["a", "b", "a"] {
                let left = FlightFile.left(at: path, bootID: bootID)
                #expect(left.inFlight == [one])
                #expect(left.endedInOrder == isInOrder)
                #expect(left.isSameBoot == (bootID == "a"))
            }
        }
    }

    @Test func `a flight file of an older version is understood, a missing or odd one says nothing`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("flight")
        #expect(FlightFile.left(at: path, bootID: "a") == FlightRecord())
        let units = [Self.id(0), EventID(high: 0, low: 0), two]
        try units.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: path))
        #expect(FlightFile.left(at: path, bootID: "a").inFlight == [Self.id(0), two])
        // Magic 2: slots without a process before them, and suspects behind.
        let header = EventID(high: 0x4F55_5442_4F58_0002, low: 1)
        let second = [header, two, one, EventID(high: 1, low: 0)]
        try second.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: path))
        let left = FlightFile.left(at: path, bootID: "a")
        #expect(left.inFlight == [two] && left.suspects == [one: 1] && left.endedInOrder && left.isSameBoot)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        #expect(FlightFile.left(at: path, bootID: "a") == FlightRecord())
    }

    /// Twelve events that a first process had in flight when it died, in a second one.
    private func afterCrash(poison: Bool) throws -> (Simulation, [EventID]) {
        let first = Simulation(seed: 50)
        first.world.behaviour = { _, _ in .accepted(after: 3_600_000) }
        let tickets = (0..<12).map { first.send(to: "f\($0 % 3)") }
        first.step(tickets.map(\.item))
        first.step()
        let ids = tickets.compactMap { ticket -> EventID? in
            guard case .accepted(let id)? = first.producer.answers[ticket.ticket] else { return nil }
            return id
        }
        try #require(ids.count == 12)
        let crashed = CrashSuspects(
            inFlight: poison ? [ids[4]] : ids,
            carried: poison ? [ids[4]: 1] : [:],
            wasClean: false,
            isSameBoot: true
        )
        return (Simulation(seed: 51, store: first.store, crashed: crashed), ids)
    }

    @Test func `what was in flight goes out one at a time until answered, and all of it arrives (P2, P3)`() throws {
        let (simulation, _) = try afterCrash(poison: false)
        #expect(simulation.drain(within: .minutes(1)))
        #expect(simulation.world.maxInFlight == 1)
        #expect(simulation.world.received.count == 12)
        #expect(simulation.store.totals.dead == 0)
    }

    @Test func `a cut answer keeps it suspect, and the others behind it still go out (P9)`() throws {
        let (simulation, _) = try afterCrash(poison: false)
        let world = simulation.world
        world.behaviour = { event, _ in
            event.payloadDigest.words.0 == 1 && world.attempts < 40
                ? .failed(.cut, sent: true, after: 5) : .accepted(after: 5)
        }
        #expect(simulation.drain(within: .hours(1)))
        #expect(world.maxInFlight == 1)
        #expect(world.received.count + simulation.store.totals.dead == 12)
    }

    @Test func `what crashed the daemon again and again is buried, and nothing else is held (P8, P9)`() throws {
        let (simulation, _) = try afterCrash(poison: true)
        #expect(simulation.drain(within: .minutes(1)))
        #expect(simulation.store.totals.dead == 1)
        #expect(simulation.world.received.count == 11)
        #expect(simulation.world.maxInFlight > 1)
    }

    @Test func `an order to send one now that has to wait for another's outcome doesn't hang the daemon (P9)`() throws {
        let (simulation, ids) = try afterCrash(poison: false)
        let world = simulation.world
        var order: [EventID] = []
        world.behaviour = { event, _ in
            order.append(event.id)
            return .accepted(after: 1_000)
        }
        world.wakeAt = 100_000_000
        for _ in 0..<3 { simulation.step() }
        try #require(order.count == 1)
        let forced = try #require(ids.last { $0.sequence % 3 != order[0].sequence % 3 })
        var store = simulation.store
        world.toDelivery.append(.force(try #require(try store.queued(forced))))
        // Something else of its function waits in memory.
        simulation.step([simulation.send(to: "f\((forced.sequence - 1) % 3)").item])
        world.wakeAt = .max
        #expect(simulation.drain(within: .minutes(1)))
        #expect(world.received.count == 13)
        #expect(order.firstIndex(of: forced)! < 6, "it was hurried")
    }
}
