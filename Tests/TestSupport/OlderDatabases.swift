import Foundation

/// Small queues as older schema versions left them, as SQL in those versions' own statements.
package enum OlderDatabases {
    /// Every schema version but today's.
    package static let versions = [1, 2, 3, 4]

    /// - Throws: where the file is missing.
    package static func sql(version: Int) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Databases")
        return try String(contentsOf: folder.appending(path: "v\(version).sql"), encoding: .utf8)
    }
}
