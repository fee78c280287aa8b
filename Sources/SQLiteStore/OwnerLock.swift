import CSQLite
import Glibc
import OutboxCore

/// The right to be the one process that has a database open for writing: an exclusive lock on a file beside it, held for
/// life. A file of its own, because closing any descriptor of the database would drop SQLite's own locks on it.
struct OwnerLock: ~Copyable {
    private let descriptor: Int32
    /// As an earlier owner left it.
    let record: OwnerRecord

    private init(descriptor: Int32, record: OwnerRecord) {
        self.descriptor = descriptor
        self.record = record
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
        let record = OwnerRecord(content(descriptor))
        let lock = OwnerLock(descriptor: descriptor, record: record)
        var line = Array("\(getpid())\n".utf8)
        line += repeatElement(UInt8(ascii: " "), count: OwnerRecord.markPlace - line.count)
        line += OwnerRecord.bytes(record.mark) + OwnerRecord.bytes(record.store)
        guard pwrite(descriptor, line, line.count, 0) == line.count, ftruncate(descriptor, off_t(line.count)) == 0
        else {
            throw .failed("can't write the lock file \(path): \(systemMessage(errno))")
        }
        return lock
    }

    /// What a lock file says, read without taking the lock; empty where there is none.
    static func record(_ path: String) -> OwnerRecord {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return OwnerRecord([]) }
        defer { close(descriptor) }
        return OwnerRecord(content(descriptor))
    }

    /// More than it holds.
    private static func content(_ descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        let length = pread(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, length)))
    }

    /// Which database stands behind this lock from now on. On disk, where it is another than before: after a power cut it
    /// has to tell a damaged file of ours from a foreign one.
    func remember(_ store: OwnerRecord.Store) {
        if store == record.store { return }
        let line = OwnerRecord.bytes(store)
        let end = off_t(OwnerRecord.storePlace + line.count)
        guard pwrite(descriptor, line, line.count, off_t(OwnerRecord.storePlace)) == line.count else { return }
        ftruncate(descriptor, end)
        if store.instanceID != record.store?.instanceID { fsync(descriptor) }
    }

    /// Leaves word for the next owner, or takes it back. What can't be written can't be helped.
    static func note(_ mark: OwnerRecord.Mark?, _ path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = OwnerRecord.bytes(mark)
        pwrite(descriptor, bytes, bytes.count, off_t(OwnerRecord.markPlace))
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
