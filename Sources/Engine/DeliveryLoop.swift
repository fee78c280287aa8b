internal import NIOConcurrencyHelpers
package import OutboxCore

/// The delivery thread: owns libcurl and the dispatcher; waits on transfers and its mailbox together.
package final class DeliveryLoop: Sendable {
    package let mailbox = Mailbox<DeliveryMessage>()
    private let thread = NIOLockedValueBox<OwnedThread?>(nil)
    private let lastRound = NIOLockedValueBox<MonotonicTime?>(nil)

    package init() {}

    /// Starts the thread. `make` runs on it and builds the body around a transport that never leaves it;
    /// nil ends it at once.
    package func start<Network: Transport & ~Copyable & SendableMetatype, Random: RandomNumberGenerator>(
        clock: some TimeSource,
        make: @escaping @Sendable () -> Deliverer<Network, Random>?
    ) where Random: SendableMetatype {
        let mailbox = mailbox
        let lastRound = lastRound
        let started = OwnedThread(name: "delivery") {
            guard var deliverer = make() else { return }
            var messages = mailbox.drain()
            while deliverer.turn(messages: messages, wakeDescriptor: mailbox.signal.descriptor, clock: clock) {
                messages = mailbox.drain()
                lastRound.withLockedValue { $0 = clock.now().monotonic }
            }
        }
        thread.withLockedValue { $0 = started }
    }

    /// When the last round ended; nil before the first.
    package var lastRoundAt: MonotonicTime? { lastRound.withLockedValue { $0 } }

    /// Starts nothing new, lets attempts in flight end until the deadline, and waits for the thread.
    ///
    /// What is still in flight then goes back uncharged; it stays in the flight file and is marked uncertain at the next start.
    package func drain(deadline: MonotonicTime) async {
        await withCheckedContinuation { continuation in
            mailbox.post(.drain(deadline: deadline) { continuation.resume() })
        }
        thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    package func report() async -> DeliveryReport {
        await withCheckedContinuation { continuation in
            mailbox.post(.snapshot { continuation.resume(returning: $0) })
        }
    }
}
