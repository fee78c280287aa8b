import FoundationEssentials
import Glibc

/// The place of a listening Unix socket in the file system.
///
/// The socket is bound in a private directory beside its place, gets its mode there, and is then renamed: under its own
/// name it is never seen with another mode, a stale one is replaced in one step, and the process's umask isn't touched.
package struct AdminSocketPath: Hashable, Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Makes the private directory.
    ///
    /// - Throws: `AdminSocketError` if a live daemon serves the path, something else is there, or the place isn't usable.
    /// - Returns: where to bind.
    func prepare() throws(AdminSocketError) -> String {
        guard path.hasPrefix("/") || !path.isEmpty, path.utf8.count <= Self.bytesMax else {
            throw .unusable(path, "a socket path has 1 to \(Self.bytesMax) bytes")
        }
        guard directory.utf8.count + Self.boundNameBytes <= Self.bytesMax else {
            throw .unusable(
                path,
                "its folder's path is too long: at most \(Self.bytesMax - Self.boundNameBytes) bytes, because the socket is "
                    + "made in a folder of its own beside its place"
            )
        }
        try refuseUnlessFree()
        var template = Array("\(directory)/.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .unusable(path, "can't write in \(directory): \(Self.words(errno))")
        }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) + "/s"
    }

    /// Gives the bound socket its mode and its name, and takes the private directory away.
    func publish(_ bound: String, mode: UInt32) throws(AdminSocketError) {
        guard chmod(bound, mode_t(mode)) == 0 else { throw .unusable(path, "can't set its mode: \(Self.words(errno))") }
        guard rename(bound, path) == 0 else { throw .unusable(path, "can't put it there: \(Self.words(errno))") }
        discard(bound)
    }

    /// Takes away what `prepare` made; nothing if it is gone.
    func discard(_ bound: String) {
        unlink(bound)
        rmdir(String(bound.dropLast(2)))
    }

    /// Which file is at the path now.
    func identity() -> FileIdentity? {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
            let device = facts[.systemNumber], let inode = facts[.systemFileNumber]
        else { return nil }
        return FileIdentity(text: "\(device) \(inode)")
    }

    /// Removes the socket, unless a successor has put its own there.
    func remove(ifStill identity: FileIdentity?) {
        if let identity, self.identity() == identity { unlink(path) }
    }

    /// Device and inode number, as text: which number type they come in differs between builds of Foundation.
    struct FileIdentity: Hashable, Sendable {
        var text: String
    }

    /// Of `sun_path`, its closing zero left out.
    private static let bytesMax = 107
    /// Of `/.XXXXXX/s`: where it is bound before it gets its name.
    private static let boundNameBytes = 10

    private var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func refuseUnlessFree() throws(AdminSocketError) {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return }
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        guard facts?[.type] as? FileAttributeType == .typeSocket else {
            throw .unusable(path, "there is something that is no socket")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw .unusable(path, Self.words(errno)) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { throw .served(path, pid: Self.peer(of: descriptor)) }
        if errno == EAGAIN || errno == EINPROGRESS { throw .served(path, pid: nil) }
        if errno != ECONNREFUSED && errno != ENOENT { throw .unusable(path, Self.words(errno)) }
    }

    /// The process that listens, by the kernel's word: Linux's `struct ucred` begins with it.
    private static func peer(of descriptor: Int32) -> Int32? {
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials.pid
    }

    private static func words(_ number: Int32) -> String { String(cString: strerror(number)) }
}

/// Why the admin socket can't be opened.
package enum AdminSocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another daemon answers there.
    case served(String, pid: Int32?)
    case unusable(String, String)

    package var description: String {
        switch self {
        case .served(let path, let pid):
            "admin socket \(path): a running daemon serves it\(pid.map { " (process \($0))" } ?? ""); stop that one or use "
                + "another path"
        case .unusable(let path, let reason): "admin socket \(path): \(reason)"
        }
    }
}
