import AdminAPI
import ArgumentParser
import Daemon
import FoundationEssentials

/// `salvage`: what can be read of a damaged database.
struct SalvageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Write what can be read of a damaged database as NDJSON, and what can't.",
        usage: "lambda-outbox salvage <file> [<options>]",
        discussion: """
            Reads the file's pages itself, with the log (-wal) beside it, and changes nothing. One record a line: events, \
            dead letters as "dead export" writes them, idempotency keys, places that could not be read, and at the end a \
            summary, all under "outbox". A record that is in doubt has its reasons in "marks"; one on a page that no table \
            leads to is "loose": it may have been handed over long ago. A daemon must not have the file open.

            Exit status: 0 if nothing is missing or in doubt, 1 if something is, 6 if there is no such file.

            EXAMPLES:
              lambda-outbox salvage /var/lib/lambda-outbox/outbox.db --output found.ndjson
              lambda-outbox salvage damaged.db | jq -c 'select(.outbox.kind == "unreadable")'
            """
    )

    @Argument(help: ArgumentHelp("The database's file.", valueName: "file"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("A new file for the records, for your eyes only (default: stdout).", valueName: "path"),
        completion: .file()
    )
    var output: String?

    /// Places named on stderr; all of them are in the records.
    private static let namedMax = 20

    func run() throws {
        let summary: SalvageSummaryLine
        if let output {
            let file = try ExportFile.create(output, option: "--output")
            summary = try salvage(file.append)
            try file.sync()
        } else {
            let output = Output.standard
            summary = try salvage { output.bytes(output.isTerminal ? Printable.json($0) : $0) }
        }
        Output.error.line("lambda-outbox: \(SalvageLines.words(summary))")
        if !summary.complete { throw CommandFailure(.failed, nil) }
    }

    private func salvage(_ append: @escaping ([UInt8]) throws -> Void) throws -> SalvageSummaryLine {
        var named = 0
        do {
            let summary = try DatabaseSalvage.run(database: file) { line in
                if case .unreadable(let place) = line {
                    named += 1
                    if named <= Self.namedMax { Output.error.line(Printable.line(SalvageLines.words(place))) }
                }
                try append(SalvageLines.line(line))
            }
            if named > Self.namedMax { Output.error.line("and \(named - Self.namedMax) more") }
            try append(SalvageLines.line(summary))
            return summary
        } catch let problem as DatabaseSalvage.Problem {
            throw CommandFailure(problem.isMissing ? .notFound : .failed, problem.text)
        }
    }
}
