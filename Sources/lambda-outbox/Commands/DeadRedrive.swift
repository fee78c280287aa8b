import AdminAPI
import ArgumentParser
import Client

/// `dead redrive`: put dead letters back into the queue, under the same ids.
struct DeadRedrive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Put dead letters back into the queue: same id and history, attempts and age begin anew."
    )

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let client = admin.client()
        try selection.confirm("redrive", client: client)
        var total = RedriveResult(count: 0, ids: [])
        for portion in selection.selections {
            let result = try client.redrive(portion)
            total.count += result.count
            total.ids += result.ids.prefix(Selection.idsMax - total.ids.count)
        }
        if format.json { try Output.standard.json(total) } else { Output.standard.line("redriven \(total.count)") }
        try selection.checkAllFound(total.count)
    }
}
