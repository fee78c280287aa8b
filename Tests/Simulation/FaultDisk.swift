import CFaultVFS
import CSQLite
package import OutboxCore

/// The disk under a folder, as SQLite sees it: fails when it is told to, and can lose its power (see CFaultVFS.h).
///
/// One thread at a time. Files of the folder that anything else than SQLite writes are not watched.
package final class FaultDisk {
    /// Calls of SQLite's to the disk.
    package struct Calls: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        private init(_ call: fault_call) { self.init(rawValue: 1 << UInt32(call.rawValue)) }

        package static let open = Calls(FAULT_OPEN)
        package static let read = Calls(FAULT_READ)
        package static let write = Calls(FAULT_WRITE)
        package static let truncate = Calls(FAULT_TRUNCATE)
        package static let sync = Calls(FAULT_SYNC)
        package static let size = Calls(FAULT_FILE_SIZE)
        package static let lock = Calls(FAULT_LOCK)
        package static let index: Calls = [Calls(FAULT_SHM_MAP), Calls(FAULT_SHM_LOCK)]
        package static let names: Calls = [Calls(FAULT_DELETE), Calls(FAULT_ACCESS), Calls(FAULT_FULL_PATH)]
        package static let all = Calls(rawValue: (1 << UInt32(FAULT_CALLS.rawValue)) - 1)
    }

    /// What goes wrong.
    package enum Fault: Hashable, Sendable {
        /// The call fails as such calls fail when the medium is bad.
        case failure
        /// The call fails with an SQLite result code.
        case code(Int32)
        /// A write does half of it, then the disk is full; a read finds nothing where something was.
        case short
        /// A read gives other bytes than were written, which SQLite can see.
        case garbled
        /// The process ends at the call, as by kill -9.
        case kill
        /// The power goes off at the call.
        case powerCut

        package static let full = Fault.code(SQLITE_FULL)
        package static let readOnly = Fault.code(SQLITE_READONLY)
        package static let cantOpen = Fault.code(SQLITE_CANTOPEN)
        /// As SQLite's own VFS says it; SQLITE_NOMEM to SQLite's callers.
        package static let noMemory = Fault.code(SQLITE_IOERR | 12 << 8)
        package static let corrupt = Fault.code(SQLITE_CORRUPT)
    }

    private let disk: OpaquePointer

    /// - Parameter folder: absolute, without links.
    package init(_ folder: String, seed: UInt64) {
        precondition(fault_vfs_register() == SQLITE_OK, "SQLite has no VFS to build on")
        guard let disk = fault_disk_mount(folder, seed) else { preconditionFailure("no memory") }
        self.disk = disk
    }

    deinit {
        fault_disk_unmount(disk)
    }

    /// The `at`-th of these calls from now on, and with `stays` all behind it.
    package func arm(_ fault: Fault, _ calls: Calls, at: Int, stays: Bool = false) {
        var plan = fault_plan()
        plan.action = FAULT_FAIL
        plan.code = SQLITE_IOERR
        switch fault {
        case .failure: break
        case .code(let code): plan.code = code
        case .short: plan.action = FAULT_SHORT
        case .garbled: plan.action = FAULT_GARBLE
        case .kill: plan.action = FAULT_KILL
        case .powerCut: plan.action = FAULT_POWER
        }
        plan.calls = calls.rawValue
        plan.at = UInt64(at)
        plan.stays = stays
        fault_disk_arm(disk, plan)
    }

    /// Each of these calls takes so long, in microseconds.
    package func slow(_ calls: Calls, by microseconds: UInt32) {
        var plan = fault_plan()
        plan.action = FAULT_DELAY
        plan.calls = calls.rawValue
        plan.at = 1
        plan.stays = true
        plan.delay = microseconds
        fault_disk_arm(disk, plan)
    }

    package func disarm() {
        fault_disk_arm(disk, fault_plan())
    }

    /// Looks at the disk without faults, and without counting.
    package func held<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        hold(true)
        defer { hold(false) }
        return try body()
    }

    /// While it is held, nothing goes wrong and nothing counts.
    func hold(_ held: Bool) {
        fault_disk_hold(disk, held)
        fault_memory_hold(held)
    }

    /// How many such calls there were.
    package func count(_ calls: Calls) -> Int { Int(fault_disk_calls(disk, calls.rawValue)) }

    /// How many calls a fault has struck.
    package var struck: Int { Int(fault_disk_struck(disk)) }

    /// The process or the power has ended: nothing is done any more until `restart` or `cutPower`.
    package var hasEnded: Bool { fault_disk_end(disk) != FAULT_NOTHING }

    package var hasLostPower: Bool { fault_disk_end(disk) == FAULT_POWER }

    package var openFiles: Int { Int(fault_disk_open_files(disk)) }

    /// Commits no longer sync the log: what `synchronous=NORMAL` would be. So that a test can show that it sees that.
    package func skipCommitSyncs() {
        fault_disk_skip_commit_syncs(disk, true)
    }

    /// The next process finds the files as the kernel has them.
    package func restart() {
        precondition(openFiles == 0, "files are open")
        fault_disk_restart(disk)
    }

    /// The next process finds what was synced, and by chance more.
    package func cutPower() {
        precondition(openFiles == 0, "files are open")
        guard fault_disk_cut_power(disk) else { preconditionFailure("the files can't be written") }
    }
}

/// SQLite's memory, on the calling thread.
package enum FaultMemory {
    /// The `at`-th allocation from now on fails, and with `stays` all behind it.
    package static func arm(at: Int, stays: Bool = false) {
        fault_memory_arm(UInt64(at), stays)
    }

    /// Nothing fails any more. Returns whether something had.
    @discardableResult
    package static func disarm() -> Bool { fault_memory_disarm() }

    /// Whether one has failed since the latest arming.
    package static var hasStruck: Bool { fault_memory_struck() }

    /// Bytes that are held by what was opened on this thread.
    package static var heldBytes: Int { Int(fault_memory_held()) }

    /// Allocations since the latest arming.
    package static var calls: Int { Int(fault_memory_calls()) }
}
