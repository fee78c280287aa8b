/// How to open a store.
package struct SQLiteStoreOptions: Hashable, Sendable {
    /// The database file; its folder must exist. `<path>.lock`, `-wal` and `-shm` stand beside it.
    package var path: String
    /// The kernel's boot id: tells a crash of the process from a crash of the machine.
    package var bootID: String
    /// SQLite's page cache, in KiB.
    package var cacheKiB: Int
    package var keys: KeyOptions

    package init(path: String, bootID: String, cacheKiB: Int = 16 * 1024, keys: KeyOptions = KeyOptions()) {
        self.path = path
        self.bootID = bootID
        self.cacheKiB = cacheKiB
        self.keys = keys
    }
}

/// Facts about a database and this opening of it.
package struct StoreIdentity: Hashable, Sendable {
    /// Part of every event id; drawn when the database was created.
    package var generation: UInt16
    /// 128 random bits in hex, drawn when the database was created.
    package var instanceID: String
    /// The last owner closed it in order.
    package var wasClean: Bool
    /// The last owner ran in this boot of the machine.
    package var sameBoot: Bool
    /// An error of the disk ended an earlier process of this boot, and no start has settled that with a commit yet.
    package var hadDiskError: Bool
    /// How often damage was met: 1 by the process before this one, 2 again by one whose start had found none.
    package var damageSeen: Int
    /// There was no database before.
    package var created: Bool
    /// This opening has brought it to a newer schema.
    package var upgrade: SchemaUpgrade?
}

/// A change of a database's schema.
package struct SchemaUpgrade: Hashable, Sendable {
    package var from: Int
    package var to: Int
    /// The path of the database as it was before; nil: there was no room for a copy.
    package var copy: String?

    package init(from: Int, to: Int, copy: String?) {
        self.from = from
        self.to = to
        self.copy = copy
    }
}
