import Foundation
import OutboxCore
import SQLiteStore
import Simulation
import TestSupport

/// A queue with something of everything in it, in files that each use begins with anew.
struct FullQueue: Sendable {
    static let start = WallTime(milliseconds: 1_700_000_000_000)
    /// When the operations happen: what had a window of an hour has passed it.
    static let now = start.advanced(by: .hours(2))

    /// Made once.
    static let shared = Result { try FullQueue() }

    let ids: [EventID]
    let functions: [FunctionKey]
    private let database: Data

    private init() throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let path = folder.file("queue.db")
        var store = try Self.open(path)
        let events = Self.events
        let replies = try store.commit([.begin(nil)] + events.map { .accept($0) }, now: Self.start)
        var ids: [EventID] = []
        var functions: Set<FunctionKey> = []
        for case .accepted(let event) in replies {
            ids.append(event.id)
            functions.insert(event.functionKey)
        }
        self.ids = ids
        self.functions = functions.sorted()
        let down = SavedState(reason: "down", since: Self.start, failedProbes: 2)
        _ = try store.commit(
            [
                Self.resolve(1, .handedOver), Self.resolve(2, .waits(dueAt: Self.start.advanced(by: .seconds(30)))),
                Self.resolve(2, .waits(dueAt: Self.start.advanced(by: .hours(9)))), Self.resolve(12, .handedOver),
                .bury(sequence: 3, .expired, reason: "too old"),
            ] + (4...6).map { Self.resolve($0, .dead(.rejected, reason: "refused")) } + [
                .cancel([ids[6]]), .saveFunctionState(self.functions[0], down), .saveRouteState("r1", down),
                .pause(PauseRule(pattern: GlobPattern("a*"), since: Self.start)),
                .pause(PauseRule(pattern: GlobPattern("b"), since: Self.start)), .resume(GlobPattern("b")),
                .saveClock(Self.clock),
            ],
            now: Self.start
        )
        try store.close(clean: true)
        database = try Data(contentsOf: URL(fileURLWithPath: path))
    }

    static let clock = ClockRecord(
        believedFrom: start,
        isTrusted: true,
        offset: .seconds(1),
        seenAt: start,
        absentUntil: nil
    )

    /// 1 and 12 are handed over, 3 to 6 dead, 7 cancelled, all others queued.
    private static var events: [NewEvent] {
        let hour = Span.hours(1)
        return [
            StoreBench.event("a", key: StoreBench.key("handed over", window: hour)),
            StoreBench.event("a", key: StoreBench.key("waits", window: hour)),
            StoreBench.event("a"), StoreBench.event("b", key: StoreBench.key("dead", window: .hours(9))),
            StoreBench.event("b", expiresAt: start.advanced(by: .minutes(1))),
            StoreBench.event("b", payload: String(repeating: "x", count: 6_000)),
            StoreBench.event("b", key: StoreBench.key("cancelled")),
            StoreBench.event("b", payload: String(repeating: "y", count: 9_000), producer: "uid:7"),
            StoreBench.event("a", deliverAt: start.advanced(by: .hours(1))),
            StoreBench.event("a", deliverAt: start.advanced(by: .hours(7))),
            StoreBench.event("a", expiresAt: start.advanced(by: .minutes(1))),
            StoreBench.event("gone", key: StoreBench.key("gone", window: hour)),
            StoreBench.event("b", key: StoreBench.key("fresh", window: .hours(9))),
            StoreBench.event("b"),
        ]
    }

    static func resolve(_ sequence: Int64, _ fate: Resolution.Fate) -> StoreCommand {
        .resolve(
            Resolution(
                sequence: sequence,
                attempt: fate == .handedOver ? StoreBench.handOver(at: start) : StoreBench.failure(at: start),
                fate: fate,
                chargedAttempts: 1,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
        )
    }

    /// Puts the database at `path`.
    func place(_ path: String) throws {
        try database.write(to: URL(fileURLWithPath: path))
    }

    static func open(_ path: String, boot: String = "boot-1") throws(StoreError) -> SQLiteStore {
        var random = Seeded(state: 1)
        return try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: boot),
            now: start,
            hash: testHash,
            using: &random
        )
    }

    /// Every row of every table, but for the random part of ids.
    static func rows(_ path: String) throws(StoreError) -> [String] {
        let database = try PlainConnection(path)
        var rows: [String] = []
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for table in try database.column(tables) {
            var columns = try database.column(
                """
                SELECT 'quote(' || name || ')' FROM pragma_table_info('\(table)')
                WHERE name NOT LIKE '%id_tail' AND name NOT IN ('row_check', 'entries')
                """
            )
            if table == "key_entries" {
                // The end of the id is in the middle of an entry, and in the row's checksum.
                columns += ["length(entries)", "hex(substr(entries, 1, 30))", "hex(substr(entries, 33, 23))"]
            }
            let all = columns.joined(separator: " || ',' || ")
            rows += try database.column("SELECT '\(table) ' || \(all) FROM \(table) ORDER BY 1")
        }
        return rows
    }
}
