import AdminAPI
import ArgumentParser
import Daemon
import FoundationEssentials

/// `verify`: whether a database is what was written.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Look whether a database is sound: its file, every row, and the counters.",
        usage: "lambda-outbox verify [<file>] [<options>]",
        discussion: """
            Reads all of it, and changes nothing: beside a running daemon, whose log can't begin anew meanwhile, or alone, \
            and then no daemon starts meanwhile. Takes minutes for many gigabytes.

            Exit status: 0 if it is sound, 1 if it is not, 6 if there is no such file. With --json: one object.

            EXAMPLES:
              lambda-outbox verify
              lambda-outbox verify /var/lib/lambda-outbox/outbox.db.damaged-20260301T120000Z
            """
    )

    @Argument(
        help: ArgumentHelp("The database's file (default: that of the configuration).", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Flag(help: "Don't hold indexes against their tables: several times as fast.")
    var quick = false

    @Option(
        help: ArgumentHelp("Configuration file (default: \(Configuration.defaultFile)).", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var config: String?

    @Option(help: ArgumentHelp("As with serve --directory.", valueName: "folder"), completion: .directory)
    var directory: String?

    @OptionGroup var format: FormatOptions

    func run() throws {
        let report: VerificationReport
        do {
            report = try DatabaseVerify.run(
                database: file,
                configuration: config,
                directory: directory,
                quick: quick,
                environment: ProcessInfo.processInfo.environment
            )
        } catch let problem as DatabaseVerify.Problem {
            throw CommandFailure(problem.isMissing ? .notFound : .failed, problem.text)
        } catch let errors as ConfigurationErrors {
            throw CommandFailure(.configuration, errors.problems.map(\.description).joined(separator: "; "))
        }
        if format.json {
            try Output.standard.json(report)
        } else {
            for line in report.lines { Output.standard.line(Printable.line(line)) }
        }
        guard let advice = report.advice else { return }
        throw CommandFailure(.failed, format.json ? nil : advice)
    }
}
