import OutboxCore

/// The functions that the store knows, mirrored in memory with their counters.
///
/// The mirror changes at once and the rows follow in `save`, one update per touched function and commit. What it was
/// before the transaction is kept until `committed` or `rolledBack` says which is true.
struct FunctionTable: ~Copyable {
    private struct Entry {
        init(key: FunctionKey, function: FunctionIdentity, state: SavedState? = nil, troubleAt: WallTime? = nil) {
            self.key = key
            self.function = function
            check = RowCheck.part(of: function)
            self.state = state
            self.troubleAt = troubleAt
        }

        var key: FunctionKey
        var function: FunctionIdentity
        /// For the checksums of its rows.
        let check: UInt64
        var state: SavedState?
        /// When the state was reported last; after a start, since when it is.
        var troubleAt: WallTime?
    }

    /// Apart from the rest of an entry: they change with every event.
    private struct Counts {
        var queued = 0
        var dead = 0
        var bytes = 0
        var isTouched = false
    }

    /// Where the table stood at the last commit, for an entry that was there.
    private struct Before {
        var place: Int
        var counts: Counts
        var entry: Entry
    }

    private var entries: [Entry] = []
    private var counts: [Counts] = []
    private var places: [FunctionKey: Int] = [:]
    private var keys: [FunctionIdentity: FunctionKey] = [:]
    /// Events in a row are often for one function; comparing is cheaper than hashing.
    private var latest: (function: FunctionIdentity, key: FunctionKey)?
    /// Touched in this transaction, as they were before.
    private var before: [Before] = []
    /// How many entries there were at the last commit; those behind are new.
    private var committedCount = 0
    /// Candidates of the sweep that is under way: idle when it began, and not touched since.
    private(set) var idle: Set<FunctionKey> = []
    /// Places of those forgotten in this transaction.
    private var forgotten: [Int] = []
    private let insert: Statement
    private let deleteRow: Statement
    private let deleteGroups: Statement
    private let updateCounters: Statement
    private let updateState: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare(
            "INSERT INTO functions (partition, account, region, name, qualifier) VALUES (?1, ?2, ?3, ?4, ?5)"
        )
        let updateCounters = try connection.prepare(
            "UPDATE functions SET queued = ?2, dead = ?3, bytes = ?4 WHERE id = ?1"
        )
        let updateState = try connection.prepare(
            "UPDATE functions SET state_reason = ?2, state_since = ?3, state_failed_probes = ?4 WHERE id = ?1"
        )
        let deleteRow = try connection.prepare("DELETE FROM functions WHERE id = ?1")
        let deleteGroups = try connection.prepare("DELETE FROM dead_groups WHERE function_id = ?1")
        let rows = try Self.load(connection)
        self.insert = insert
        self.deleteRow = deleteRow
        self.deleteGroups = deleteGroups
        self.updateCounters = updateCounters
        self.updateState = updateState
        for (entry, counts) in rows { append(entry, counts) }
        committedCount = entries.count
    }

    private mutating func append(_ entry: Entry, _ counts: Counts) {
        places[entry.key] = entries.count
        keys[entry.function] = entry.key
        entries.append(entry)
        self.counts.append(counts)
    }

    private static func load(_ connection: borrowing Connection) throws(SQLiteError) -> [(Entry, Counts)] {
        var rows: [(Entry, Counts)] = []
        let select = try connection.prepare(
            """
            SELECT id, partition, account, region, name, qualifier, queued, dead, bytes,
                state_reason, state_since, state_failed_probes
            FROM functions ORDER BY id
            """
        )
        while try select.step() {
            let state = select.optionalText(9).map {
                SavedState(reason: $0, since: WallTime(milliseconds: select.int64(10)), failedProbes: select.int(11))
            }
            let function = FunctionIdentity(row: select, from: 1)
            let counts = Counts(queued: select.int(6), dead: select.int(7), bytes: select.int(8))
            let key = FunctionKey(select.int64(0))
            rows.append((Entry(key: key, function: function, state: state, troubleAt: state?.since), counts))
        }
        return rows
    }

    /// Rows are numbered from 1 without gaps, so that this is rarely a look-up.
    private func place(_ key: FunctionKey) -> Int? {
        let guess = Int(truncatingIfNeeded: key.rawValue &- 1)
        if entries.indices.contains(guess), entries[guess].key == key { return guess }
        return places[key]
    }

    // MARK: Reading the mirror

    /// The function's key, if it has one.
    func known(_ function: FunctionIdentity) -> FunctionKey? {
        keys[function]
    }

    func function(_ key: FunctionKey) -> FunctionIdentity? {
        place(key).map { entries[$0].function }
    }

    /// Its part of the checksum of each of its rows; nil if it is unknown.
    func check(_ key: FunctionKey) -> UInt64? {
        place(key).map { entries[$0].check }
    }

    /// What a function holds; zero if it is unknown.
    func usage(of function: FunctionIdentity) -> FunctionUsage {
        guard let key = keys[function], let place = place(key) else { return FunctionUsage() }
        return FunctionUsage(events: counts[place].queued + counts[place].dead, bytes: counts[place].bytes)
    }

    /// Those with events or a state, by key.
    var records: [FunctionRecord] {
        zip(entries, counts).compactMap { entry, counts in
            guard counts.queued > 0 || counts.dead > 0 || entry.state != nil else { return nil }
            return FunctionRecord(
                key: entry.key,
                function: entry.function,
                queued: counts.queued,
                dead: counts.dead,
                bytes: counts.bytes,
                state: entry.state
            )
        }.sorted { $0.key < $1.key }
    }

    // MARK: Changes, inside a transaction

    /// The function's key; a function seen for the first time gets a row.
    mutating func key(
        _ function: FunctionIdentity,
        _ connection: borrowing Connection
    ) throws(SQLiteError) -> FunctionKey {
        if let latest, latest.function == function { return latest.key }
        let key: FunctionKey
        if let known = keys[function] {
            key = known
        } else {
            insert.bind(function.partition, at: 1)
            insert.bind(function.account, at: 2)
            insert.bind(function.region, at: 3)
            insert.bind(function.name, at: 4)
            insert.bind(function.qualifier, at: 5)
            try insert.run()
            key = FunctionKey(connection.lastInsertRowID)
            append(Entry(key: key, function: function), Counts())
        }
        latest = (function, key)
        return key
    }

    /// Adds to a function's counters.
    mutating func count(_ key: FunctionKey, queued: Int = 0, dead: Int = 0, bytes: Int = 0) {
        guard let place = place(key) else { return }
        touch(place)
        counts[place].queued += queued
        counts[place].dead += dead
        counts[place].bytes += bytes
    }

    /// Does nothing if there is no such function.
    mutating func setState(_ key: FunctionKey, _ state: SavedState?, now: WallTime) throws(SQLiteError) {
        guard let place = place(key) else { return }
        touch(place)
        entries[place].state = state
        entries[place].troubleAt = state == nil ? nil : now
        updateState.bind(key.rawValue, at: 1)
        updateState.bind(state?.reason, at: 2)
        updateState.bind(state?.since.milliseconds, at: 3)
        updateState.bind((state?.failedProbes).map { Int64($0) }, at: 4)
        try updateState.run()
    }

    // MARK: Forgetting

    var count: Int { keys.count }

    /// Begins a sweep: forgets states that are old and lists who may be forgotten himself. The latest row stays, so that
    /// SQLite gives no number again.
    /// - Returns: those whose state was forgotten.
    mutating func beginSweep(troubleBefore: WallTime, now: WallTime) throws(SQLiteError) -> [FunctionKey] {
        var changed: [FunctionKey] = []
        for (place, entry) in entries.enumerated() where counts[place].queued == 0 {
            guard let troubleAt = entry.troubleAt, troubleAt < troubleBefore else { continue }
            try setState(entry.key, nil, now: now)
            changed.append(entry.key)
        }
        let last = entries.last?.key
        let gone = Set(forgotten)
        for (place, entry) in entries.enumerated() where entry.state == nil && entry.key != last {
            if counts[place].queued == 0, counts[place].dead == 0, !gone.contains(place) { idle.insert(entry.key) }
        }
        return changed
    }

    /// Something names it after all.
    mutating func keep(_ key: FunctionKey) {
        idle.remove(key)
    }

    /// Forgets a function that nothing names.
    mutating func forget(_ key: FunctionKey) throws(SQLiteError) {
        idle.remove(key)
        guard let place = place(key) else { return }
        deleteGroups.bind(key.rawValue, at: 1)
        try deleteGroups.run()
        deleteRow.bind(key.rawValue, at: 1)
        try deleteRow.run()
        keys[entries[place].function] = nil
        forgotten.append(place)
        latest = nil
    }

    private mutating func dropForgotten() {
        if forgotten.isEmpty { return }
        let gone = Set(forgotten)
        forgotten.removeAll()
        entries = entries.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
        counts = counts.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
        places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($0.element.key, $0.offset) })
    }

    private mutating func touch(_ place: Int) {
        if counts[place].isTouched { return }
        before.append(Before(place: place, counts: counts[place], entry: entries[place]))
        if !idle.isEmpty { idle.remove(entries[place].key) }
        counts[place].isTouched = true
    }

    // MARK: The end of a transaction

    /// Writes the counters of every touched function; the last thing before COMMIT.
    func save() throws(SQLiteError) {
        if Planted.functionCountersLost { return }
        for old in before {
            let now = counts[old.place]
            if (now.queued, now.dead, now.bytes) == (old.counts.queued, old.counts.dead, old.counts.bytes) { continue }
            updateCounters.bind(entries[old.place].key.rawValue, at: 1)
            updateCounters.bind(now.queued, at: 2)
            updateCounters.bind(now.dead, at: 3)
            updateCounters.bind(now.bytes, at: 4)
            try updateCounters.run()
        }
    }

    mutating func committed() {
        for old in before { counts[old.place].isTouched = false }
        before.removeAll(keepingCapacity: true)
        dropForgotten()
        committedCount = entries.count
    }

    mutating func rolledBack() {
        for old in before {
            counts[old.place] = old.counts
            entries[old.place] = old.entry
        }
        before.removeAll(keepingCapacity: true)
        for entry in entries[committedCount...] {
            places[entry.key] = nil
            keys[entry.function] = nil
        }
        entries.removeSubrange(committedCount...)
        counts.removeSubrange(committedCount...)
        for place in forgotten { keys[entries[place].function] = entries[place].key }
        forgotten.removeAll()
        idle.removeAll()
        latest = nil
    }
}

extension FunctionIdentity {
    /// From five columns in the order of `FunctionIdentity.init`.
    init(row: borrowing Statement, from column: Int32) {
        self.init(
            partition: row.text(column),
            account: row.text(column + 1),
            region: row.text(column + 2),
            name: row.text(column + 3),
            qualifier: row.text(column + 4)
        )
    }
}
