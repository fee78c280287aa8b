internal import NIOConcurrencyHelpers

/// Messages to a thread that owns something: an array behind a lock, and an eventfd that wakes the owner once a batch.
///
/// Any thread posts; posting never blocks. Only the owner drains.
package final class Mailbox<Message: Sendable>: Sendable {
    private let pending = NIOLockedValueBox<[Message]>([])
    package let signal = WakeSignal()

    package init() {}

    /// Any thread; never blocks.
    package func post(_ message: Message) {
        let first = pending.withLockedValue { pending in
            pending.append(message)
            return pending.count == 1
        }
        if first { signal.signal() }
    }

    /// Takes everything, in order of posting.
    package func drain() -> [Message] {
        signal.drain()
        return pending.withLockedValue { pending in
            defer { pending = [] }
            return pending
        }
    }
}
