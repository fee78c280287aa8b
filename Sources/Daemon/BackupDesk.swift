internal import AdminAPI
internal import Engine
internal import NIOConcurrencyHelpers
internal import OutboxCore

/// What is known of the backup that was asked for last. Told by the commit thread, asked by any task.
final class BackupDesk: Sendable {
    private let latest = NIOLockedValueBox(BackupStatus(state: .none))

    var status: BackupStatus { latest.withLockedValue { $0 } }

    /// - Parameter now: reads the wall clock; called on the commit thread.
    /// - Returns: nil if one is under way.
    func begin(_ commit: CommitLoop, now: @escaping @Sendable () -> WallTime) -> BackupStatus? {
        let begun = latest.withLockedValue { status -> BackupStatus? in
            guard status.state != .copying else { return nil }
            status = BackupStatus(state: .copying, number: status.number + 1)
            return status
        }
        guard begun != nil else { return nil }
        commit.mailbox.post(
            .copy { [latest] report in
                latest.withLockedValue { $0.take(report, now: now) }
            }
        )
        return begun
    }
}

extension BackupStatus {
    fileprivate mutating func take(_ report: CopyReport, now: () -> WallTime) {
        switch report {
        case .progress(let progress):
            pages = progress.pages
            pagesLeft = progress.left
        case .done(let path, let progress, let totals):
            state = .copied
            pages = progress.pages
            pagesLeft = 0
            self.path = path
            events = totals.queued
            deadLetters = totals.dead
            lastSequence = totals.lastSequence
            copiedAt = Timestamp(milliseconds: now().milliseconds)
        case .failed(let error):
            state = .failed
            problem = StartProblem.words(error)
        }
    }
}
