import CSQLite
import Glibc
package import OutboxCore

/// The owner's lock, taken without writing one's name into it; given back when the last reference goes.
package final class BorrowedLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Of a file that may have been moved away from its lock: nil where there is none.
    ///
    /// - Parameter database: the path of its file.
    /// - Throws: `.locked` if a process has it open.
    package static func takeIfThere(database: String) throws(StoreError) -> BorrowedLock? {
        let path = database + ".lock"
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        return try take(path)
    }

    /// - Throws: `.failed` also where there is no lock file: every daemon leaves one.
    package static func take(_ path: String) throws(StoreError) -> BorrowedLock {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .failed("can't open the lock file \(path): \(systemMessage(errno))") }
        guard outbox_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            guard reason == EWOULDBLOCK else { throw .failed("can't lock \(path): \(systemMessage(reason))") }
            throw .locked("a process has the database open (lock file \(path))")
        }
        return BorrowedLock(descriptor: descriptor)
    }
}
