import ArgumentParser
import Daemon

/// `waiting`: whether anything is left in a queue that no daemon has open. Not shown: packages ask it when they are
/// removed.
struct Waiting: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether anything waits in a queue whose daemon is stopped, and change nothing.",
        usage: "lambda-outbox waiting [<options>]",
        discussion: """
            Exit status: 0 if neither an event nor a dead letter is left, 1 if one is, 2 if it can't be told: a daemon \
            has it open, it was not closed in order, or it isn't there.

            EXAMPLE:
              lambda-outbox waiting --database /var/lib/lambda-outbox/outbox.db
            """,
        shouldDisplay: false
    )

    @Option(help: ArgumentHelp("The queue's file.", valueName: "path"), completion: .file(extensions: ["db"]))
    var database = "/var/lib/lambda-outbox/outbox.db"

    func run() throws {
        switch QueueAtRest.look(database: database) {
        case .nothingWaits:
            Output.standard.line("nothing waits")
        case .waiting(let events, let deadLetters):
            Output.standard.line("events: \(events), dead letters: \(deadLetters)")
            throw ExitCode(1)
        case .unknown(let why):
            Output.error.line("lambda-outbox: \(Printable.line(why))")
            throw ExitCode(2)
        }
    }
}
