import CSQLite
import Glibc
import OutboxCore

/// The right to be the one process that has a database open for writing: an exclusive lock on a file beside it, held for
/// life. A file of its own, because closing any descriptor of the database would drop SQLite's own locks on it.
struct OwnerLock: ~Copyable {
    private let descriptor: Int32
    /// An earlier owner had an error of the disk that no later one has settled. Of the same boot: nobody syncs the mark,
    /// because after a power cut the kernel's memory says nothing that the disk doesn't.
    let hadDiskError: Bool

    private init(descriptor: Int32, hadDiskError: Bool) {
        self.descriptor = descriptor
        self.hadDiskError = hadDiskError
    }

    deinit {
        close(descriptor)
    }

    /// - Throws: `StoreError.locked`, naming the owner's process id, if another process (or another store of this one)
    ///   has it.
    static func take(_ path: String) throws(StoreError) -> OwnerLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed("can't open the lock file \(path): \(systemMessage(errno))") }
        guard outbox_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            defer { close(descriptor) }
            guard reason == EWOULDBLOCK else { throw .failed("can't lock \(path): \(systemMessage(reason))") }
            throw .locked("process \(owner(descriptor)) has the database open (lock file \(path))")
        }
        let lock = OwnerLock(descriptor: descriptor, hadDiskError: hasDiskError(descriptor))
        var line = Array("\(getpid())\n".utf8)
        line += repeatElement(UInt8(ascii: " "), count: errorPlace - line.count)
        if lock.hadDiskError { line += errorMark }
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, line, line.count, 0) == line.count else {
            throw .failed("can't write the lock file \(path): \(systemMessage(errno))")
        }
        return lock
    }

    private static let errorPlace = 24
    private static let errorMark = Array("disk error\n".utf8)

    private static func hasDiskError(_ descriptor: Int32) -> Bool {
        var found = [UInt8](repeating: 0, count: errorMark.count)
        return pread(descriptor, &found, found.count, off_t(errorPlace)) == found.count && found == errorMark
    }

    /// Leaves word for the next owner, or takes it back. What can't be written can't be helped.
    static func note(diskError: Bool, _ path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if diskError {
            pwrite(descriptor, errorMark, errorMark.count, off_t(errorPlace))
        } else {
            ftruncate(descriptor, off_t(errorPlace))
        }
    }

    private static func owner(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 20)
        let length = pread(descriptor, &buffer, buffer.count, 0)
        let digits = buffer.prefix(max(0, length)).prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
    }
}

/// What the system says about an errno.
func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
}
