internal import NIOConcurrencyHelpers
package import OutboxCore

/// The delivery thread: owns libcurl and the dispatcher; waits on transfers and its mailbox together.
package final class DeliveryLoop: Sendable {
    package let mailbox = Mailbox<DeliveryMessage>()
    private let thread = NIOLockedValueBox<OwnedThread?>(nil)
    private let lastRound = NIOLockedValueBox<MonotonicTime?>(nil)
    /// False before the start and after the end of the thread: then nobody answers the mailbox.
    private let isRunning = NIOLockedValueBox(false)

    package init() {}

    /// Starts the thread. `make` runs on it and builds the body around a transport that never leaves it;
    /// nil ends it at once.
    package func start<Network: Transport & ~Copyable & SendableMetatype, Random: RandomNumberGenerator>(
        clock: some TimeSource,
        make: @escaping @Sendable () -> Deliverer<Network, Random>?
    ) where Random: SendableMetatype {
        let mailbox = mailbox
        let lastRound = lastRound
        let isRunning = isRunning
        isRunning.withLockedValue { $0 = true }
        let started = OwnedThread(name: "delivery") {
            defer { isRunning.withLockedValue { $0 = false } }
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
        guard isRunning.withLockedValue({ $0 }) else { return }
        await withCheckedContinuation { continuation in
            mailbox.post(.drain(deadline: deadline) { continuation.resume() })
        }
        thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// The delivery side's state. Waits for ever before the start and after `drain`.
    package func report() async -> DeliveryReport {
        await withCheckedContinuation { continuation in
            mailbox.post(.snapshot { continuation.resume(returning: $0) })
        }
    }
}
