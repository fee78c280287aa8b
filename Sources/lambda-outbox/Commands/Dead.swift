import AdminAPI
import ArgumentParser
import Client
import Glibc

/// `dead`: what operators do with dead letters.
struct Dead: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See, redrive and purge dead letters.",
        subcommands: [DeadList.self, DeadShow.self, DeadRedrive.self, DeadPurge.self]
    )
}

struct DeadList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List dead letters, newest first.")

    @Option(help: ArgumentHelp("Only of this function; * and ? match.", valueName: "pattern"))
    var function: String?

    @Option(help: ArgumentHelp("Only of this condition, such as exhausted or rejected.", valueName: "word"))
    var condition: String?

    @Option(help: ArgumentHelp("At most this many.", valueName: "number"))
    var limit = 100

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit: 1 or more") }
    }

    func run() throws {
        let client = admin.client()
        try ListOutput(json: format.json, limit: limit).print(
            .init(function: function, condition: condition),
            page: { try client.deadLetters($0) },
            table: Self.table
        )
    }

    static func table(_ events: [Event]) -> Table {
        var table = Table("ID", "FUNCTION", "CONDITION", "DIED", "ATTEMPTS", "REASON")
        for event in events {
            table.add(
                event.id,
                event.functionText,
                event.condition ?? "",
                event.diedAt?.description ?? "",
                "\(event.attemptCount)",
                event.reason ?? ""
            )
        }
        return table
    }
}

struct DeadShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one dead letter, with its payload."
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
