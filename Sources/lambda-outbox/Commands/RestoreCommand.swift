import AdminAPI
import ArgumentParser
import Daemon

/// `restore`: a backup in the place of a stopped daemon's queue.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the queue of a daemon that is stopped.",
        usage: "lambda-outbox restore <file> [<options>]",
        discussion: """
            The backup is read whole and checked first; it is copied, never changed. A database that is there is in the \
            way, unless --move-aside moves it, with its log, to a name of its own. Until the last step everything is as it \
            was.

            The daemon then starts with everything paused. What was queued at the backup's time is there under its old \
            ids, marked uncertain: it may have been handed over since. What happened since is not known: events accepted \
            later are missing, keys used later are forgotten, and dead letters that were dealt with are back. When that is \
            understood, lambda-outbox functions resume --all lets the events go.

            EXAMPLES:
              lambda-outbox restore /var/backups/lambda-outbox/monday.backup --move-aside
              lambda-outbox restore outbox.backup --directory ~/outbox
            """
    )

    @Argument(help: ArgumentHelp("A file that backup made.", valueName: "file"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("The queue's file (default: /var/lib/lambda-outbox/outbox.db).", valueName: "path"),
        completion: .file(extensions: ["db"])
    )
    var database: String?

    @Option(help: ArgumentHelp("The folder of serve --directory.", valueName: "folder"), completion: .directory)
    var directory: String?

    @Flag(help: "Move a database that is there aside.")
    var moveAside = false

    func validate() throws {
        if database != nil, directory != nil { throw ValidationError("give --database or --directory, not both") }
    }

    func run() throws {
        let path = Serve.absolute(database ?? directory.map { "\($0)/outbox.db" } ?? "/var/lib/lambda-outbox/outbox.db")
        do throws(DatabaseBackup.Problem) {
            let facts = try DatabaseBackup.restore(Serve.absolute(file), to: path, movesAside: moveAside)
            for line in Self.words(facts, path: path) { Output.standard.line(line) }
        } catch {
            let isInTheWay = !moveAside && error.text.hasSuffix("is there already; nothing was changed")
            throw CommandFailure(
                error.isRefusal ? .invalid : .failed,
                isInTheWay ? "\(error.text): --move-aside moves it to a name of its own" : error.text
            )
        }
    }

    /// What was done, and what is not known any more.
    static func words(_ facts: DatabaseBackup.Facts, path: String) -> [String] {
        var lines = [
            "\(Printable.line(path)): restored \(facts.events) events, \(facts.deadLetters) dead letters and "
                + "\(facts.keys) keys as of \(facts.takenAt)"
        ]
        if let moved = facts.movedTo { lines.append("what was there is now \(Printable.line(moved))") }
        if !facts.damaged.isEmpty {
            lines.append("the bytes of \(facts.damaged.count) events don't fit their checksum; they will not be sent")
        }
        return lines + [
            "not known is what happened since \(facts.takenAt):",
            "  events accepted since are missing, unless they are in what was moved aside (lambda-outbox salvage reads it)",
            "  events handed over since are queued again, marked uncertain: they will be sent a second time",
            "  idempotency keys used since are forgotten: a repeat makes a second event",
            "  dead letters redriven or purged since are there again, and orders given since are forgotten",
            "everything is paused: start the daemon, look at it, then let it go by lambda-outbox functions resume --all",
        ]
    }
}
