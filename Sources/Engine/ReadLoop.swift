internal import NIOConcurrencyHelpers
package import OutboxCore

/// The read thread: owns one read-only connection and answers people's questions, one short transaction each.
package final class ReadLoop<Reader: EventReader & ~Copyable & SendableMetatype>: Sendable {
    private enum Message: Sendable {
        case question(ask: @Sendable (inout Reader) -> Void, refuse: @Sendable () -> Void)
        case stop
    }

    private let mailbox = Mailbox<Message>()
    private let thread = NIOLockedValueBox<OwnedThread?>(nil)
    private let damaged = NIOLockedValueBox<@Sendable (String) -> Void>({ _ in })

    package init() {}

    /// Starts the thread; `open` runs on it. nil ends it at once: then no question may be asked.
    ///
    /// - Parameter damaged: called on the read thread whenever an answer met damage in the file.
    package func start(
        damaged: @escaping @Sendable (String) -> Void = { _ in },
        open: @escaping @Sendable () -> Reader?
    ) {
        let mailbox = mailbox
        self.damaged.withLockedValue { $0 = damaged }
        let started = OwnedThread(name: "read") {
            defer {
                for case .question(_, let refuse) in mailbox.close() { refuse() }
            }
            guard var reader = open() else { return }
            while true {
                for message in mailbox.drain() {
                    switch message {
                    case .question(let ask, _): ask(&reader)
                    case .stop: return
                    }
                }
                mailbox.signal.wait(milliseconds: 1000)
            }
        }
        thread.withLockedValue { $0 = started }
    }

    /// Runs `question` on the read thread.
    package func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (inout Reader) throws(StoreError) -> Answer
    ) async throws(StoreError) -> Answer {
        let damaged = damaged.withLockedValue { $0 }
        let result: Result<Answer, StoreError> = await withCheckedContinuation { continuation in
            let taken = mailbox.post(
                .question(
                    ask: { reader in
                        do throws(StoreError) {
                            continuation.resume(returning: .success(try question(&reader)))
                        } catch {
                            if case .damaged(let found) = error { damaged(found) }
                            continuation.resume(returning: .failure(error))
                        }
                    },
                    refuse: { continuation.resume(returning: .failure(.failed("the store is closed"))) }
                )
            )
            if !taken { continuation.resume(returning: .failure(.failed("the store is closed"))) }
        }
        return try result.get()
    }

    /// Answers what was asked before, then waits for the thread.
    package func stop() {
        mailbox.post(.stop)
        thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
