internal import NIOConcurrencyHelpers

/// Messages to a thread that owns something: an array behind a lock, and an eventfd that wakes the owner once a batch.
///
/// Any thread posts; posting never blocks. Only the owner drains.
package final class Mailbox<Message: Sendable>: Sendable {
    private struct Pending {
        var messages: [Message] = []
        var isClosed = false
    }

    private let pending = NIOLockedValueBox(Pending())
    package let signal = WakeSignal()

    package init() {}

    /// Any thread; never blocks. False: the owner has ended, nobody will read it.
    @discardableResult
    package func post(_ message: Message) -> Bool {
        let (taken, first) = pending.withLockedValue { pending in
            if pending.isClosed { return (false, false) }
            pending.messages.append(message)
            return (true, pending.messages.count == 1)
        }
        if first { signal.signal() }
        return taken
    }

    /// The owner ends: nothing is taken any more. Returns what was not read.
    package func close() -> [Message] {
        pending.withLockedValue { pending in
            pending.isClosed = true
            defer { pending.messages = [] }
            return pending.messages
        }
    }

    /// Takes everything, in order of posting.
    package func drain() -> [Message] {
        signal.drain()
        return pending.withLockedValue { pending in
            defer { pending.messages = [] }
            return pending.messages
        }
    }
}
