package import Foundation

/// Published test data. It lies beside the project, not in it; where it is absent, the tests that read it are skipped.
package enum Vectors {
    /// What `OUTBOX_VECTORS` names, else `shared/vectors` beside the project; nil where there is no such folder.
    package static let folder: URL? = {
        // Resolved, since the tests' folder may be reached through a link.
        let beside = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .appendingPathComponent("../../../../shared/vectors").standardizedFileURL
        let folder = ProcessInfo.processInfo.environment["OUTBOX_VECTORS"].map { URL(fileURLWithPath: $0) } ?? beside
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    /// What a skipped test says.
    package static let areAbsent = "no published vectors here (set OUTBOX_VECTORS to their folder)"

    /// Whether there is a file or folder at this path, counted from `folder`.
    package static func has(_ path: String) -> Bool {
        folder.map { FileManager.default.fileExists(atPath: $0.appendingPathComponent(path).path) } ?? false
    }

    /// The file or folder at a path counted from `folder`.
    package static func url(_ path: String) throws -> URL {
        guard let folder else { throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: path]) }
        return folder.appendingPathComponent(path)
    }

    /// The bytes of a file.
    package static func read(_ file: URL) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: file))
    }

    /// A file as text whose lines end in LF, whatever they end in on disk.
    package static func text(_ file: URL) throws -> String {
        String(decoding: try read(file), as: UTF8.self).replacing("\r\n", with: "\n")
    }

    /// A file of JSON.
    package static func decode<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }

    /// The entries of a folder, sorted by name.
    package static func entries(_ path: String) throws -> [URL] {
        let folder = try url(path)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { folder.appendingPathComponent($0) }
    }

    /// Every file below a folder whose name ends so, sorted by path.
    package static func files(below path: String, ending suffix: String) throws -> [URL] {
        let folder = try url(path)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(suffix) }.sorted()
            .map { folder.appendingPathComponent($0) }
    }
}
