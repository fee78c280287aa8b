import Admin
import AdminAPI
import Engine
import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@testable import Daemon

/// What a question about events asks of the delivery thread, which has deliveries to do (P6). The thread isn't started
/// here: the tests read its mail.
@Suite(.timeLimit(.minutes(1))) struct `Looking up events` {
    struct Unexpected: Error {}

    /// A daemon's service over a store of its own.
    private final class Bench: Sendable {
        let service: DaemonService
        private let directory: TemporaryDirectory
        let queued: [EventID]
        let handedOver: EventID

        init(queued count: Int = 1) throws {
            directory = try TemporaryDirectory()
            let path = directory.file("outbox.db")
            var random = SystemRandomNumberGenerator()
            let now = WallTime(milliseconds: 1_795_348_800_000)
            var store = try SQLiteStore.open(
                SQLiteStoreOptions(path: path, bootID: "b"),
                now: now,
                hash: testHash,
                using: &random
            )
            var events: [QueuedEvent] = []
            for _ in 0...count {
                guard case .accepted(let event)? = try store.commit([.accept(StoreBench.event())], now: now).first
                else { throw Unexpected() }
                events.append(event)
            }
            let last = events.removeLast()
            let resolution = Resolution(
                sequence: last.sequence,
                attempt: StoreBench.handOver(at: now),
                fate: .handedOver,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            _ = try store.commit([.resolve(resolution)], now: now)
            handedOver = last.id
            queued = events.map(\.id)
            let configuration = directory.file("config.yaml")
            try "".write(toFile: configuration, atomically: true, encoding: .utf8)
            let loaded = try Configuration.load(path: configuration, environment: ["AWS_REGION": "eu-central-1"])
            let read = ReadLoop<SQLiteReader>()
            read.start(clock: SystemTime()) { try? SQLiteReader.open(path) }
            service = DaemonService(
                commit: CommitLoop(limits: CommitLimits()),
                delivery: DeliveryLoop(),
                read: read,
                routes: RouteTable(regions: ["eu-central-1"], configuration: loaded),
                instanceID: "test",
                databasePath: path,
                startedAt: MonotonicTime(nanoseconds: 0),
                clock: SystemTime(),
                isServing: { true },
                doorCounters: { nil }
            )
        }

        deinit { service.read.stop() }

        /// From now on a question to the delivery thread is an error.
        func endDelivery() { _ = service.delivery.mailbox.close() }

        /// Answers the one question that came for the delivery thread: how many events it was about.
        func answerStandings(_ standing: DispatchStanding) async throws -> Int {
            let mailbox = service.delivery.mailbox
            let messages = await withCheckedContinuation { continuation in
                // Aside: it blocks a thread.
                DispatchQueue.global().async {
                    var messages: [DeliveryMessage] = []
                    while messages.isEmpty {
                        mailbox.signal.wait(milliseconds: 1000)
                        messages = mailbox.drain()
                    }
                    continuation.resume(returning: messages)
                }
            }
            guard messages.count == 1, case .standings(let places, let tell) = messages[0] else { throw Unexpected() }
            let standings = places.map { _ in standing }
            tell(StandingReport(standings: standings, pauses: [], now: service.clock.now()))
            return places.count
        }
    }

    @Test func `another producer's event costs the delivery thread nothing`() async throws {
        let bench = try Bench()
        bench.endDelivery()
        let lookup = DoorLookup(service: bench.service)
        #expect(try await lookup.eventJSON(bench.queued[0], producer: "uid:4711") == nil)
    }

    @Test func `nor does an event that no longer waits`() async throws {
        let bench = try Bench()
        bench.endDelivery()
        #expect(try await bench.service.event(bench.handedOver)?.state == EventState.handedOver.rawValue)
    }

    @Test func `of a queued event only its own standing is asked`() async throws {
        let bench = try Bench(queued: 2)
        async let event = bench.service.event(bench.queued[0])
        let standing = DispatchStanding(inFlightSince: WallTime(milliseconds: 1_795_348_800_001))
        #expect(try await bench.answerStandings(standing) == 1)
        #expect(try await event?.state == EventState.inFlight.rawValue)
    }

    @Test func `of a page all standings are asked at once`() async throws {
        let bench = try Bench(queued: 3)
        async let page = bench.service.events(EventFilter(), after: nil, limit: 10)
        #expect(try await bench.answerStandings(DispatchStanding()) == 3)
        #expect(try await page.events.map(\.id) == bench.queued.map(\.description))
    }
}
