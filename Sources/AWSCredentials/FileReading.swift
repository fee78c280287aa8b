#if canImport(Glibc)
    import Glibc
#endif

/// What tells one state of a file from another without reading it.
package struct FileIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: [Int]
    var changed: [Int]
    /// Group or others may read it.
    var isShared: Bool

    fileprivate init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
        isShared = status.st_mode & (S_IRGRP | S_IROTH) != 0
    }

    /// nil: there is no such file, or it can't be reached.
    static func of(_ path: String) -> FileIdentity? {
        var status = stat()
        return stat(path, &status) == 0 ? FileIdentity(status) : nil
    }
}

/// A file as it was found.
package enum FileContent: Hashable, Sendable {
    case missing
    case text(String, FileIdentity)
    /// Our own words: why it can't be read.
    case unreadable(String)

    var identity: FileIdentity? {
        if case .text(_, let identity) = self { identity } else { nil }
    }

    var text: String? {
        if case .text(let text, _) = self { text } else { nil }
    }
}

/// Larger files are refused: they are read into memory whole.
let sharedFileBytesMax = 1 << 20

/// Reads a regular file of at most `sharedFileBytesMax` bytes. Never blocks on a pipe or a device.
package func readFile(_ path: String) -> FileContent {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        return errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(systemErrorText(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .unreadable(systemErrorText(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .unreadable("not a regular file") }

    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { return .unreadable(systemErrorText(errno)) }
        if count == 0 { break }
        bytes += chunk[..<count]
        guard bytes.count <= sharedFileBytesMax else { return .unreadable("larger than 1 MiB") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { return .unreadable("not UTF-8") }
    return .text(text, FileIdentity(status))
}

private func systemErrorText(_ code: Int32) -> String {
    String(cString: strerror(code))
}
