#if canImport(Glibc)
    import Glibc
#endif

/// The listening Unix socket that the daemon makes itself. All calls block for a moment at most.
struct UnixSocket {
    let descriptor: Int32
    let path: String
    private let device: UInt64
    private let inode: UInt64

    /// Binds and listens. A socket file that nobody serves is replaced; one that is served, or anything else at the
    /// path, is an error and left alone.
    static func listen(_ listener: DoorConfiguration.UnixListener) throws(DoorError) -> UnixSocket {
        let path = listener.path
        var address = try address(path)
        let group = try listener.group.map { name throws(DoorError) in try groupID(name) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", subject: path, errno: errno) }
        do throws(DoorError) {
            // The file gets the socket's own mode: nobody can connect before owner and mode are as they should be.
            guard fchmod(descriptor, 0o600) == 0 else { throw .system(call: "fchmod", subject: path, errno: errno) }
            if try !bound(descriptor, &address, path: path) {
                try removeStale(path, &address)
                guard try bound(descriptor, &address, path: path) else {
                    throw DoorError.alreadyServed(path: path, pid: nil)
                }
            }
            if let group {
                guard chown(path, uid_t.max, group) == 0 else {
                    throw .system(call: "chown", subject: path, errno: errno)
                }
            }
            guard Glibc.listen(descriptor, 4096) == 0 else {
                throw .system(call: "listen", subject: path, errno: errno)
            }
            guard chmod(path, listener.mode) == 0 else { throw .system(call: "chmod", subject: path, errno: errno) }
            var status = stat()
            guard lstat(path, &status) == 0 else { throw .system(call: "stat", subject: path, errno: errno) }
            return UnixSocket(
                descriptor: descriptor,
                path: path,
                device: UInt64(status.st_dev),
                inode: UInt64(status.st_ino)
            )
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the file, unless another process has put its own there meanwhile.
    func removeFile() {
        var status = stat()
        if lstat(path, &status) == 0, UInt64(status.st_dev) == device, UInt64(status.st_ino) == inode { unlink(path) }
    }

    private static func address(_ path: String) throws(DoorError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw .pathTooLong(path: path)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func groupID(_ name: String) throws(DoorError) -> gid_t {
        if let number = gid_t(name) { return number }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw .unknownGroup(name)
        }
        return entry.gr_gid
    }

    /// False where the path is taken.
    private static func bound(_ descriptor: Int32, _ address: inout sockaddr_un, path: String) throws(DoorError) -> Bool
    {
        if call(Glibc.bind, descriptor, &address) == 0 { return true }
        switch errno {
        case EADDRINUSE: return false
        case ENOENT, ENOTDIR: throw .folderMissing(path: path)
        default: throw .system(call: "bind", subject: path, errno: errno)
        }
    }

    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(DoorError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(call: "stat", subject: path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .inTheWay(path: path) }
        let types = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let probe = socket(AF_UNIX, types, 0)
        guard probe >= 0 else { throw .system(call: "socket", subject: path, errno: errno) }
        defer { close(probe) }
        if call(Glibc.connect, probe, &address) == 0 {
            throw .alreadyServed(path: path, pid: PeerCredentials.of(descriptor: probe)?.pid)
        }
        // A full backlog (EAGAIN) and a lack of rights mean that somebody may be there.
        guard errno == ECONNREFUSED || errno == ENOENT else { throw .alreadyServed(path: path, pid: nil) }
        guard unlink(path) == 0 || errno == ENOENT else { throw .system(call: "unlink", subject: path, errno: errno) }
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32,
        _ descriptor: Int32,
        _ address: inout sockaddr_un
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Who is at the other end of a Unix socket, by the kernel's word: Linux's `struct ucred`.
struct PeerCredentials: Sendable {
    var pid: Int32
    var uid: UInt32
    var gid: UInt32

    static func of(descriptor: Int32) -> PeerCredentials? {
        var credentials = PeerCredentials(pid: 0, uid: 0, gid: 0)
        var length = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials
    }
}
