import AdminAPI
import Client
import Glibc

/// Writes dead letters as Lambda's invocation records, letter by letter: memory stays bounded.
struct LetterExporter {
    /// Letters that are synced, and purged, together.
    static let pageMax = 200

    let client: AdminClient
    /// Takes one record, line break included.
    let append: ([UInt8]) throws -> Void

    /// - Returns: the ids of those that are dead letters; others are left out.
    func export(_ ids: [String]) throws -> [String] {
        var written: [String] = []
        for id in ids {
            guard let event = try client.event(id), event.state == "dead-letter", let payload = try client.payload(id)
            else { continue }
            try append(InvocationRecord.line(event, payload: payload))
            written.append(event.id)
        }
        return written
    }
}

/// A new file that only its owner may read.
struct ExportFile {
    let path: String
    private let descriptor: Int32

    /// - Throws: if there is a file of that name already; nothing is ever overwritten.
    ///
    /// - Parameter option: what names another file.
    static func create(_ path: String, option: String = "--export-file") throws(CommandFailure) -> ExportFile {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                .failed,
                "can't create \(path): \(String(cString: strerror(errno))); nothing was done (\(option) names another)"
            )
        }
        syncFolder(of: path)
        return ExportFile(path: path, descriptor: descriptor)
    }

    /// Makes the file's name durable; a file system that can't do that for a folder keeps names anyway.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    func append(_ line: [UInt8]) throws(CommandFailure) {
        guard FileBytes.writeAll(line, to: descriptor) else { throw failure() }
    }

    func sync() throws(CommandFailure) {
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    /// Removes a file that holds nothing worth keeping.
    func discard() {
        unlink(path)
    }

    private func failure() -> CommandFailure {
        let words = String(cString: strerror(errno))
        return CommandFailure(
            .failed,
            "can't write \(path): \(words); it isn't complete, and no letter was purged that isn't in it"
        )
    }
}
