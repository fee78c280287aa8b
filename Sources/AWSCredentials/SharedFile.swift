/// One of the two shared files of the AWS SDKs, taken apart by the rules that all SDKs share: sections of properties,
/// nothing merged or judged yet.
///
/// Error texts name the line, never its contents: a line may hold a secret.
struct SharedFile {
    struct Property: Hashable {
        var value: String
        var line: Int
    }

    struct Section {
        /// What stands between the brackets, trimmed.
        var header: String
        /// By lower-cased name; the last one of a name wins.
        var properties: [String: Property] = [:]
    }

    /// In order of first appearance; sections of the same header are one.
    private(set) var sections: [Section] = []

    /// - Parameter path: stands in errors only.
    init(text: String, path: String) throws(SharedFileError) {
        var reader = SharedFileReader(path: path)
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var line = Substring(line)
            if line.utf8.last == UInt8(ascii: "\r") { line = Substring(line.utf8.dropLast()) }
            try reader.read(line)
        }
        sections = reader.sections
    }
}

/// A shared file that can't be understood.
package struct SharedFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package var path: String
    /// From 1.
    package var line: Int
    package var reason: String

    package init(path: String, line: Int, reason: String) {
        self.path = path
        self.line = line
        self.reason = reason
    }

    package var description: String { "\(path):\(line): \(reason)" }
}

/// Where in a file the next line is read.
private struct SharedFileReader {
    let path: String
    var sections: [SharedFile.Section] = []
    private var line = 0
    private var current: Int?
    private var property: String?
    private var takesSubProperties = false

    init(path: String) {
        self.path = path
    }

    mutating func read(_ text: Substring) throws(SharedFileError) {
        line += 1
        guard let first = text.utf8.first, !text.trimmed.isEmpty else { return }
        switch first {
        case UInt8(ascii: "#"), UInt8(ascii: ";"): return
        case UInt8(ascii: " "), UInt8(ascii: "\t"): try readContinuation(text.trimmed)
        case UInt8(ascii: "["): try readHeader(text.withoutComment(adjacent: true))
        default: try readProperty(text)
        }
    }

    private mutating func readHeader(_ text: Substring) throws(SharedFileError) {
        guard text.utf8.last == UInt8(ascii: "]") else { throw error("Profile definition must end with ']'") }
        let header = String(Substring(text.utf8.dropFirst().dropLast()).trimmed)
        current = sections.firstIndex { $0.header == header } ?? sections.endIndex
        if current == sections.endIndex { sections.append(SharedFile.Section(header: header)) }
        property = nil
    }

    private mutating func readProperty(_ text: Substring) throws(SharedFileError) {
        guard let current else { throw error("Expected a profile definition, found property") }
        guard let (name, value) = text.withoutComment(adjacent: false).splitAtEquals else {
            throw error("Expected an '=' sign defining a property")
        }
        if name.isEmpty { throw error("Property did not have a name") }
        let key = name.lowercased()
        sections[current].properties[key] = SharedFile.Property(value: String(value), line: line)
        property = key
        takesSubProperties = value.isEmpty
    }

    private mutating func readContinuation(_ text: Substring) throws(SharedFileError) {
        guard let current else { throw error("Expected a profile definition, found continuation") }
        guard let property else { throw error("Expected a property definition, found continuation") }
        if takesSubProperties {
            guard let (name, _) = text.withoutComment(adjacent: false).splitAtEquals else {
                throw error("Expected an '=' sign defining a sub-property")
            }
            if name.isEmpty { throw error("Sub-property did not have a name") }
        }
        sections[current].properties[property]?.value += "\n" + text
    }

    private func error(_ reason: String) -> SharedFileError {
        SharedFileError(path: path, line: line, reason: reason)
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    var trimmed: Substring {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var rest = utf8.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return Substring(rest)
    }

    /// The part before the first `#` or `;` that starts a comment: any, or only one behind white space.
    fileprivate func withoutComment(adjacent: Bool) -> Substring {
        var behindBlank = false
        for index in utf8.indices {
            let byte = utf8[index]
            if byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";"), adjacent || behindBlank {
                return self[..<index].trimmed
            }
            behindBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        }
        return trimmed
    }

    /// What stands before and behind the first `=`, trimmed.
    var splitAtEquals: (name: Substring, value: Substring)? {
        guard let equals = utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        return (self[..<equals].trimmed, self[utf8.index(after: equals)...].trimmed)
    }
}
