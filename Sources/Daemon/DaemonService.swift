internal import Admin
internal import AdminAPI
internal import Door
internal import Engine
internal import OutboxCore
internal import SQLiteStore

/// Answers the admin API from the three loops.
struct DaemonService: AdminService {
    let commit: CommitLoop
    let delivery: DeliveryLoop
    let read: ReadLoop<SQLiteReader>
    let routes: RouteTable
    let instanceID: String
    let databasePath: String
    let startedAt: MonotonicTime
    let clock: any TimeSource
    let isServing: @Sendable () -> Bool
    /// What the door has done; nil before it is open.
    let doorCounters: @Sendable () -> DoorCounters?
    let memory = StatusMemory()
    let backups = BackupDesk()
    let compactions = CompactionDesk()

    /// Letters moved in one commit.
    static var slice: Int { 500 }

    func beginBackup() async throws -> BackupStatus {
        guard let begun = backups.begin(commit, now: { [clock] in clock.now().wall }) else {
            throw AdminError(.unavailable, "another backup is being made: wait until it is done")
        }
        return begun
    }

    func backup() async throws -> BackupStatus { backups.status }

    func beginCompaction() async throws -> CompactionStatus {
        guard let begun = compactions.begin(commit) else {
            throw AdminError(.unavailable, "the file is being compacted already: wait until it is done")
        }
        return begun
    }

    func compaction() async throws -> CompactionStatus { compactions.status }

    func ready() async -> Bool { isServing() }

    func events(_ filter: EventFilter, after: Int64?, limit: Int) async throws -> Listing<Int64> {
        var details: [EventDetail] = []
        var place = after
        // One short transaction after the other: what a pattern means may be far apart, and others ask meanwhile.
        repeat {
            let (behind, wanted) = (place, limit - details.count)
            let page = try await read.ask { reader throws(StoreError) in
                try reader.queued(filter, after: behind, limit: wanted)
            }
            details += page.events
            place = page.next
        } while place != nil && details.count < limit && !Task.isCancelled
        let (standings, now) = try await standings(of: details)
        return Listing(
            events: zip(details, standings).map { Event($0, standing: $1, now: now, history: false) },
            next: place
        )
    }

    func event(_ id: EventID) async throws -> Event? {
        try await event(id) { _ in true }
    }

    /// Nil too for an event that isn't meant: nothing more is asked about it.
    func event(_ id: EventID, where isMeant: (EventDetail) -> Bool) async throws -> Event? {
        guard let detail = try await read.ask({ reader throws(StoreError) in try reader.event(id) }), isMeant(detail)
        else { return nil }
        let (standings, now) = try await standings(of: [detail])
        return Event(detail, standing: standings[0], now: now)
    }

    func payload(_ id: EventID) async throws -> [UInt8]? {
        try await read.ask { reader throws(StoreError) in try reader.payload(id) }
    }

    func deadLetters(_ filter: EventFilter, after: DeadPlace?, limit: Int) async throws -> Listing<DeadPlace> {
        let details = try await read.ask { reader throws(StoreError) in
            try reader.deadLetters(filter, after: after, limit: limit)
        }
        let now = clock.now().wall
        let last = details.last.flatMap { last in last.diedAt.map { DeadPlace(diedAt: $0, sequence: last.sequence) } }
        return Listing(
            events: details.map { Event($0, now: now, history: false) },
            next: details.count < limit ? nil : last
        )
    }

    func count(_ selection: DeadLetterSelection) async throws -> Int {
        if let count = selection.count(in: try await groups()) { return count }
        guard case .ids(let ids) = selection else { return 0 }
        return try await read.ask { reader throws(StoreError) in
            var count = 0
            for id in Set(ids) where try reader.event(id)?.state == .deadLetter { count += 1 }
            return count
        }
    }

