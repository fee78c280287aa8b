package import OutboxCore
package import SQLiteStore
package import TestSupport

/// Where a run keeps its queue: opened again after each crash, and looked into by the oracle.
package struct Backing<Store: EventStore & EventStoreUpkeep & ~Copyable> {
    let view: any StoreView
    /// The first number counts the machine's boots.
    let open: (Int, WallTime) throws(StoreError) -> Store
    /// Gives it up in order; false: that failed.
    let close: (consuming Store) -> Bool
}

/// What a queue holds, whoever writes it.
protocol StoreView: AnyObject {
    /// Of the latest opening: the process before stopped in order; it ran in the same boot.
    var wasClean: Bool { get }
    var isSameBoot: Bool { get }

    func queued(after: Int64?, limit: Int) throws(StoreError) -> QueuedPage
    func deadLetters(after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail]
    func payload(_ id: EventID) throws(StoreError) -> [UInt8]?

    /// It is part of this run, from the beginning.
    func join(_ record: Record)
    /// The power went off under the process, at a call of the store's.
    var hasLostPower: Bool { get }
    /// The process is gone, with `sameBoot` false the power too: makes the files what the next process finds.
    ///
    /// - Returns: the commit that had failed, if it is there all the same.
    func settle(sameBoot: Bool) -> SettledCommit?
    /// From now on nothing goes wrong.
    func calm()
}

/// A commit that had failed with its truth unknown, and is there.
struct SettledCommit {
    var commands: [StoreCommand]
    var replies: [StoreReply]
    var now: WallTime
}

extension StoreView {
    func join(_ record: Record) {}
    var hasLostPower: Bool { false }
    func settle(sameBoot: Bool) -> SettledCommit? { nil }
    func calm() {}
}

/// The stores that a run can be over.
package enum Backings {
    /// Over dictionaries.
    package static func model() -> Backing<ModelStore> {
        let view = ModelView()
        return Backing(
            view: view,
            open: { boot, _ in view.open(boot: boot) },
            close: { store in
                store.close()
                return true
            }
        )
    }

    /// Over a real database in a folder of its own.
    package static func sqlite(seed: UInt64) throws -> Backing<SQLiteStore> {
        let view = try SQLiteView(seed: seed)
        return Backing(
            view: view,
            open: { boot, now throws(StoreError) in try view.open(boot: boot, now: now) },
            // What can't be closed in order is opened as after a crash.
            close: { store in (try? store.close(clean: true)) != nil }
        )
    }
}

private final class ModelView: StoreView {
    private var store = ModelStore()
    private(set) var wasClean = true
    private(set) var isSameBoot = true

    func open(boot: Int) -> ModelStore {
        (wasClean, isSameBoot) = store.opened(boot: boot)
        return store
    }

    func queued(after: Int64?, limit: Int) throws(StoreError) -> QueuedPage {
        try store.queued(EventFilter(), after: after, limit: limit)
    }

    func deadLetters(after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail] {
        try store.deadLetters(EventFilter(), after: after, limit: limit)
    }

    func payload(_ id: EventID) throws(StoreError) -> [UInt8]? { try store.payload(id) }
}

private final class SQLiteView: StoreView {
    private let folder: TemporaryDirectory
    private var random: Seeded
    private(set) var wasClean = true
    private(set) var isSameBoot = true
    /// Opened once for each process.
    private var reader: SQLiteReader?

    init(seed: UInt64) throws {
        folder = try TemporaryDirectory(inMemory: true)
        random = Seeded(state: seed)
    }

    private var path: String { folder.file("queue.db") }

    func open(boot: Int, now: WallTime) throws(StoreError) -> SQLiteStore {
        reader = nil
        let options = SQLiteStoreOptions(path: path, bootID: "boot-\(boot)", cacheKiB: 512)
        let store = try SQLiteStore.open(options, now: now, hash: testHash, using: &random)
        wasClean = store.identity.wasClean
        isSameBoot = store.identity.sameBoot
        return store
    }

    private func open() throws(StoreError) {
        if reader == nil { reader = try SQLiteReader.open(path) }
    }

    func queued(after: Int64?, limit: Int) throws(StoreError) -> QueuedPage {
        try open()
        // As the daemon does between questions: a sound queue gives it nothing to say.
        _ = try reader!.walkOn(rows: 20)
        return try reader!.queued(EventFilter(), after: after, limit: limit)
    }

    func deadLetters(after: DeadPlace?, limit: Int) throws(StoreError) -> [EventDetail] {
        try open()
        return try reader!.deadLetters(EventFilter(), after: after, limit: limit)
    }

    func payload(_ id: EventID) throws(StoreError) -> [UInt8]? {
        try open()
        return try reader!.payload(id)
    }
}
