import AWSCredentials
import Glibc

/// The configuration file, read but not understood yet.
struct ConfigurationFile {
    var path: String
    var text: String
    /// Permission bits.
    var mode: mode_t

    /// Whoever is neither the file's owner nor in its group may read it.
    var isForAll: Bool { mode & S_IROTH != 0 }

    /// nil: there is none, and none is needed.
    static func find(path: String?, directory: String?) throws(ConfigurationErrors) -> ConfigurationFile? {
        guard let file = path ?? (directory == nil ? Configuration.defaultFile : nil) else { return nil }
        switch readFile(file) {
        case .text(let text, _):
            var status = stat()
            guard stat(file, &status) == 0 else { throw error(file, "gone while it was read", meant: "try again") }
            if status.st_mode & S_IWOTH != 0 {
                throw error(
                    file,
                    "everybody on this machine may write it, and so send events elsewhere",
                    meant: "run chmod o-w \(file)"
                )
            }
            // A byte order mark would move the first line's columns.
            let plain = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
            return ConfigurationFile(path: file, text: plain, mode: status.st_mode & 0o7777)
        case .missing where path == nil: return nil
        case .missing: throw error(file, "no such file", meant: "create it, or correct the path")
        case .unreadable(let reason): throw unreadable(file, reason)
        }
    }

    /// nil: nothing but comments.
    func parse() throws(ConfigurationErrors) -> YAMLNode? {
        do throws(YAMLDocument.Fault) {
            return try YAMLDocument.parse(text)
        } catch {
            throw Self.error("\(path):\(error.line):\(error.column)", error.what, meant: error.meant)
        }
    }

    private static func unreadable(_ file: String, _ reason: String) -> ConfigurationErrors {
        var status = stat()
        let kind = stat(file, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
        if kind == S_IFDIR { return error(file, "a folder", meant: "name the YAML file in it") }
        if kind != S_IFREG { return error(file, reason, meant: "name a YAML file") }
        if let place = placeOfStrangeByte(file) {
            return error(
                "\(file):\(place.line):\(place.column)",
                "a byte that is no part of UTF-8",
                meant: "save the file as UTF-8"
            )
        }
        if access(file, R_OK) != 0 {
            return error(file, reason, meant: "let the user with id \(geteuid()) read it, with chown, chgrp or chmod")
        }
        return error(file, reason, meant: "name a YAML file of at most 1 MiB")
    }

    /// Column in bytes, from 1.
    private static func placeOfStrangeByte(_ file: String) -> (line: Int, column: Int)? {
        guard let stream = fopen(file, "re") else { return nil }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: (1 << 20) + 1)
        let count = fread(&bytes, 1, bytes.count, stream)
        guard count <= 1 << 20 else { return nil }
        for (index, line) in bytes[..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated() where String(validating: line, as: UTF8.self) == nil
        {
            var rest = line
            // What a decoder takes for a replacement character begins with the first byte that fits nothing.
            for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
                let length = String(scalar).utf8.count
                if scalar == "\u{FFFD}", !rest.starts(with: "\u{FFFD}".utf8) { break }
                rest = rest.dropFirst(length)
            }
            return (index + 1, rest.startIndex - line.startIndex + 1)
        }
        return nil
    }

    private static func error(_ place: String, _ what: String, meant: String) -> ConfigurationErrors {
        ConfigurationErrors([ConfigurationProblem(place: place, what: what, meant: meant)])
    }
}
