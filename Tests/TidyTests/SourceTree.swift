import Foundation

/// One text file of the project, by its path from the project's root.
struct SourceFile {
    var path: String
    var lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
    }

    /// The name of the target that a file under `Sources` or `Tests` belongs to.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The lines without what stands in comments and string literals, so that a rule about code sees code only.
    var code: [String] {
        var inBlock = false
        var inText = false
        return lines.map { CodeReader.code(of: $0, inBlock: &inBlock, inText: &inText) }
    }
}

/// Something a rule objects to.
struct Finding: CustomStringConvertible, Equatable {
    var path: String
    var line: Int
    var objection: String

    var description: String { "\(path):\(line): \(objection)" }
}

/// Takes comments and the insides of string literals out of a line. Knows what the project's style uses: line and block
/// comments, plain and multi-line strings.
private enum CodeReader {
    static func code(of line: Substring, inBlock: inout Bool, inText: inout Bool) -> String {
        var result = ""
        var inString = false
        var rest = line
        while let character = rest.first {
            if inBlock {
                if rest.hasPrefix("*/") { inBlock = false }
                rest = rest.dropFirst(inBlock ? 1 : 2)
            } else if rest.hasPrefix("\"\"\"") {
                inText.toggle()
                rest = rest.dropFirst(3)
            } else if inText {
                rest = rest.dropFirst()
            } else if inString {
                if character == "\"" { inString = false }
                rest = rest.dropFirst(character == "\\" ? 2 : 1)
            } else if rest.hasPrefix("//") {
                break
            } else if rest.hasPrefix("/*") {
                inBlock = true
                rest = rest.dropFirst(2)
            } else {
                if character == "\"" { inString = true }
                result.append(character)
                rest = rest.dropFirst()
            }
        }
        return result
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
