import ArgumentParser
import Daemon
import FoundationEssentials
import Glibc

/// `serve`: the daemon itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon in the foreground, under systemd or not.",
        usage: "lambda-outbox serve [<options>]",
        discussion: """
            Without options: \(Configuration.defaultFile), sockets in /run/lambda-outbox, state in /var/lib/lambda-outbox. \
            With --directory both are in one folder, made if it isn't there; no root needed. SIGHUP reads the \
            configuration again, SIGTERM ends.

            EXAMPLES:
              lambda-outbox serve
              lambda-outbox serve --directory ~/outbox --log-level debug
            """
    )

    @Option(help: ArgumentHelp("Configuration file.", valueName: "path"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("One folder for sockets and state.", valueName: "folder"), completion: .directory)
    var directory: String?

    @Option(help: ArgumentHelp("What is logged; debug tells of each attempt.", valueName: "level"))
    var logLevel: Level = .info

    /// What doesn't begin with a slash is taken from the working directory, as the other commands take it.
    static func absolute(_ path: String) -> String {
        path.isEmpty || path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    enum Level: String, ExpressibleByArgument, CaseIterable { case trace, debug, info, notice, warning, error }

    func run() async throws {
        let status = await DaemonMain.run(
            configurationPath: config,
            directory: directory.map(Self.absolute),
            logLevel: logLevel.rawValue,
            environment: ProcessInfo.processInfo.environment
        )
        // The daemon has said why on stderr.
        if status != 0 { throw ExitCode(status) }
    }
}
