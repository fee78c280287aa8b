import CFaultVFS

/// Calls of the kernel's that the program makes itself, on the calling thread: of them one can fail. SQLite's go by
/// `FaultDisk`.
package enum FaultCalls {
    package struct Kinds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let open = Kinds(rawValue: UInt32(FAULT_CALL_OPEN))
        package static let read = Kinds(rawValue: UInt32(FAULT_CALL_READ))
        /// Truncation included.
        package static let write = Kinds(rawValue: UInt32(FAULT_CALL_WRITE))
        package static let sync = Kinds(rawValue: UInt32(FAULT_CALL_SYNC))
        /// New, other and removed names.
        package static let name = Kinds(rawValue: UInt32(FAULT_CALL_NAME))
        /// Sizes, facts and free space.
        package static let look = Kinds(rawValue: UInt32(FAULT_CALL_LOOK))
        package static let lock = Kinds(rawValue: UInt32(FAULT_CALL_LOCK))
        /// Space and memory for a mapping.
        package static let map = Kinds(rawValue: UInt32(FAULT_CALL_MAP))
        package static let all: Kinds = [.open, .read, .write, .sync, .name, .look, .lock, .map]
    }

    /// The `at`-th of these calls from now on fails with `error`, and with `stays` all behind it.
    package static func arm(_ kinds: Kinds = .all, at: Int, errno error: Int32, stays: Bool = false) {
        fault_calls_arm(kinds.rawValue, UInt64(at), error, stays)
    }

    /// Nothing fails any more. Returns whether something had.
    @discardableResult
    package static func disarm() -> Bool { fault_calls_disarm() }

    /// Such calls since the latest arming.
    package static var count: Int { Int(fault_calls_count()) }
}
