import Foundation

/// One text file of the project, by its path from the project's root.
struct SourceFile {
    let path: String
    let lines: [Substring]
    /// The lines without what stands in comments and string literals, so that a rule about code sees code only.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
        var reader = CodeReader()
        code = path.hasSuffix(".swift") ? lines.map { reader.code(of: $0) } : []
    }

    /// The name of the target that a file under `Sources` or `Tests` belongs to.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
}

/// Something a rule objects to.
struct Finding: CustomStringConvertible, Equatable {
    var path: String
    var line: Int
    var objection: String

    var description: String { "\(path):\(line): \(objection)" }
}

/// Takes comments and the insides of string literals out of lines, given in order. Knows what the project's style uses:
/// line and block comments, plain and multi-line strings.
private struct CodeReader {
    private var inBlock = false
    private var inText = false

    mutating func code(of line: Substring) -> String {
        var result: [UInt8] = []
        var inString = false
        var rest = Array(line.utf8)[...]
        while let byte = rest.first {
            if inBlock {
                if rest.starts(with: "*/".utf8) { inBlock = false }
                rest = rest.dropFirst(inBlock ? 1 : 2)
            } else if rest.starts(with: "\"\"\"".utf8) {
                inText.toggle()
                rest = rest.dropFirst(3)
            } else if inText {
                rest = rest.dropFirst()
            } else if inString {
                if byte == UInt8(ascii: "\"") { inString = false }
                rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
            } else if rest.starts(with: "//".utf8) {
                break
            } else if rest.starts(with: "/*".utf8) {
                inBlock = true
                rest = rest.dropFirst(2)
            } else {
                if byte == UInt8(ascii: "\"") { inString = true }
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// The project as it lies on disk, found from this file's own place.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Folders that hold what was built or fetched, or what a run leaves behind.
    private static let passedOver: Set<String> = [".build", ".git", "run", "__pycache__"]

    /// Every text file of the project.
    static let files: [SourceFile] = {
        var found: [SourceFile] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/" + folder)) ?? []
            for name in names.sorted() where !passedOver.contains(name) && !name.hasPrefix(".build-") {
                let path = folder.isEmpty ? name : folder + "/" + name
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: root.path + "/" + path, isDirectory: &isFolder) else {
                    continue
                }
                if isFolder.boolValue {
                    folders.append(path)
                } else if let text = text(path) {
                    found.append(SourceFile(path: path, text: text))
                }
            }
        }
        return found
    }()

    static let swift = files.filter { $0.path.hasSuffix(".swift") }
    static let sources = swift.filter { $0.path.hasPrefix("Sources/") }
    static let tests = swift.filter { $0.path.hasPrefix("Tests/") }

    static func text(_ path: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: root.path + "/" + path), !bytes.contains(0) else {
            return nil
        }
        return String(data: bytes, encoding: .utf8)
    }
}
