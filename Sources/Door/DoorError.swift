#if canImport(Glibc)
    import Glibc
#endif

/// Why the door can't open. The texts say what to do.
package enum DoorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process listens there; its id, where the kernel tells.
    case alreadyServed(path: String, pid: Int32?)
    /// Something that is no socket stands at the path; it is left alone.
    case inTheWay(path: String)
    case folderMissing(path: String)
    case pathTooLong(path: String)
    case unknownGroup(String)
    case notLoopback(String)
    case notListening(descriptor: Int32)
    case nowhereToListen
    /// The kernel doesn't say whose connection it is.
    case unknownPeer
    case system(call: String, subject: String, errno: Int32)

    package var description: String {
        switch self {
        case .alreadyServed(let path, let pid):
            "a daemon is already serving \(path)\(pid.map { " (process \($0))" } ?? ""); stop it, or choose another path"
        case .inTheWay(let path):
            "\(path) exists and is no socket; remove it, or choose another path"
        case .folderMissing(let path):
            "the folder of \(path) does not exist; make it, or choose another path"
        case .pathTooLong(let path):
            "\(path) is too long for a Unix socket (107 bytes); choose a shorter path"
        case .unknownGroup(let group):
            "there is no group \(group); make it, or leave listen.unix.group out"
        case .notLoopback(let host):
            "\(host) is no loopback address; listen.tcp takes addresses in 127.0.0.0/8 and ::1 only"
        case .notListening(let descriptor):
            "the descriptor \(descriptor) handed in by the service manager is no listening Unix socket"
        case .nowhereToListen:
            "the door has nowhere to listen; give listen.unix or listen.tcp"
        case .unknownPeer:
            "a connection was closed: the kernel doesn't say whose it is"
        case .system(let call, let subject, let number):
            "\(call) of \(subject) failed: \(String(cString: strerror(number)))"
        }
    }
}
