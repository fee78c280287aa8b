internal import Admin
internal import AdminAPI
internal import Engine
internal import NIOConcurrencyHelpers
internal import OutboxCore
internal import SQLiteStore

/// What status and metrics remember from one request to the next.
final class StatusMemory: Sendable {
    /// Read thread only, but for the lock.
    let oldest = NIOLockedValueBox(OldestWaiting())
    let labels = NIOLockedValueBox(MetricLabels())
    let status = Shared<Status>()
    let metricsPage = Shared<[UInt8]>()
}

/// What status and metrics are made of: one answer of each loop.
struct DaemonReadings: Sendable {
    var commits: CommitReport
    var deliveries: DeliveryReport
    var groups: [DeadLetterGroup]
    var oldest: EventDetail?
    /// Each function's oldest waiting event, as far as it is known.
    var ages: [FunctionKey: WaitingRow]
    var process: ProcessFacts?

    var now: Moment { deliveries.now }

    /// Whole seconds, nil where nothing of the function is known to wait.
    func oldestAge(_ key: FunctionKey) -> Int64? {
        var from = ages[key]?.ageFrom
        if let oldest, oldest.functionKey == key { from = min(from ?? oldest.ageFrom, oldest.ageFrom) }
        return from.map { Self.age($0, now) }
    }

    static func age(_ from: WallTime, _ now: Moment) -> Int64 {
        max(0, now.wall.since(from).milliseconds / 1000)
    }
}

extension DaemonService {
    /// Asks all three loops. At most `AdminLimits.statusListMax` functions are looked at for their ages.
    func readings() async throws -> DaemonReadings {
        guard let commits = await commit.report() else {
            throw AdminError(.unavailable, "the store has failed or is closing; see the log")
        }
        let deliveries = try await deliveryReport()
        let waiting = Self.waiting(commits.functions)
        let hints = deliveries.dispatch.functions.filter { waiting.contains($0.key) }.flatMap {
            [$0.oldestInMemory, $0.firstPassedOver].compactMap { $0 }
        }
        return try await read.ask { [memory] reader throws(StoreError) in
            // Read thread: nobody else takes it meanwhile.
            var oldest = memory.oldest.withLockedValue { $0 }
            let ages = try oldest.look(waiting: waiting, hints: hints, in: &reader)
            memory.oldest.withLockedValue { [oldest] in $0 = oldest }
            return DaemonReadings(
                commits: commits,
                deliveries: deliveries,
                groups: try reader.deadLetterGroups(),
                oldest: try reader.oldestQueued(),
                ages: ages,
                process: ProcessFacts.current()
            )
        }
    }

    private static func waiting(_ functions: [FunctionRecord]) -> Set<FunctionKey> {
        let waiting = functions.filter { $0.queued > 0 }
        guard waiting.count > AdminLimits.statusListMax else { return Set(waiting.map(\.key)) }
        return Set(waiting.sorted { $0.queued > $1.queued }.prefix(AdminLimits.statusListMax).map(\.key))
    }
}
