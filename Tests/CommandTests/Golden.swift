import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import lambda_outbox

/// Texts that are kept in `Golden/`, one file each. With `OUTBOX_RECORD=1` in the environment they are written anew
/// instead of compared: look at the difference before it is kept.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    static let isRecording = ProcessInfo.processInfo.environment["OUTBOX_RECORD"] == "1"

    static func expect(_ text: String, is name: String, _ location: SourceLocation = #_sourceLocation) throws {
        let file = folder.appendingPathComponent("\(name).txt")
        if isRecording { return try Data(text.utf8).write(to: file) }
        let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        if kept != text {
            Issue.record("Golden/\(name).txt:\n\(difference(kept, text))", sourceLocation: location)
        }
    }

    /// Lines that went (`-`) and came (`+`), in place.
    static func difference(_ old: String, _ new: String) -> String {
        let (old, new) = (old.components(separatedBy: "\n"), new.components(separatedBy: "\n"))
        let changes = new.difference(from: old)
        var removed = Set<Int>()
        var inserted = Set<Int>()
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [String] = []
        var (oldLine, newLine) = (0, 0)
        while oldLine < old.count || newLine < new.count {
            if removed.contains(oldLine) {
                lines.append("- \(old[oldLine])")
                oldLine += 1
            } else if inserted.contains(newLine) {
                lines.append("+ \(new[newLine])")
                newLine += 1
            } else {
                lines.append("  \(old[oldLine])")
                oldLine += 1
                newLine += 1
            }
        }
        return lines.joined(separator: "\n")
    }
}

/// What a command wrote, with its exit status, as one text.
struct Run {
    /// A pipe, or a terminal of this many columns.
    static let styles: [(name: String, style: Style)] = [
        ("pipe", .plain), ("terminal", Style(width: 100, hasColours: true)),
    ]

    /// Runs a command with both streams caught; escape sequences are written as `ESC`.
    ///
    /// - Parameter folder: written as `DIRECTORY`, wherever it lies.
    static func text(_ arguments: [String], style: Style, folder: String? = nil) async -> String {
        let standard = NIOLockedValueBox("")
        let error = NIOLockedValueBox("")
        func output(_ box: NIOLockedValueBox<String>) -> Output {
            Output(style: style) { bytes in box.withLockedValue { $0 += String(decoding: bytes, as: UTF8.self) } }
        }
        let status = await Output.$streams.withValue(.init(standard: output(standard), error: output(error))) {
            await command(arguments)
        }
        var text = "$ lambda-outbox \(arguments.map(quoted).joined(separator: " "))\n"
        text += standard.withLockedValue { $0 }
        let words = error.withLockedValue { $0 }
        if !words.isEmpty { text += "stderr:\n\(words)" }
        text += "exit: \(status?.rawValue ?? -1)\n"
        if let folder { text = text.replacingOccurrences(of: folder, with: "DIRECTORY") }
        return text.replacingOccurrences(of: "\u{1B}", with: "ESC")
    }

    private static func quoted(_ word: String) -> String {
        word.contains { " *'{".contains($0) } || word.isEmpty ? "'\(word)'" : word
    }
}
