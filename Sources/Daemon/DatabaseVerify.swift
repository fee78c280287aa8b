package import AdminAPI
internal import Glibc
internal import OutboxCore
internal import SQLiteStore
internal import SigV4

/// Looks at a whole database, beside a running daemon or without one. Changes nothing.
package enum DatabaseVerify {
    /// Why there is nothing to look at; for people.
    package struct Problem: Error, Hashable, Sendable {
        package var text: String
        /// There is no such file.
        package var isMissing = false
    }

    /// - Parameters:
    ///   - database: the path of its file; nil: that of the configuration, which `configuration` and `directory` name as
    ///     for `serve`.
    ///   - quick: without holding indexes against their tables.
    package static func run(
        database: String?,
        configuration: String?,
        directory: String?,
        quick: Bool,
        environment: [String: String]
    ) throws -> VerificationReport {
        let path =
            try database
            ?? Configuration.load(path: configuration, directory: directory, environment: environment).values.store.path
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            let reason = errno
            throw Problem(text: "\(path): \(String(cString: strerror(reason)))", isMissing: reason == ENOENT)
        }
        do throws(StoreError) {
            let found = try Verification.of(path, bootID: StateFiles.bootID, quick: quick) {
                Digest256(bytes: SHA256.digest($0))
            }
            return VerificationReport(path, found)
        } catch {
            throw Problem(text: "\(path): \(StartProblem.words(error))")
        }
    }
}

extension VerificationReport {
    init(_ path: String, _ found: Verification) {
        self.init(
            path: path,
            sound: found.isSound,
            inUse: found.isInUse,
            file: found.file,
            rows: found.rows.map { DamagedRow(table: $0.table, sequence: $0.sequence, what: $0.what) },
            damagedRows: found.damagedRows,
            counters: found.counters,
            events: found.looked["events"] ?? 0,
            deadLetters: found.looked["dead_letters"] ?? 0,
            history: found.looked["history"] ?? 0
        )
    }
}
