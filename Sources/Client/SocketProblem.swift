import FoundationEssentials
import Glibc

/// A daemon's Unix socket, from the client's side.
package struct SocketAddress: Hashable, Sendable {
    package enum Role: String, Sendable { case door, admin }

    package var role: Role
    package var path: String

    package init(_ role: Role, path: String) {
        self.role = role
        self.path = path
    }
}

/// Why a socket couldn't be connected to, with words for people.
package struct SocketProblem: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case missing
        case nobodyListens
        /// Owner, group and mode of the socket, where they can be seen.
        case notPermitted(access: String?)
        case other(String)
    }

    package var socket: SocketAddress
    package var kind: Kind

    package init(socket: SocketAddress, kind: Kind) {
        self.socket = socket
        self.kind = kind
    }

    /// - Parameter number: what `connect` set `errno` to.
    init(socket: SocketAddress, errno number: Int32, otherwise words: String) {
        self.socket = socket
        switch number {
        case ENOENT: kind = .missing
        case ECONNREFUSED: kind = .nobodyListens
        case EACCES, EPERM: kind = .notPermitted(access: Self.access(to: socket.path))
        case 0: kind = .other(words)
        default: kind = .other(String(cString: strerror(number)))
        }
    }

    package var description: String {
        let name = "\(socket.role.rawValue) socket \(socket.path)"
        let option = "--\(socket.role.rawValue)"
        let start =
            "start the daemon (systemctl start lambda-outbox, or lambda-outbox serve), or name another socket "
            + "with \(option), --directory or \(Self.variable(of: socket.role))"
        switch kind {
        case .missing: return "\(name) doesn't exist: \(start)"
        case .nobodyListens: return "nobody listens at \(name): \(start)"
        case .notPermitted(let access):
            let whose = access.map { ", which is for \($0)" } ?? "; its folder is closed to this user"
            return "not permitted to connect to \(name)\(whose): \(remedy)"
        case .other(let reason): return "can't connect to \(name): \(reason)"
        }
    }

    /// The group that may send may not operate.
    private var remedy: String {
        switch socket.role {
        case .door: "become a member of that group, or use sudo"
        case .admin: "only root and the daemon's user operate it; use sudo"
        }
    }

    /// The environment variable that names the socket.
    package static func variable(of role: SocketAddress.Role) -> String {
        switch role {
        case .door: "LAMBDA_OUTBOX_DOOR"
        case .admin: "LAMBDA_OUTBOX_ADMIN"
        }
    }

    private static func access(to path: String) -> String? {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        let owner = facts[.ownerAccountName] as? String ?? "another user"
        let group = facts[.groupOwnerAccountName] as? String ?? "another group"
        // As text first: which number type it comes in differs between builds of Foundation.
        let mode = facts[.posixPermissions].flatMap { UInt32("\($0)") }
        let octal = mode.map { String($0, radix: 8) } ?? "?"
        return "user \(owner) and group \(group) (mode \(octal))"
    }
}
