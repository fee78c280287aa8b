/// Why a receiver can't start.
package enum ReceiverError: Error, Hashable, CustomStringConvertible {
    /// The address is none of this machine's loopback.
    case notLoopback(String)
    /// The address or port can't be listened on.
    case cannotListen(address: String, reason: String)
    case recordFile(path: String, reason: String)

    package var description: String {
        switch self {
        case .notLoopback(let host):
            "the receiver listens on loopback only (127.0.0.1, ::1), not on \(host)"
        case .cannotListen(let address, let reason):
            "can't listen on \(address): \(reason)"
        case .recordFile(let path, let reason):
            "can't write the record file \(path): \(reason)"
        }
    }
}
