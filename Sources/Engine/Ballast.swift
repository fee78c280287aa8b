internal import Glibc

/// Disk space held in reserve, so that outcomes can be recorded when the disk is full: recording needs space too.
/// Owned by the commit thread.
package struct Ballast {
    private let path: String
    private let bytes: Int
    package private(set) var isHeld = false

    package init(path: String, bytes: Int) {
        self.path = path
        self.bytes = bytes
    }

    /// Takes the space, if it can be had while `spare` bytes stay free beside it.
    package mutating func take(freeBytes: Int, spare: Int) {
        guard !isHeld, freeBytes > bytes + spare else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        isHeld = posix_fallocate(descriptor, 0, off_t(bytes)) == 0
        if !isHeld { ftruncate(descriptor, 0) }
    }

    /// Gives the space back to the file system.
    package mutating func giveBack() {
        Self.giveBack(path: path)
        isHeld = false
    }

    /// Gives back what an earlier process held.
    package static func giveBack(path: String) {
        truncate(path, 0)
    }
}
