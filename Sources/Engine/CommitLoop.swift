internal import NIOConcurrencyHelpers
package import OutboxCore

/// The commit thread: waits for mail, drains all of it, commits it as one transaction. While one commit waits for the
/// disk the next batch gathers; there is no timer.
package final class CommitLoop: Sendable {
    package let mailbox: CommitMailbox
    private let thread: NIOLockedValueBox<OwnedThread?>
    /// Nanoseconds (CLOCK_BOOTTIME) of the last completed round, for the watchdog.
    private let lastRound = NIOLockedValueBox<MonotonicTime?>(nil)

    package init(limits: CommitLimits) {
        mailbox = CommitMailbox(limits: limits)
        thread = NIOLockedValueBox(nil)
    }

    /// Starts the thread. `make` runs on it and builds the body around a store that never leaves it; nil ends it at once.
    ///
    /// - Parameters:
    ///   - failed: called once, on the commit thread, when only a new start can tell the truth.
    ///   - close: called last, on the commit thread, with the store.
    package func start<Store: EventStore & EventStoreUpkeep & ~Copyable & SendableMetatype>(
        clock: some TimeSource,
        make: @escaping @Sendable () -> Committer<Store>?,
        failed: @escaping @Sendable (StoreError) -> Void,
        close: @escaping @Sendable (consuming Store) -> Void
    ) {
        let mailbox = mailbox
        let lastRound = lastRound
        let started = OwnedThread(name: "commit") {
            guard var committer = make() else { return }
            committer.intakeWaiting = { mailbox.intakeWaiting }
            var stopBy: MonotonicTime?
            while true {
                let (intake, commands) = mailbox.drain()
                let now = clock.now()
                for case .stop in commands {
                    stopBy = now.monotonic.advanced(by: Self.lastOutcomesTime)
                    mailbox.refuse(.shuttingDown)
                }
                if case .failed(let error) = committer.turn(intake: intake, commands: commands, now: now) {
                    mailbox.close(.failed)
                    failed(error)
                    return
                }
                lastRound.withLockedValue { $0 = now.monotonic }
                let holdsOutcomes = committer.holdsOutcomes
                if let stopBy, intake.isEmpty, !holdsOutcomes || now.monotonic >= stopBy { break }
                if stopBy == nil, let chance = committer.chance() { mailbox.gather(chance) }
                if stopBy == nil || holdsOutcomes {
                    mailbox.signal.wait(milliseconds: committer.wait(now: now).milliseconds)
                }
            }
            mailbox.close(.shuttingDown)
            close(committer.finish())
        }
        thread.withLockedValue { $0 = started }
    }

    /// How long a stop waits for outcomes that a full disk or a locked database holds up: lost ones are sent again.
    private static var lastOutcomesTime: Span { .seconds(10) }

    /// When the last round ended; nil before the first.
    package var lastRoundAt: MonotonicTime? { lastRound.withLockedValue { $0 } }

    /// Answers all who wait for room (503), now and from now on: before the door closes, whose time is short.
    package func stopWaiting() {
        mailbox.post(.stopWaiting)
    }

    /// Lets the thread finish its lanes and waits for it.
    package func stop() {
        mailbox.post(.stop)
        thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// An operator's act, on disk when this returns.
    package func operate(_ commands: [StoreCommand]) async throws(StoreError) -> [StoreReply] {
        let result = await withCheckedContinuation { continuation in
            mailbox.post(.operate(commands) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Totals and sizes; nil if the store has failed or is closed.
    package func report() async -> CommitReport? {
        await withCheckedContinuation { continuation in
            mailbox.post(.report { continuation.resume(returning: $0) })
        }
    }
}
