import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `import`: what `salvage` and `dead export` wrote, into the running daemon.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring in what salvage or dead export wrote, under the same ids.",
        usage: "lambda-outbox import <file>|- [<options>]",
        discussion: """
            Takes the lines of "salvage", "dead export" and "dead show --json" into the running daemon. Queued events are \
            delivered, marked uncertain: they may have been delivered before. Dead letters are dead letters again, with \
            reason and history. Idempotency keys are remembered while their window is open; a key that names an event here \
            goes on to do so. A record in doubt (marks) becomes a dead letter: "corrupt" if it isn't what was accepted, \
            which is never delivered, "moved" if it may have left the queue long ago.

            What is here already stays as it is, so that the same file may be imported again: after a stop, or to make \
            sure. What was handed over is known for as long as history.keep says. Lines that can't be brought in are named \
            on stderr; the rest goes on.

            Exit status: 0 if all is in, 4 if lines were refused, 5 if there is no room now, 3 if the daemon can't be reached.

            EXAMPLES:
              lambda-outbox import found.ndjson
              lambda-outbox import --dry-run found.ndjson
              zcat letters.ndjson.gz | lambda-outbox import -
            """
    )

    @Argument(help: ArgumentHelp("The file with the records; - for stdin.", valueName: "file"), completion: .file())
    var file: String

    @Flag(help: "Say what would come of each line, and change nothing.")
    var dryRun = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let descriptor = try open()
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let importer = RecordImporter(client: admin.client(), dryRun: dryRun)
        let source = LineSource(descriptor: descriptor, max: RecordImporter.lineBytesMax)
        let (summary, error) = try importer.run(source) { line, result in
            if format.json { return try Output.standard.json(ImportLineReport(line: line, result: result)) }
            // What is here is as it should be, unless one asks.
            guard result.outcome != .here || dryRun else { return }
            Output.error.line("line \(line): \(Printable.line(result.reason ?? result.outcome.rawValue))")
        }
        let report = ImportReport(summary, dryRun: dryRun)
        if format.json { try Output.standard.json(report) } else { Output.standard.line(report.words) }
        if let stop = summary.stop {
            let again = "make room and run it again: what is in is not added twice"
            throw CommandFailure(
                error.map { CommandStatus($0) } ?? .refusedForNow,
                "stopped behind line \(stop.line): \(stop.reason); \(error == nil ? again : "run it again")"
            )
        }
        if summary.refused > 0 { throw CommandFailure(.invalid, nil) }
    }

    private func open() throws(CommandFailure) -> Int32 {
        if file == "-" { return STDIN_FILENO }
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            throw CommandFailure(
                number == ENOENT ? .notFound : .failed,
                "can't open \(file): \(String(cString: strerror(number)))"
            )
        }
        return descriptor
    }
}

/// A line that wasn't imported, for `--json`.
struct ImportLineReport: Encodable {
    var line: Int
    var outcome: ImportResult.Outcome
    var reason: String?

    init(line: Int, result: ImportResult) {
        self.line = line
        outcome = result.outcome
        reason = result.reason
    }
}

/// What came of an import.
struct ImportReport: Encodable, Hashable {
    var events: Int
    var deadLetters: Int
    var keys: Int
    var here: Int
    var refused: Int
    var dryRun: Bool
    /// Left out where all lines were read.
    var stoppedBehind: Int?

    private enum CodingKeys: String, CodingKey {
        case events
        case deadLetters = "dead_letters"
        case keys, here, refused
        case dryRun = "dry_run"
        case stoppedBehind = "stopped_behind_line"
    }

    init(_ summary: RecordImporter.Summary, dryRun: Bool) {
        events = summary.events
        deadLetters = summary.deadLetters
        keys = summary.keys
        here = summary.here
        refused = summary.refused
        stoppedBehind = summary.stop?.line
        self.dryRun = dryRun
    }

    var words: String {
        var text = dryRun ? "would import" : "imported"
        text += " \(events) events, \(deadLetters) dead letters and \(keys) keys"
        if here > 0 { text += "; \(here) already here" }
        if refused > 0 { text += "; \(refused) refused" }
        return text
    }
}
