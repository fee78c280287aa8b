internal import CLinux
internal import Glibc
internal import Logging
internal import OutboxCore
internal import Systemd

/// `lambda-outbox serve`.
package enum DaemonMain {
    /// Runs the daemon in the foreground until a signal ends it. Says on stderr why it can't start.
    ///
    /// - Parameters:
    ///   - configurationPath: nil: the default file, which may be missing.
    ///   - directory: one folder for sockets and state; made if it isn't there.
    ///   - logLevel: one of swift-log's names.
    ///   - environment: the process's own.
    /// - Returns: the exit status: 0 after an orderly stop, 78 for a wrong configuration, 1 otherwise.
    package static func run(
        configurationPath: String?,
        directory: String?,
        logLevel: String,
        environment: [String: String]
    ) async -> Int32 {
        // Before any file is made: state is for the daemon's user alone.
        umask(0o077)
        // Payloads and keys are in memory. The kernel of a supported Debian never refuses.
        _ = clinux_forbid_cores()
        signal(SIGPIPE, SIG_IGN)
        guard let level = Logger.Level(rawValue: logLevel) else {
            complain([
                "\(logLevel) is no log level; one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
            ])
            return StartProblem.wrongUse
        }
        let log = SystemLog(identifier: "lambda-outbox", environment: environment)
        let logger = Logger(label: "lambda-outbox") { _ in log.handler(level: level) }
        do {
            let loaded = try Configuration.load(path: configurationPath, directory: directory, environment: environment)
            if let directory, let problem = StateFiles.makeFolder(directory) {
                throw StartProblem(problem, exitCode: StartProblem.configuration)
            }
            if let problem = StateFolder(StateFiles(database: loaded.values.store.path)).problem {
                throw StartProblem(problem, exitCode: StartProblem.configuration)
            }
            for warning in loaded.warnings { logger.warning("\(plainLine(warning))") }
            let signals = await DaemonSignals()
            defer { signals.end() }
            try await OutboxDaemon(loaded: loaded, environment: environment, logger: logger).run(signals: signals)
            return 0
        } catch let errors as ConfigurationErrors {
            complain(errors.problems.map(\.description), log)
            return StartProblem.configuration
        } catch let problem as StartProblem {
            complain([problem.description], log)
            return problem.exitCode
        } catch {
            complain(["\(error)"], log)
            return StartProblem.other
        }
    }

    /// Why it ends: entries of the journal, else plain lines that no log level hides.
    private static func complain(_ lines: [String], _ log: SystemLog? = nil) {
        if let log, log.isJournal {
            let logger = Logger(label: "lambda-outbox") { _ in log.handler(level: .error) }
            for line in lines { logger.error("\(plainLine(line))") }
            return
        }
        for line in lines {
            let bytes = Array("lambda-outbox: \(plainLine(line))\n".utf8)
            _ = write(STDERR_FILENO, bytes, bytes.count)
        }
    }
}
