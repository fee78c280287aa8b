import AdminAPI
import ArgumentParser
import Client

/// `events`: what is in the queue, and why it is there.
struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show events in the queue and what became of one; cancel them, or send them now.",
        subcommands: [List.self, Show.self, EventsCancel.self, EventsSendNow.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List queued events in the order of their acceptance.",
            usage: "lambda-outbox events list [<options>]",
            discussion: """
                In a pipe: a line each, with tabs between id, function, state, time of accept, attempts and, where it \
                has to wait for one, the time of the next attempt.

                EXAMPLES:
                  lambda-outbox events list
                  lambda-outbox events list --function 'orders:*' --limit 10
                  lambda-outbox events list --json | jq -r .id
                """
        )

        @Option(help: ArgumentHelp("Only of this function; * and ? match.", valueName: "pattern"))
        var function: String?

        @Option(help: ArgumentHelp("At most this many.", valueName: "number"))
        var limit = 100

        @OptionGroup var admin: AdminOptions
        @OptionGroup var format: FormatOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit: 1 or more") }
        }

        func run() throws {
            let client = admin.client()
            try ListOutput(json: format.json, limit: limit)
                .print(.init(function: function), page: { try client.events($0) }, table: Self.table)
        }

        static func table(_ events: [Event], _ style: Style) -> Table {
            // A time is shown whole or not at all.
            var table = Table("ID", "FUNCTION", "STATE", "ACCEPTED", "ATTEMPTS", "NEXT", lastWidthMin: 20)
            for event in events {
                table.add(
                    event.id,
                    event.functionText,
                    event.state,
                    event.acceptedAt.text(for: style),
                    "\(event.attemptCount)",
                    event.nextAttemptAt?.text(for: style) ?? "",
                    colours: event.state == "in-flight" ? [2: .green] : [:]
                )
            }
            return table
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show everything about one event: where it is, why, and what will move it next.",
            usage: "lambda-outbox events show <id> [<options>]",
            discussion: """
                Also of events that have been handed over or cancelled, for as long as history is kept, and of dead \
                letters.

                EXAMPLE:
                  lambda-outbox events show 01890a5d-ac96-774b-bcce-b302099a8057
                """
        )

        @Argument(help: "Event id.")
        var id: String

        @OptionGroup var admin: AdminOptions
        @OptionGroup var format: FormatOptions

        func run() throws {
            let event = try admin.client().known(id)
            if format.json { return try Output.standard.json(event) }
            for line in EventText.lines(event) { Output.standard.line(line) }
        }
    }
}

extension AdminClient {
    /// The event, or the refusal that says that nothing is known of it.
    func known(_ id: String) throws -> Event {
        guard let event = try event(id) else {
            throw CommandFailure(
                .notFound,
                "nothing is known of event \(id): never accepted here, purged, or handed over longer ago than history is kept"
            )
        }
        return event
    }
}
