import AdminAPI
import ArgumentParser
import Client

/// `dead redrive`: put dead letters back into the queue, under the same ids.
struct DeadRedrive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Put dead letters back into the queue: same id and history, attempts and age begin anew.",
        usage: "lambda-outbox dead redrive [<id> ...] [<options>]",
        discussion: """
            What could touch more than was meant shows the count and asks; without a terminal it wants --yes. A letter \
            that fails again is a dead letter again, with both histories.

            EXAMPLES:
              lambda-outbox dead redrive 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox dead redrive --function 'orders*' --condition exhausted
              lambda-outbox dead redrive --all --yes
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let client = admin.client()
        try selection.confirm("redrive", yes: yes, client: client)
        var total = RedriveResult(count: 0, ids: [])
        try selection.forEachSelection(client: client) { portion in
            let result = try client.redrive(portion)
            total.count += result.count
            total.ids += result.ids.prefix(Selection.idsMax - total.ids.count)
        }
        if format.json { try Output.standard.json(total) } else { Output.standard.line("redriven \(total.count)") }
        try selection.checkAllFound(total.count)
    }
}
