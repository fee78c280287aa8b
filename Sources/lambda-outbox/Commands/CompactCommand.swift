import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `compact`: an order to the running daemon to give all free disk space back.
struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Give the disk space back that the queue's file doesn't need.",
        usage: "lambda-outbox compact [<options>]",
        discussion: """
            The daemon does this by itself after a backlog, but for a slack that the next one will use. This gives back \
            all of it, now, in small pieces between its commits: accepting and delivering go on, and it needs no more disk \
            than some MiB. It goes on without this command: ended and run again, it says so.

            With --json: one object.

            EXAMPLE:
              lambda-outbox compact
            """
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let client = admin.client()
        let begun = try client.beginCompaction()
        let output = Output.error
        while true {
            let status = try client.compaction()
            guard status.number == begun.number else {
                throw CommandFailure(.failed, "the daemon was started anew meanwhile; run it again")
            }
            switch status.state {
            case .done:
                if output.isTerminal { output.text("\r\u{1B}[K") }
                return try show(status)
            case .failed: throw CommandFailure(.failed, "not compacted: \(status.problem ?? "unknown")")
            case .none, .compacting:
                if output.isTerminal, let words = Self.progress(status) { output.text("\r\(words)\u{1B}[K") }
                usleep(50_000)
            }
        }
    }

    private func show(_ status: CompactionStatus) throws {
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
