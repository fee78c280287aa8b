import Engine
import Foundation
import OutboxCore
import Simulation
import TestSupport
import Testing

/// The commit thread itself: how it waits, and how it ends.
struct CommitLoopTests {
    /// Answers "busy" so many times.
    private final class Lock: Sendable {
        // Touched only with the lock held.
        nonisolated(unsafe) private var left: Int
        private let lock = NSLock()

        init(times: Int) {
            left = times
        }

        func refuses() -> StoreError? {
            lock.withLock {
                left -= 1
                return left >= 0 ? .busy("test") : nil
            }
        }
    }

    @Test func `a stop waits a while for a locked database, so that outcomes are not lost (P3)`() async throws {
        let directory = try TemporaryDirectory()
        let ballast = directory.file("ballast")
        let store = ModelStore()
        var direct = store
        let item = Simulation(seed: 1).send(to: "orders").item
        let replies = try direct.commit([.accept(item.event)], now: WallTime(milliseconds: 1))
        guard case .accepted(let event)? = replies.first else { throw StoreError.failed("not accepted") }
        let lock = Lock(times: 3)
        store.refuses = { _ in lock.refuses() }
        let loop = CommitLoop(limits: CommitLimits())
        loop.start(
            clock: SystemTime(),
            make: {
                Committer(
                    store: store,
                    limits: CommitLimits(),
                    settings: CommitSettings(
                        history: (.hours(24), 1_000_000),
                        roomWait: .seconds(5),
                        policies: PolicyTable()
                    ),
                    ballast: Ballast(path: ballast, bytes: 0),
                    ages: EventAges(),
                    freeDisk: { nil },
                    tellDelivery: { _ in }
                )
            },
            failed: { Issue.record("failed: \($0)") },
            close: { _ in }
        )
        let resolution = Resolution(
            sequence: event.sequence,
            attempt: StoreBench.handOver(at: WallTime(milliseconds: 2)),
            fate: .handedOver,
            chargedAttempts: 0,
            unknownAttempts: 0,
            routeFailures: 0,
            uncertain: false
        )
        loop.mailbox.post(.outcomes([.resolve(resolution)]))
        loop.stop()
        #expect(store.totals.queued == 0)
    }

    /// Whether the thread would wake at once.
    private func isSignalled(_ mailbox: CommitMailbox) -> Bool {
        var poller = pollfd(fd: mailbox.signal.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 0) == 1
    }

    @Test func `a thread that gathers wakes when as many events wait as were asked for`() async throws {
        let mailbox = CommitMailbox()
        let simulation = Simulation(seed: 1)
        let items = (0..<4).map { _ in simulation.send(to: "orders").item }
        mailbox.submit([items[0]])
        async let gathered = Task.detached {
            mailbox.gather(CommitPacing.Chance(events: 4, nanoseconds: 60_000_000_000))
            return mailbox.intakeWaiting
        }.value
        while !mailbox.isGathering { await Task.yield() }
        mailbox.submit([items[1]])
        mailbox.submit([items[2]])
        #expect(!isSignalled(mailbox))
        mailbox.submit([items[3]])
        #expect(await gathered == 4)
        #expect(isSignalled(mailbox))
    }

    @Test func `it goes on when its time is over, with what there is, and sleeps where there is nothing`() {
        let mailbox = CommitMailbox()
        let chance = CommitPacing.Chance(events: 2, nanoseconds: 1_000_000)
        mailbox.submit([Simulation(seed: 1).send(to: "orders").item])
        mailbox.gather(chance)
        #expect(isSignalled(mailbox))
        mailbox.signal.drain()
        mailbox.post(.stopWaiting)
        mailbox.gather(chance)
        #expect(isSignalled(mailbox))
        let empty = CommitMailbox()
        empty.gather(chance)
        #expect(!isSignalled(empty))
        empty.post(.stopWaiting)
        #expect(isSignalled(empty))
    }
}
