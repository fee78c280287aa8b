package import AdminAPI
package import OutboxCore

/// The port to the rest of the daemon: answers operators' questions and carries out their orders. Any task; answers are
/// values. What it throws reaches the operator as it is if it is an `AdminError`, and as "internal error" otherwise.
package protocol AdminService: Sendable {
    func status() async throws -> Status

    /// What `/metrics` tells.
    func metrics() async throws -> Metrics

    /// The same as a page of text; a moment old at most.
    func metricsPage() async throws -> [UInt8]

    /// Queued and in-flight events in accept order, behind `after` (a sequence number); at most `limit`.
    func events(_ filter: EventFilter, after: Int64?, limit: Int) async throws -> Listing<Int64>

    /// Everything about one event, wherever it is; nil if nothing is known of it.
    func event(_ id: EventID) async throws -> Event?

    /// Exact payload bytes of a queued event or dead letter; nil if there is none, or no longer.
    func payload(_ id: EventID) async throws -> [UInt8]?

    /// Dead letters, newest first, behind `after`; at most `limit`.
    func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) async throws -> Listing<DeadPlace>

    /// Functions with events, dead letters or a state other than active; all, or those that the pattern matches.
    func functions(_ pattern: GlobPattern?) async throws -> FunctionList

    /// Stops functions; on disk, and nothing more of them is started, when it returns.
    func pause(_ pattern: GlobPattern, reason: String?) async throws -> PauseResult

    /// Takes back the pauses whose pattern this one matches, and brings the probes of the functions meant forward.
    func resume(_ pattern: GlobPattern) async throws -> ResumeResult

    /// Makes dead letters of the functions' waiting events; on disk when it returns.
    func moveToDead(_ pattern: GlobPattern) async throws -> MoveResult

    /// Takes queued events out for good. Those that are in flight are left alone. What is `done` is never sent any more.
    func cancel(_ ids: [EventID]) async throws -> [EventResult]

    /// Clears delay and backoff; with `force` the event is the next that is tried.
    func sendNow(_ ids: [EventID], force: Bool) async throws -> [EventResult]

    /// How many dead letters the selection means now.
    func count(_ selection: DeadLetterSelection) async throws -> Int

    /// Puts the selected dead letters back into the queue; on disk when it returns.
    ///
    /// - Parameter keepExpiry: leave those whose hard expiry has passed; else it is dropped.
    func redrive(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedriveResult

    /// What a redrive would do. Changes nothing.
    func plan(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedrivePlan

    /// Deletes the selected dead letters; on disk when it returns.
    func purge(_ selection: DeadLetterSelection) async throws -> PurgeResult

    /// Brings events and keys in under their ids; on disk when it returns. With a dry run nothing is changed.
    func bringIn(_ order: ImportOrder) async throws -> ImportResults

    /// Begins a copy of the queue for a backup; what is under way or was done last when there is one under way.
    func beginBackup() async throws -> BackupStatus

    /// How far the latest one is.
    func backup() async throws -> BackupStatus

    /// Begins to give back what the database's file doesn't need.
    func beginCompaction() async throws -> CompactionStatus

    /// How far the latest one is.
    func compaction() async throws -> CompactionStatus

    /// Whether the door serves. A suspended route doesn't make the daemon unready.
    func ready() async -> Bool
}

/// A page of events, and the place to go on from; nil: that was all.
package struct Listing<Place: Sendable>: Sendable {
    package var events: [Event]
    package var next: Place?

    package init(events: [Event], next: Place?) {
        self.events = events
        self.next = next
    }
}

extension DeadLetterSelection {
    /// How many letters a selection by function, or of all, means, or of a condition, from the counts that the store keeps; nil for ids.
    package func count(in groups: [DeadLetterGroup]) -> Int? {
        switch self {
        case .ids: nil
        case .function(let pattern):
            groups.reduce(0) { pattern.matches($1.function) ? $0 + $1.count : $0 }
        case .matching(let filter):
            groups.reduce(0) { count, group in
                let isMeant =
                    filter.function.map { $0.matches(group.function) } ?? true
                    && filter.condition.map { $0 == group.condition } ?? true
                return isMeant ? count + group.count : count
            }
        case .all: groups.reduce(0) { $0 + $1.count }
        }
    }
}
