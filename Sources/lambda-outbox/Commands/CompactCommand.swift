import AdminAPI
import ArgumentParser
import Client
import Daemon
import Glibc

/// `compact`: an order to the running daemon to give all free disk space back; or it is done to a stopped one's file.
struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Give the disk space back that the queue's file doesn't need.",
        usage: "lambda-outbox compact [<file>] [<options>]",
        discussion: """
            The daemon does this by itself after a backlog, but for a slack that the next one will use. This gives back \
            all of it, now, in small pieces between its commits: accepting and delivering go on, and it needs no more disk \
            than some MiB. It goes on without this command: ended and run again, it says so.

            With a file it does the same, without a daemon, to the database of one that was stopped.

            Exit status: 0 when it is done, 6 if there is no such file. With --json: one object.

            EXAMPLES:
              lambda-outbox compact
              lambda-outbox compact /var/lib/lambda-outbox/outbox.db
            """
    )

    @Argument(
        help: ArgumentHelp("The database of a daemon that is stopped.", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        if let file { try show(Self.compacted(file)) } else { try show(ordered(admin.client())) }
    }

    private static func compacted(_ file: String) throws -> CompactionStatus {
        do throws(DatabaseCompaction.Problem) {
            return try DatabaseCompaction.run(database: Serve.absolute(file), tell: tell)
        } catch {
            throw CommandFailure(error.isMissing ? .notFound : .failed, error.text)
        }
    }

    /// Waits for the daemon.
    private func ordered(_ client: AdminClient) throws -> CompactionStatus {
        let begun = try client.beginCompaction()
        while true {
            let status = try client.compaction()
            guard status.number == begun.number else {
                throw CommandFailure(.failed, "the daemon was started anew meanwhile; run it again")
            }
            switch status.state {
            case .done: return status
            case .failed: throw CommandFailure(.failed, "not compacted: \(status.problem ?? "unknown")")
            case .none, .compacting:
                Self.tell(status)
                usleep(50_000)
            }
        }
    }

    private static func tell(_ status: CompactionStatus) {
        guard Output.error.isTerminal, let words = progress(status) else { return }
        Output.error.text("\r\(words)\u{1B}[K")
    }

    private func show(_ status: CompactionStatus) throws {
        if Output.error.isTerminal { Output.error.text("\r\u{1B}[K") }
        if format.json { return try Output.standard.json(status) }
        Output.standard.line(Self.result(status))
    }

    /// What came of it; for people.
    static func result(_ status: CompactionStatus) -> String {
        let (before, after) = (status.bytesBefore ?? 0, status.bytes ?? 0)
        guard after < before else { return "\(Wording.size(after)): nothing was free" }
        return "\(Wording.size(before - after)) given back: \(Wording.size(before)) before, \(Wording.size(after)) now"
    }

    /// Nil before anything is known.
    static func progress(_ status: CompactionStatus) -> String? {
        guard let bytes = status.bytes, let used = status.usedBytes else { return nil }
        return "\(Wording.size(bytes)), \(Wording.size(max(0, bytes - used))) of it free"
    }
}
