import AdminAPI
import ArgumentParser
import Client
import Daemon
import Glibc

/// `backup`: a copy of the running daemon's queue, in one file.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make a backup of the queue while the daemon runs.",
        usage: "lambda-outbox backup <file> [<options>]",
        discussion: """
            The daemon copies its queue between its commits: accepting and delivering go on. The copy is then read whole, \
            counted and checked, and only then gets its name; an existing file is never replaced. It holds payloads in \
            plain text and is for its owner alone. lambda-outbox restore brings it back.

            Run it on the daemon's host, as root or as the daemon's user: it takes the copy out of the daemon's folder.

            EXAMPLES:
              lambda-outbox backup /var/backups/lambda-outbox/monday.backup
              lambda-outbox backup outbox.backup --directory ~/outbox
            """
    )

    @Argument(help: ArgumentHelp("A new file.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let path = Serve.absolute(file)
        do {
            try DatabaseBackup.prepare(path)
            Interruption.removes(DatabaseBackup.unfinishedFiles(path))
            let facts = try DatabaseBackup.finish(copy(admin.client()), as: path)
            let size = Self.size(path).map { ", \(Wording.size($0))" } ?? ""
            Output.standard.line(
                "\(Printable.line(file)): \(facts.events) events, \(facts.deadLetters) dead letters and \(facts.keys) "
                    + "keys as of \(facts.takenAt)\(size); read again and checked"
            )
            guard facts.damaged.isEmpty else {
                throw CommandFailure(
                    .failed,
                    "the backup was kept, but the bytes of \(facts.damaged.count) events in it don't fit their checksum, "
                        + "such as \(facts.damaged[0]): look at that event in the queue"
                )
            }
        } catch let problem as DatabaseBackup.Problem {
            throw CommandFailure(problem.isRefusal ? .invalid : .failed, problem.text)
        }
    }

    /// Waits for the daemon's copy; says on a terminal how far it is.
    private func copy(_ client: AdminClient) throws -> BackupStatus {
        let begun = try client.beginBackup()
        let output = Output.error
        while true {
            let status = try client.backup()
            guard status.number == begun.number else {
                // They are counted anew by each daemon.
                let event = status.number > begun.number ? "another backup was begun" : "the daemon was started anew"
                throw CommandFailure(.failed, "\(event) meanwhile; this one was not made: run it again")
            }
            switch status.state {
            case .copied:
                if output.isTerminal { output.text("\r\u{1B}[K") }
                return status
            case .failed: throw CommandFailure(.failed, "no backup was made: \(status.problem ?? "unknown")")
            case .none, .copying:
                if output.isTerminal, status.pages > 0 {
                    output.text("\rcopying: \((status.pages - status.pagesLeft) * 100 / status.pages) %")
                }
                usleep(50_000)
            }
        }
    }

    private static func size(_ path: String) -> Int64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : nil
    }
}
