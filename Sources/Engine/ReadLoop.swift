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
    private let damaged = NIOLockedValueBox<@Sendable (StoreError) -> Void>({ _ in })

    package init() {}

    /// Starts the thread; `open` runs on it. nil ends it at once: then no question may be asked.
    ///
    /// - Parameters:
    ///   - damaged: called on the read thread whenever an answer, or the upkeep, met damage in the file.
    ///   - upkeep: called now and then between questions, for some milliseconds; returns how long until the next call.
    package func start(
        clock: some TimeSource,
        damaged: @escaping @Sendable (StoreError) -> Void = { _ in },
        upkeep: @escaping @Sendable (inout Reader) throws(StoreError) -> Span = { _ in .minutes(60) },
        open: @escaping @Sendable () -> Reader?
    ) {
        let mailbox = mailbox
        self.damaged.withLockedValue { $0 = damaged }
        let started = OwnedThread(name: "read") {
            defer {
                for case .question(_, let refuse) in mailbox.close() { refuse() }
            }
            guard var reader = open() else { return }
            var upkeepAt = clock.now().monotonic
            while true {
                for message in mailbox.drain() {
                    switch message {
                    case .question(let ask, _): ask(&reader)
                    case .stop: return
                    }
                }
                let now = clock.now().monotonic
                if now >= upkeepAt { upkeepAt = now.advanced(by: Self.keepUp(&reader, upkeep, damaged)) }
                mailbox.signal.wait(milliseconds: min(1000, upkeepAt.since(now).milliseconds))
            }
        }
        thread.withLockedValue { $0 = started }
    }

    private static func keepUp(
        _ reader: inout Reader,
        _ upkeep: (inout Reader) throws(StoreError) -> Span,
        _ damaged: (StoreError) -> Void
    ) -> Span {
        do throws(StoreError) {
            return try upkeep(&reader)
        } catch {
            if case .damaged = error { damaged(error) }
            // What else can fail the commit thread meets as well, and ends for it.
            return .minutes(1)
        }
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
                            if case .damaged = error { damaged(error) }
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
