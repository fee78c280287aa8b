import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Published and captured texts that lie beside the project.
enum Vectors {
    static let folder: String? = {
        if let given = getenv("OUTBOX_VECTORS") { return String(cString: given) }
        // Resolved, since the tests' folder may be reached through a link.
        guard let real = realpath(#filePath, nil) else { return nil }
        defer { free(real) }
        let parts = String(cString: real).split(separator: "/").dropLast(4)
        let path = "/" + parts.joined(separator: "/") + "/shared/vectors"
        return access(path, R_OK) == 0 ? path : nil
    }()

    static func read(_ path: String) throws -> [UInt8] {
        let folder = try #require(folder)
        let file = try #require(fopen(folder + "/" + path, "rb"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }
}
