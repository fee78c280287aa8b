import CSQLite
package import OutboxCore

/// The queue in one SQLite file. Synchronous; confined to the thread that opened it, the only one that writes the file
/// and the only one that checkpoints it.
package struct SQLiteStore: ~Copyable, EventStore {
    /// Facts about the database and this opening of it.
    package let identity: StoreIdentity

    /// A copy for a backup that is under way.
    var copying: DatabaseCopy?

    // Declared before the connection, and the connection before the lock: they are given up in this order.
    var functionTable: FunctionTable
    var producers: ProducerTable
    let routeTable: RouteTable
    let pauseTable: PauseTable
    let cutOffTable: CutOffTable
    let clockTable: ClockTable
    let meta: MetaTable
    let events: EventTable
    let deadLetters: DeadLetterTable
    let attempts: AttemptTable
    let history: HistoryTable
    var keys: IdempotencyKeys
    let oldKeys: OldKeyTable
    let living: LivingEvents
    let claims: ClaimReader
    let expiring: ExpiringReader
    let transaction: Transaction
    let connection: Connection
    private let lock: OwnerLock
    let path: String
    let bootID: String
    /// SHA-256.
    let hash: HashFunction
    /// Whether keys of an older version are left; and whether there were any at the open.
    var hasOldKeys: Bool
    let hadOldKeys: Bool
    /// A `begin` is on disk, so that an end in order can be noted; or in the transaction under way.
    var hasBegun = false
    var isBeginning = false
    /// The file that was opened.
    let file: DatabaseFile.Identity?

    /// Of the last commit that is on disk, and inside a commit of what it will be.
    var counters: Counters
    /// For the random bits of event ids.
    var random: SplitMix64
    /// How far the sweep for forgotten functions has read the history; nil: none is under way.
    var sweptThrough: Int64?
    #if PLANTED_BUGS
        /// Keys that are written with the next commit (`Planted.keyOutsideTransaction`).
        var lateKeys: [(Digest128, KeyHolder)] = []
    #endif
    /// The next commit settles an earlier process's error of the disk.
    var settlesDiskError = false
    /// Why the truth is unknown until the next open.
    var broken: String?
    /// What a commit that failed at its very end would have answered: so, if the next open finds it there. For tests.
    package internal(set) var unsettled: [StoreReply]?

    /// Opens the database at `options.path`, creates it where there is none, and brings it to the newest schema.
    ///
    /// Before the schema of an older one is changed, a copy of it is made (`StoreIdentity.upgrade`).
    ///
    /// - Parameter now: noted in a new database.
    /// - Parameter hash: SHA-256.
    /// - Parameter random: for what is drawn once: the instance id, generation and secret of a new database, and the seed
    ///   of the random bits in event ids.
    /// - Parameter announceCopy: called before the copy is made, which may take minutes.
    /// - Throws: `StoreError.locked` if another process owns it; `.refused`, with the file as it was, if it is not ours
    ///   or of a newer version; `.full` or `.failed` otherwise.
    package static func open(
        _ options: SQLiteStoreOptions,
        now: WallTime,
        hash: @escaping HashFunction,
        using random: inout some RandomNumberGenerator,
        announceCopy: () -> Void = {}
    ) throws(StoreError) -> SQLiteStore {
        let lock = try OwnerLock.take(lockPath(options.path))
        let known = lock.record.store
        let mark = lock.record.mark
        // What a backup left that came to no end.
        DatabaseFile.remove(copyPath(options.path))
        try Restoration.settle(options.path)
        let isNew = try DatabaseFile.look(options.path, known: known) == .absent
        var upgrade: SchemaUpgrade?
        var version = Migrator.newest
        if isNew {
            let instanceID = hex(random.next()) + hex(random.next())
            var generation: UInt16 = random.next()
            // Ids of the database before may be asked for.
            if generation == known?.generation { generation &+= 1 }
            let meta = MetaRow(
                instanceID: instanceID,
                generation: generation,
                bootID: options.bootID,
                clean: true,
                counters: Counters()
            )
            try DatabaseFile.create(options.path, meta: meta, now: now)
        } else {
            let sameBoot = known.map { !$0.bootID.isEmpty && $0.bootID == options.bootID } ?? false
            if let damage = try LogCheck.damage(options.path, sameBoot: sameBoot) { throw .damaged(damage) }
            version = try checkThroughLog(options.path, known)
            if version < Migrator.newest {
                announceCopy()
                let copy = try copyBeforeUpgrade(options, rewriteLog: mark != nil)
                upgrade = SchemaUpgrade(from: Int(version), to: Int(Migrator.newest), copy: copy)
            }
        }
        do throws(SQLiteError) {
            let connection = try writing(options, rewriteLog: mark != nil)
            let wasClean = try connection.integer("SELECT clean FROM meta") == 1
            // Until the newer version has ended in order, the copy stays.
            if upgrade != nil { try connection.execute("UPDATE meta SET clean = 0") }
            try Migrator.migrate(connection)
            let seed: UInt64 = random.next()
            let keyHash = try KeySecret.readOrDraw(connection, using: &random)
            let row = try MetaTable.read(connection)
            lock.remember(
                OwnerRecord.Store(
                    instanceID: row.instanceID,
                    generation: row.generation,
                    schema: Migrator.newest,
                    bootID: options.bootID
                )
            )
            // From here on a caller who is told that it is busy has something better to do than to wait.
            connection.waitForLocks(milliseconds: lockWait)
            let identity = StoreIdentity(
                generation: row.generation,
                instanceID: row.instanceID,
                wasClean: wasClean,
                sameBoot: row.bootID == options.bootID,
                hadDiskError: mark != nil,
                damageSeen: mark == .damage ? 1 : mark == .damageAgain ? 2 : 0,
                created: isNew,
                upgrade: upgrade
            )
            if row.clean, upgrade == nil, !isNew { UpgradeCopy.removeAll(of: options.path) }
            var store = try SQLiteStore(
                options,
                identity,
                row.counters,
                hash,
                keyHash,
                SplitMix64(seed: seed),
                connection,
                lock
            )
            store.settlesDiskError = mark == .diskError
            if let contradiction = try store.contradiction() {
                throw SQLiteError.damaged(contradiction, sql: "start")
            }
            return store
        } catch {
            // A sound file of this version gives no reason for an error of SQL; a step of the schema might.
            let isSchemaDamaged = version == Migrator.newest || version < known?.schema ?? 0
            if error.code == SQLITE_ERROR, isSchemaDamaged { throw .damaged(error.description) }
            throw noted(error, options.path)
        }
    }

    private init(
        _ options: SQLiteStoreOptions,
        _ identity: StoreIdentity,
        _ counters: Counters,
        _ hash: @escaping HashFunction,
        _ keyHash: KeyHash,
        _ random: SplitMix64,
        _ connection: consuming Connection,
        _ lock: consuming OwnerLock
    ) throws(SQLiteError) {
        let functionTable = try FunctionTable(connection)
        let producers = try ProducerTable(connection)
        let routeTable = try RouteTable(connection)
        let pauseTable = try PauseTable(connection)
        let cutOffTable = try CutOffTable(connection)
        let clockTable = try ClockTable(connection)
        let meta = try MetaTable(connection)
        let events = try EventTable(connection)
        let deadLetters = try DeadLetterTable(connection)
        let attempts = try AttemptTable(connection)
        let history = try HistoryTable(connection)
        let keys = try IdempotencyKeys(connection, keyHash, options.keys)
        let oldKeys = try OldKeyTable(connection)
        let hasOldKeys = try OldKeyTable.isAny(connection)
        let living = try LivingEvents(connection)
        let claims = try ClaimReader(connection)
        let expiring = try ExpiringReader(connection)
        let transaction = try Transaction(connection)
        path = options.path
        file = DatabaseFile.identity(options.path)
        self.identity = identity
        self.functionTable = functionTable
        self.producers = producers
        self.routeTable = routeTable
        self.pauseTable = pauseTable
        self.cutOffTable = cutOffTable
        self.clockTable = clockTable
        self.meta = meta
        self.events = events
        self.deadLetters = deadLetters
        self.attempts = attempts
        self.history = history
        self.counters = counters
        self.counters.keys = keys.count
        self.keys = keys
        self.oldKeys = oldKeys
        self.living = living
        self.hasOldKeys = hasOldKeys
        hadOldKeys = hasOldKeys
        self.hash = hash
        self.claims = claims
        self.expiring = expiring
        self.transaction = transaction
        self.connection = connection
        self.lock = lock
        bootID = options.bootID
        self.random = random
    }

    private static func writing(_ options: SQLiteStoreOptions, rewriteLog: Bool) throws(SQLiteError) -> Connection {
        let connection = try Connection.open(options.path, .readWrite)
        try Pragmas.setForWriting(connection, cacheKiB: options.cacheKiB)
        connection.countLogFrames()
        if rewriteLog { try connection.rewriteLog() }
        try BackupFile.refuse(connection)
        return connection
    }

    /// - Returns: the copy's path; nil: there was no room for it.
    private static func copyBeforeUpgrade(
        _ options: SQLiteStoreOptions,
        rewriteLog: Bool
    ) throws(StoreError) -> String? {
        do throws(SQLiteError) {
            guard try writing(options, rewriteLog: rewriteLog).checkpoint(.truncate) else {
                throw SQLiteError(
                    code: SQLITE_BUSY,
                    extended: SQLITE_BUSY,
                    message: "another program reads the database, which has to be copied before its upgrade",
                    sql: "checkpoint"
                )
            }
        } catch {
            if error.code == SQLITE_FULL { return nil }
            throw noted(error, options.path)
        }
        return try UpgradeCopy.make(of: options.path)
    }

    /// The header that was looked at may be older than the log: looks again, read-only, through both.
    ///
    /// - Returns: the schema's version.
    private static func checkThroughLog(
        _ path: String,
        _ known: OwnerRecord.Store?
    ) throws(StoreError) -> Int64 {
        let version: Int64
        do throws(SQLiteError) {
            do throws(SQLiteError) {
                version = try Connection.open(path, .readOnly).integer("PRAGMA user_version") ?? 0
            } catch {
                // A first start that ended in its midst left a journal: only a connection that writes gets over that.
                guard error.code == SQLITE_READONLY else { throw error }
                version = try Connection.open(path, .readWrite).integer("PRAGMA user_version") ?? 0
            }
        } catch {
            throw error.storeError
        }
        try DatabaseFile.checkVersion(version, path, known)
        return version
    }

    /// Where a backup is copied to first: beside the database, which is where a confined daemon may write.
    static func copyPath(_ path: String) -> String { path + ".copy" }

    static func lockPath(_ path: String) -> String { path + ".lock" }

    /// The port's word for an error, after leaving word of it for the next start where it is the disk's.
    private static func noted(_ error: SQLiteError, _ path: String) -> StoreError {
        if error.isOfDisk { OwnerLock.note(error.isOfDamage ? .damage : .diskError, lockPath(path)) }
        return error.storeError
    }

    /// Leaves word for the next start, where the error is the disk's.
    func note(_ error: SQLiteError) {
        guard error.isOfDisk else { return }
        let damage = identity.damageSeen > 0 ? OwnerRecord.Mark.damageAgain : .damage
        OwnerLock.note(error.isOfDamage ? damage : .diskError, Self.lockPath(path))
    }

    func noted(_ error: SQLiteError) -> StoreError {
        note(error)
        return error.storeError
    }

    /// A reader of the database at `path` met damage: the next start has to look into it.
    package static func noteDamage(_ path: String) {
        OwnerLock.note(.damage, lockPath(path))
    }

    /// Gives the database up. With `clean` the log is moved into the file and emptied, and the next open finds the mark
    /// of an orderly end, if this one has begun; without it, and always after a commit that failed, the files are left as
    /// they are.
    package consuming func close(clean: Bool) throws(StoreError) {
        guard clean, broken == nil else { return }
        do {
            if hasBegun { try MetaTable.markClean(connection) }
            try connection.checkpoint(.truncate)
            // Nothing more was met since the start that looked for it.
            if identity.damageSeen > 0 { OwnerLock.note(nil, Self.lockPath(path)) }
        } catch {
            throw noted(error)
        }
    }

    package var totals: StoreTotals { counters.totals }

    /// Pages of the file that were looked at so far, in memory or on disk: what work costs, counted.
    package var pageLookUps: Int { connection.pageLookUps }

    package mutating func functions() throws(StoreError) -> [FunctionRecord] {
        functionTable.records
    }

    package mutating func routes() throws(StoreError) -> [RouteRecord] {
        do { return try routeTable.records() } catch { throw noted(error) }
    }

    package mutating func pauses() throws(StoreError) -> [PauseRule] {
        do { return try pauseTable.rules() } catch { throw noted(error) }
    }

    package mutating func cutOffs() throws(StoreError) -> [CutOff] {
        do { return try cutOffTable.cutOffs() } catch { throw noted(error) }
    }

    package mutating func clockRecord() throws(StoreError) -> ClockRecord? {
        do { return try clockTable.record() } catch { throw noted(error) }
    }

    package mutating func queued(_ id: EventID) throws(StoreError) -> QueuedEvent? {
        do {
            guard let (sequence, _) = try events.find(id) else { return nil }
            return try claims.event(sequence, functionTable)
        } catch {
            throw noted(error)
        }
    }

    package mutating func nextDue() throws(StoreError) -> WallTime? {
        try nextDue(after: WallTime(milliseconds: .min))
    }

    package mutating func claim(_ request: ClaimRequest) throws(StoreError) -> ClaimPage {
        do {
            return try claims.page(request, functionTable, lastSequence: counters.totals.lastSequence)
        } catch {
            throw noted(error)
        }
    }

    package mutating func checkpoint() throws(StoreError) {
        if Planted.answersBeforeCommit { return }
        do { try connection.checkpoint(long: Self.longLogFrames, lockWait: Self.lockWait) } catch { throw noted(error) }
    }
}

private func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
