package import AdminAPI
internal import Glibc
internal import OutboxCore
internal import SQLiteStore

/// Gives back what the file of a stopped daemon doesn't need.
package enum DatabaseCompaction {
    /// Why it was not done; for people.
    package struct Problem: Error, Hashable, Sendable {
        package var text: String
        /// There is no such file.
        package var isMissing = false
    }

    /// - Parameters:
    ///   - database: the path of its file.
    ///   - tell: is called after each piece.
    package static func run(
        database path: String,
        tell: (CompactionStatus) -> Void
    ) throws(Problem) -> CompactionStatus {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            let reason = errno
            throw Problem(text: "\(path): \(String(cString: strerror(reason)))", isMissing: reason == ENOENT)
        }
        var status = CompactionStatus(state: .compacting)
        do throws(StoreError) {
            let before = try RestingCompaction.run(path) { size in
                status.note(size)
                tell(status)
            }
            status.state = .done
            status.bytesBefore = Int64(before)
            return status
        } catch .locked(let text) {
            throw Problem(text: "\(text): without a file, compact is an order to the running daemon")
        } catch {
            throw Problem(text: "\(path): \(StartProblem.words(error))")
        }
    }
}
