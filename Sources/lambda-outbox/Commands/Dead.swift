import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `dead`: what operators do with dead letters.
struct Dead: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See, redrive, export and purge dead letters.",
        discussion: """
            Dead letters are events that won't be tried again by themselves. Each is kept with its exact payload, the \
            reason and every attempt until it is redriven or purged.
            """,
        subcommands: [DeadList.self, DeadShow.self, DeadRedrive.self, DeadExport.self, DeadPurge.self]
    )
}

struct DeadList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead letters, newest first.",
        usage: "lambda-outbox dead list [<options>]",
        discussion: """
            In a pipe: a line each, with tabs between id, function, condition, time of death, attempts and reason.

            EXAMPLES:
              lambda-outbox dead list --group
              lambda-outbox dead list --function 'orders*' --condition exhausted
              lambda-outbox dead list --json | jq -r .id
            """
    )

    @Option(help: ArgumentHelp("Only of this function; * and ? match.", valueName: "pattern"))
    var function: String?

    @Option(help: ArgumentHelp("Only of this condition.", valueName: "word"))
    var condition: Condition?

    @Flag(help: "A line for those that look alike: count, first, last, an example, and the reason they share.")
    var group = false

    @Option(help: ArgumentHelp("At most this many.", valueName: "number"))
    var limit = 100

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit: 1 or more") }
    }

    func run() throws {
        let client = admin.client()
        let query = AdminClient.ListQuery(function: function, condition: condition?.rawValue)
        if group { return try printGroups(query, client) }
        try ListOutput(json: format.json, limit: limit)
            .print(query, page: { try client.deadLetters($0) }, table: Self.table)
    }

    /// Of all the letters; the limit is one of groups.
    private func printGroups(_ query: AdminClient.ListQuery, _ client: AdminClient) throws {
        var groups = LetterGroups()
        _ = try Paging.walk(query, page: { try client.deadLetters($0) }) { events in
            for event in events { groups.add(event) }
        }
        let shown = Array(groups.sorted.prefix(limit))
        if format.json {
            for group in shown { try Output.standard.json(group) }
        } else {
            LetterGroups.table(shown, Output.standard.style).print()
        }
        if groups.sorted.count > limit { ListOutput.tellOfMore(limit) }
    }

    static func table(_ events: [Event], _ style: Style) -> Table {
        var table = Table("ID", "FUNCTION", "CONDITION", "DIED", "ATTEMPTS", "REASON", lastWidthMin: 30)
        for event in events {
            table.add(
                event.id,
                event.functionText,
                event.condition ?? "",
                event.diedAt?.text(for: style) ?? "",
                "\(event.attemptCount)",
                event.reason ?? "",
                colours: [2: Condition.colour(of: event.condition)]
            )
        }
        return table
    }
}

struct DeadShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one dead letter, with its payload.",
        usage: "lambda-outbox dead show <id> [<options>]",
        discussion: """
            The payload is laid out for reading; --raw gives its exact bytes.

            EXAMPLES:
              lambda-outbox dead show 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox dead show 01890a5d-ac96-774b-bcce-b302099a8057 --raw > payload.json
            """
    )

    @Argument(help: "Event id.")
    var id: String

    @Flag(help: "Print the exact bytes of the payload, and nothing else.")
    var raw = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if raw && format.json { throw ValidationError("give --raw or --json, not both") }
    }

    func run() throws {
        let client = admin.client()
        let event = try client.known(id)
        guard event.state == "dead-letter" else {
            throw CommandFailure(.notFound, "event \(event.id) is no dead letter: it is \(event.state)")
        }
        guard let payload = try client.payload(id) else {
            throw CommandFailure(.notFound, "event \(event.id) is no dead letter any more")
        }
        if raw { return Output.standard.bytes(payload) }
        if format.json {
            return Output.standard.bytes(Printable.json(try InvocationRecord.letter(event, payload: payload)))
        }
        for line in EventText.lines(event) { Output.standard.line(line) }
        Output.standard.line("")
        Output.standard.line(PayloadText.shown(payload))
    }
}

enum PayloadText {
    /// For people: laid out if it is JSON, and nothing in it steers the terminal.
    static func shown(_ payload: [UInt8]) -> String {
        let bytes = JSONText.isJSON(payload) ? JSONText.pretty(payload) : payload
        return Printable.lines(String(decoding: bytes, as: UTF8.self))
    }
}
