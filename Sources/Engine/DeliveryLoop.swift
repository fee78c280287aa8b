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
            defer { Self.turnAway(mailbox.close()) }
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
        if thread.withLockedValue({ $0 == nil }) { return }
        await withCheckedContinuation { continuation in
            let message = DeliveryMessage.drain(deadline: deadline) { continuation.resume() }
            if !mailbox.post(message) { Self.turnAway([message]) }
        }
        thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// The delivery side's state; nil after `drain`. Before the start it waits for it.
    package func report() async -> DeliveryReport? {
        await withCheckedContinuation { continuation in
            let message = DeliveryMessage.snapshot { continuation.resume(returning: $0) }
            if !mailbox.post(message) { Self.turnAway([message]) }
        }
    }

    /// Where single events stand; nil after `drain`.
    package func standings(of places: [QueuedPlace]) async -> StandingReport? {
        await withCheckedContinuation { continuation in
            let message = DeliveryMessage.standings(places) { continuation.resume(returning: $0) }
            if !mailbox.post(message) { Self.turnAway([message]) }
        }
    }

    /// Sees to it that none of these events is started any more, until `returned` tells what became of them.
    ///
    /// - Returns: those that are in flight, and were left alone; nil after `drain`.
    package func withdraw(_ sequences: [Int64]) async -> [Int64]? {
        await withCheckedContinuation { continuation in
            let message = DeliveryMessage.withdraw(sequences) { continuation.resume(returning: $0) }
            if !mailbox.post(message) { Self.turnAway([message]) }
        }
    }

    /// Whoever waits for an answer gets one, although the thread has ended.
    private static func turnAway(_ messages: [DeliveryMessage]) {
        for message in messages {
            switch message {
            case .snapshot(let tell): tell(nil)
            case .standings(_, let tell): tell(nil)
            case .drain(_, let drained): drained()
            case .withdraw(_, let tell): tell(nil)
            case .accepted, .committed, .claimed, .dueChanged, .expiring, .forgotten, .diskBlocked, .reload,
                .reconfigure, .pauses, .returned, .force:
                break
            }
        }
    }
}
