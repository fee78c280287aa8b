import Foundation

/// A fresh folder for one test, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
    /// Absolute, without a slash at the end.
    package let path: String

    /// Short, because socket paths must fit 107 bytes.
    ///
    /// - Parameter inMemory: on a file system in memory where there is one: for what nobody takes the power from.
    package init(inMemory: Bool = false) throws {
        let place = inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/outbox-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: "\(place)/outbox-XXXXXX"])
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in it.
    package func file(_ name: String) -> String {
        "\(path)/\(name)"
    }
}
