import OutboxCore

/// The functions that the store knows, mirrored in memory with their counters.
///
/// The mirror changes at once and the rows follow in `save`, one update per touched function and commit. What it was
/// before the transaction is kept until `committed` or `rolledBack` says which is true.
struct FunctionTable: ~Copyable {
    private struct Entry {
        var function: FunctionIdentity
        var queued: Int
        var dead: Int
        var bytes: Int
        var state: SavedState?
        var isTouched = false
    }

    private var entries: [FunctionKey: Entry] = [:]
    private var keys: [FunctionIdentity: FunctionKey] = [:]
    /// Events in a row are often for one function; comparing is cheaper than hashing.
    private var latest: (function: FunctionIdentity, key: FunctionKey)?
    /// Touched in this transaction, with what they were before; nil: not there.
    private var before: [(key: FunctionKey, entry: Entry?)] = []
    private let insert: Statement
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
        let rows = try Self.load(connection)
        self.insert = insert
        self.updateCounters = updateCounters
        self.updateState = updateState
        for (key, entry) in rows {
            entries[key] = entry
            keys[entry.function] = key
        }
    }

    private static func load(_ connection: borrowing Connection) throws(SQLiteError) -> [(FunctionKey, Entry)] {
        var rows: [(FunctionKey, Entry)] = []
        let select = try connection.prepare(
            """
            SELECT id, partition, account, region, name, qualifier, queued, dead, bytes,
                state_reason, state_since, state_failed_probes
            FROM functions
            """
        )
        while try select.step() {
            let key = FunctionKey(select.int64(0))
            let function = FunctionIdentity(row: select, from: 1)
            let state = select.optionalText(9).map {
                SavedState(reason: $0, since: WallTime(milliseconds: select.int64(10)), failedProbes: select.int(11))
            }
            let entry = Entry(
                function: function,
                queued: select.int(6),
                dead: select.int(7),
                bytes: select.int(8),
                state: state
            )
            rows.append((key, entry))
        }
        return rows
    }

    // MARK: Reading the mirror

    func function(_ key: FunctionKey) -> FunctionIdentity? {
        entries[key]?.function
    }

    /// What a function holds; zero if it is unknown.
    func usage(of function: FunctionIdentity) -> FunctionUsage {
        guard let key = keys[function], let entry = entries[key] else { return FunctionUsage() }
        return FunctionUsage(events: entry.queued + entry.dead, bytes: entry.bytes)
    }

    /// Those with events or a state, by key.
    var records: [FunctionRecord] {
        entries.compactMap { key, entry in
            guard entry.queued > 0 || entry.dead > 0 || entry.state != nil else { return nil }
            return FunctionRecord(
                key: key,
                function: entry.function,
                queued: entry.queued,
                dead: entry.dead,
                bytes: entry.bytes,
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
            before.append((key, nil))
            entries[key] = Entry(function: function, queued: 0, dead: 0, bytes: 0, state: nil, isTouched: true)
            keys[function] = key
        }
        latest = (function, key)
        return key
    }

    /// Adds to a function's counters.
    mutating func count(_ key: FunctionKey, queued: Int = 0, dead: Int = 0, bytes: Int = 0) {
        touch(key)
        entries[key]?.queued += queued
        entries[key]?.dead += dead
        entries[key]?.bytes += bytes
    }

    /// - Returns: false if there is no such function.
    mutating func setState(_ key: FunctionKey, _ state: SavedState?) throws(SQLiteError) -> Bool {
        guard entries[key] != nil else { return false }
        touch(key)
        entries[key]?.state = state
        updateState.bind(key.rawValue, at: 1)
        updateState.bind(state?.reason, at: 2)
        updateState.bind(state?.since.milliseconds, at: 3)
        updateState.bind((state?.failedProbes).map { Int64($0) }, at: 4)
        try updateState.run()
        return true
    }

    private mutating func touch(_ key: FunctionKey) {
        guard let entry = entries[key], !entry.isTouched else { return }
        before.append((key, entry))
        entries[key]?.isTouched = true
    }

    // MARK: The end of a transaction

    /// Writes the counters of every touched function; the last thing before COMMIT.
    func save() throws(SQLiteError) {
        for (key, old) in before {
            guard let entry = entries[key] else { continue }
            if let old, (old.queued, old.dead, old.bytes) == (entry.queued, entry.dead, entry.bytes) { continue }
            updateCounters.bind(key.rawValue, at: 1)
            updateCounters.bind(entry.queued, at: 2)
            updateCounters.bind(entry.dead, at: 3)
            updateCounters.bind(entry.bytes, at: 4)
            try updateCounters.run()
        }
    }

    mutating func committed() {
        for (key, _) in before { entries[key]?.isTouched = false }
        before.removeAll(keepingCapacity: true)
    }

    mutating func rolledBack() {
        for (key, old) in before.reversed() {
            if old == nil, let added = entries[key] { keys[added.function] = nil }
            entries[key] = old
        }
        before.removeAll(keepingCapacity: true)
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
