internal import Glibc

/// The files beside the database, all in its folder.
struct StateFiles: Sendable {
    let database: String

    var folder: String {
        guard let slash = database.lastIndex(of: "/") else { return "." }
        return slash == database.startIndex ? "/" : String(database[..<slash])
    }

    var flight: String { "\(folder)/flight" }
    var ballast: String { "\(folder)/ballast" }

    /// Makes a folder of mode 0700 if it isn't there; its parent must be. - Returns: nil, or what went wrong.
    static func makeFolder(_ path: String) -> String? {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return nil }
        return "can't make the folder \(path): \(String(cString: strerror(errno)))"
    }

    /// Identifies this boot of the machine (Linux: proc(5)); empty where it can't be told.
    static var bootID: String {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return "" }
        return String(decoding: bytes[..<count].filter { $0 > UInt8(ascii: " ") }, as: UTF8.self)
    }
}
