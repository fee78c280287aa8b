internal import AdminAPI
internal import Engine
internal import NIOConcurrencyHelpers
internal import OutboxCore

/// What is known of the compaction that was asked for last. Told by the commit thread, asked by any task.
final class CompactionDesk: Sendable {
    private let latest = NIOLockedValueBox(CompactionStatus(state: .none))

    var status: CompactionStatus { latest.withLockedValue { $0 } }

    /// - Returns: nil if one is under way.
    func begin(_ commit: CommitLoop) -> CompactionStatus? {
        let begun = latest.withLockedValue { status -> CompactionStatus? in
            guard status.state != .compacting else { return nil }
            status = CompactionStatus(state: .compacting, number: status.number + 1)
            return status
        }
        guard begun != nil else { return nil }
        commit.mailbox.post(.compact { [latest] report in latest.withLockedValue { $0.take(report) } })
        return begun
    }
}

extension CompactionStatus {
    fileprivate mutating func take(_ report: CompactionReport) {
        switch report {
        case .progress(let before, let size):
            bytesBefore = Int64(before)
            note(size)
        case .done(let before, let size):
            bytesBefore = Int64(before)
            note(size)
            state = .done
        case .failed(let error):
            state = .failed
            problem = StartProblem.words(error)
        }
    }

    mutating func note(_ size: StoreSize) {
        bytes = Int64(size.fileBytes)
        usedBytes = Int64(size.usedBytes)
    }
}
