import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `help` {
    /// Every command, as it is typed.
    static let commands: [[String]] = {
        func walk(_ words: [String], _ command: any ParsableCommand.Type) -> [[String]] {
            [words] + command.configuration.subcommands.flatMap { walk(words + [$0._commandName], $0) }
        }
        return walk([], LambdaOutbox.self)
    }()

    private func type(_ words: [String]) throws -> any ParsableCommand.Type {
        try words.reduce(LambdaOutbox.self as any ParsableCommand.Type) { command, word in
            try #require(command.configuration.subcommands.first { $0._commandName == word })
        }
    }

    @Test(arguments: commands)
    func `is as it was kept`(_ words: [String]) throws {
        let text = LambdaOutbox.helpMessage(for: try type(words), columns: 80)
        try Golden.expect(text, is: (["help"] + words).joined(separator: "-"))
    }

    @Test(arguments: commands)
    func `fits into 80 columns, and has an example where there is something to run`(_ words: [String]) throws {
        let command = try type(words)
        let text = LambdaOutbox.helpMessage(for: command, columns: 80)
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        if command.configuration.subcommands.isEmpty {
            #expect(text.contains("\nEXAMPLES:\n  ") || text.contains("\nEXAMPLE:\n  "))
        }
    }

    /// An example that can't be parsed is worse than none.
    @Test(arguments: commands)
    func `shows only examples that are right`(_ words: [String]) throws {
        for line in LambdaOutbox.helpMessage(for: try type(words), columns: 1000).split(separator: "\n") {
            guard let start = line.range(of: "  lambda-outbox ") ?? line.range(of: "| lambda-outbox ") else { continue }
            let rest = line[start.upperBound...]
            let end = [" | ", " > ", " && "].compactMap { rest.range(of: $0)?.lowerBound }.min() ?? rest.endIndex
            let arguments = split(rest[..<end])
            #expect(throws: Never.self, "\(line)") { try LambdaOutbox.parseAsRoot(arguments) }
        }
    }

    /// Words as a shell splits them, single quotes only.
    private func split(_ text: Substring) -> [String] {
        text.split(separator: "'", omittingEmptySubsequences: false).enumerated().reduce(into: [""]) { words, piece in
            if piece.offset % 2 == 1 { return words[words.count - 1] += String(piece.element) }
            let parts = piece.element.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            words[words.count - 1] += parts[0]
            words += parts.dropFirst()
        }.filter { !$0.isEmpty }
    }

    @Test func `does not show what packages alone ask`() {
        #expect(!LambdaOutbox.helpMessage(columns: 80).contains("\n  waiting"))
    }

    @Test func `names every exit status of a command`() {
        let text = LambdaOutbox.helpMessage(columns: 80)
        for status: CommandStatus in [
            .done, .failed, .wrongUse, .unreachable, .invalid, .refusedForNow, .notFound, .deadLetter, .stillWaiting,
            .configuration,
        ] {
            #expect(text.contains("\n  \(status.rawValue) "), "\(status)")
        }
    }

    @Test(arguments: [CompletionShell.bash, .zsh, .fish])
    func `completions name every command and the conditions of dead letters`(_ shell: CompletionShell) {
        let script = LambdaOutbox.completionScript(for: shell)
        let shown = Self.commands.filter { $0 != ["waiting"] }.flatMap { $0 }
        for word in shown + ["suspected-poison", "idempotency-key"] {
            #expect(script.contains(word), "\(word)")
        }
        for hidden in ["log-type", "client-context"] { #expect(!script.contains(hidden)) }
    }
}
