internal import Glibc

/// Free space as an unprivileged process may use it.
package enum DiskSpace {
    /// Bytes free on the file system of `path`; nil if it can't be told.
    package static func free(at path: String) -> Int? {
        var state = statvfs()
        guard statvfs(path, &state) == 0 else { return nil }
        return Int(clamping: UInt64(state.f_bavail) * UInt64(state.f_frsize))
    }

    /// Bytes of the whole file system of `path`; nil if it can't be told.
    package static func total(at path: String) -> Int? {
        var state = statvfs()
        guard statvfs(path, &state) == 0 else { return nil }
        return Int(clamping: UInt64(state.f_blocks) * UInt64(state.f_frsize))
    }
}