    func redrive(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedriveResult {
        guard keepExpiry else {
            let (count, ids) = try await move(selection) { .redrive($0, limit: Self.slice) }
            return RedriveResult(count: count, ids: ids)
        }
        // Letters that stay would stand in the way of a selection by pattern: they are named one by one.
        var result = RedriveResult(count: 0, ids: [])
        try await forEachLetter(selection) { letters in
            let ids = letters.map(\.id)
            for start in stride(from: 0, to: ids.count, by: Self.slice) {
                var left = Set(ids[start..<min(start + Self.slice, ids.count)])
                // A slice may take several commits: they are bounded by bytes, too.
                while !left.isEmpty {
                    let order = StoreCommand.redrive(.ids(Array(left)), limit: Self.slice, keepExpiry: true)
                    let reply = try await commit.operate([order]).first
                    guard case .moved(let moved)? = reply, !moved.isEmpty else { break }
                    left.subtract(moved)
                    result.count += moved.count
                    result.ids += moved.prefix(max(0, Selection.idsMax - result.ids.count)).map(\.description)
                }
            }
        }
        return result
    }

    func plan(_ selection: DeadLetterSelection, keepExpiry: Bool) async throws -> RedrivePlan {
        let now = clock.now().wall
        var plan = RedrivePlan()
        var functions: [String: Int] = [:]
        try await forEachLetter(selection) { letters in
            for letter in letters {
                let hasPassed = letter.expiresAt.map { $0 <= now } ?? false
                if hasPassed, keepExpiry {
                    plan.kept += 1
                    continue
                }
                plan.count += 1
                plan.bytes += letter.payloadBytes
                if hasPassed { plan.expiriesDropped += 1 }
                functions[letter.function.description, default: 0] += 1
            }
        }
        plan.functions = functions.map { RedrivePlan.Function(function: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.function) < ($0.count, $1.function) }
        return plan
    }

    /// Calls `body` with the letters meant, in pages, each read in a short transaction of its own. Newest first, and always
    /// behind the last page: letters that die meanwhile aren't met.
    private func forEachLetter(
        _ selection: DeadLetterSelection,
        _ body: ([EventDetail]) async throws -> Void
    ) async throws {
        let filter: EventFilter
        switch selection {
        case .ids(let ids):
            let letters = try await read.ask { reader throws(StoreError) in
                var letters: [EventDetail] = []
                for id in Set(ids) {
                    if let letter = try reader.event(id), letter.state == .deadLetter { letters.append(letter) }
                }
                return letters
            }
            return try await body(letters)
        case .function(let pattern): filter = EventFilter(function: pattern)
        case .matching(let both): filter = both
        case .all: filter = EventFilter()
        }
        var place: DeadPlace?
        while true {
            let behind = place
            let page = try await read.ask { reader throws(StoreError) in
                try reader.deadLetters(filter, after: behind, limit: Self.slice)
            }
            if !page.isEmpty { try await body(page) }
            guard page.count == Self.slice, let last = page.last, let diedAt = last.diedAt else { return }
            place = DeadPlace(diedAt: diedAt, sequence: last.sequence)
        }
    }

    func purge(_ selection: DeadLetterSelection) async throws -> PurgeResult {
        let (count, ids) = try await move(selection) { .purge($0, limit: Self.slice) }
        return PurgeResult(count: count, ids: ids)
    }

    /// In slices, each a commit of its own, so that an order over a million letters stops nobody. The number is bounded
    /// by what was there at the start: letters that die again meanwhile are not moved twice.
    private func move(
        _ selection: DeadLetterSelection,
        _ command: (DeadLetterSelection) -> StoreCommand
    ) async throws -> (Int, [String]) {
        let wanted = try await count(selection)
        var moved = 0
        var ids: [String] = []
        while moved < wanted {
            guard case .moved(let slice)? = try await commit.operate([command(selection)]).first, !slice.isEmpty else {
                break
            }
            moved += slice.count
            ids += slice.prefix(max(0, Selection.idsMax - ids.count)).map(\.description)
        }
        return (moved, ids)
    }

    private func groups() async throws -> [DeadLetterGroup] {
        try await read.ask { reader throws(StoreError) in try reader.deadLetterGroups() }
    }

    func deliveryReport() async throws -> DeliveryReport {
        guard let report = await delivery.report() else { throw AdminError(.unavailable, "the daemon is stopping") }
        return report
    }

    static func suspension(_ suspension: Suspension, _ now: Moment) -> EventStanding.Suspension {
        EventStanding.Suspension(
            reason: suspension.reason,
            since: suspension.since,
            nextProbeAt: wall(suspension.nextProbe, now)
        )
    }

    /// A monotonic time as the wall clock will show it, if nobody changes it.
    static func wall(_ time: MonotonicTime, _ now: Moment) -> WallTime {
        now.wall.advanced(by: time.since(now.monotonic))
    }
}
