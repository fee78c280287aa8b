import ArgumentParser
import Daemon
import FoundationEssentials

/// `config`: what the configuration says, and what is wrong with it.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check a configuration file, or show the configuration as it holds.",
        subcommands: [Check.self, Show.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report every mistake in a file, with line and column.",
            usage: "lambda-outbox config check <file> [--json]",
            discussion: """
                Exit status: 0 without a mistake, 78 otherwise. With --json: an object a mistake with place, what and \
                meant; nothing where there is none.

                EXAMPLE:
                  lambda-outbox config check /etc/lambda-outbox/config.yaml && systemctl reload lambda-outbox
                """
        )

        @Argument(help: "Configuration file.", completion: .file(extensions: ["yaml", "yml"]))
        var file: String

        @OptionGroup var format: FormatOptions

        func run() throws {
            let loaded = try ConfigCommand.load(file: file, directory: nil, json: format.json)
            if format.json { return }
            for warning in loaded.warnings { Output.error.line("lambda-outbox: \(Printable.line(warning))") }
            Output.standard.line("\(Printable.line(file)): no mistakes")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the effective configuration, with where each value came from; secrets are masked.",
            usage: "lambda-outbox config show [<options>]",
            discussion: """
                As it would hold after a start or reload with the same file and environment. With --json: an object a \
                key with key, value and source.

                EXAMPLES:
                  lambda-outbox config show
                  lambda-outbox config show --json | jq -r 'select(.source != "default") | .key'
                """
        )

        @Option(
            help: ArgumentHelp("Configuration file (default: \(Configuration.defaultFile)).", valueName: "path"),
            completion: .file(extensions: ["yaml", "yml"])
        )
        var config: String?

        @Option(help: ArgumentHelp("As with serve --directory.", valueName: "folder"), completion: .directory)
        var directory: String?

        @OptionGroup var format: FormatOptions

        func run() throws {
            let loaded = try ConfigCommand.load(file: config, directory: directory, json: format.json)
            for warning in loaded.warnings { Output.error.line("lambda-outbox: \(Printable.line(warning))") }
            if format.json {
                for setting in loaded.settings { try Output.standard.json(setting) }
                return
            }
            var text = loaded.show()
            if text.hasSuffix("\n") { text.removeLast() }
            Output.standard.line(Printable.lines(text))
        }
    }

    /// One mistake, for `--json`.
    struct Mistake: Encodable, Hashable {
        var place: String
        var what: String
        var meant: String
    }

    /// Loads, or tells every mistake and fails: on stderr for people, on stdout as JSON.
    static func load(file: String?, directory: String?, json: Bool) throws -> LoadedConfiguration {
        do throws(ConfigurationErrors) {
            return try Configuration.load(
                path: file,
                directory: directory,
                environment: ProcessInfo.processInfo.environment
            )
        } catch {
            for problem in error.problems {
                if json {
                    try Output.standard.json(
                        Mistake(place: problem.place, what: problem.what, meant: problem.meant)
                    )
                } else {
                    Output.error.line(Printable.line(problem.description))
                }
            }
            throw CommandFailure(.configuration, nil)
        }
    }
}
