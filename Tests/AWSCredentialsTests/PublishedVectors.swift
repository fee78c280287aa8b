import Foundation

/// The test data that AWS's SDKs share. They aren't part of the project: `OUTBOX_VECTORS` names their folder, else they
/// are looked for beside it.
enum PublishedVectors {
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["OUTBOX_VECTORS"] { return "\(folder)/config/smithy-rs" }
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.appendingPathComponent("../shared/vectors/config/smithy-rs").standardizedFileURL.path
    }()

    static func exist(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(name)")
    }

    static func decode<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
}
