import Foundation

/// Published test data that lies beside the project, not in it: `OUTBOX_VECTORS`, else `../shared/vectors`.
enum Vectors {
    static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["OUTBOX_VECTORS"] { return URL(fileURLWithPath: path) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/vectors")
    }()

    static let areAbsent = "no published vectors here (set OUTBOX_VECTORS to their folder)"

    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.appendingPathComponent(path).path)
    }

    static func read(_ url: URL) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url))
    }

    static func text(_ url: URL) throws -> String {
        String(decoding: try read(url), as: UTF8.self).replacing("\r\n", with: "\n")
    }

    /// The entries of a folder, sorted by name.
    static func entries(_ path: String) throws -> [URL] {
        let folder = directory.appendingPathComponent(path)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { folder.appendingPathComponent($0) }
    }

    /// Every file below a folder whose name ends so, sorted by path.
    static func files(below path: String, ending suffix: String) throws -> [URL] {
        let folder = directory.appendingPathComponent(path)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(suffix) }.sorted()
            .map { folder.appendingPathComponent($0) }
    }
}
