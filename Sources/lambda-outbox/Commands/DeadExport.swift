import AdminAPI
import ArgumentParser
import Client

/// `dead export`: dead letters as NDJSON, for other tools.
struct DeadExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write dead letters as NDJSON in the shape of Lambda's own invocation records.",
        usage: "lambda-outbox dead export [<id> ...] [<options>]",
        discussion: """
            One record a line: requestContext, requestPayload, responseContext and responsePayload as in Lambda's \
            destinations, and everything else, with the exact payload as base64, under "outbox". Nothing is deleted.

            EXAMPLES:
              lambda-outbox dead export --all > letters.ndjson
              lambda-outbox dead export --function orders | jq -c .requestPayload
              lambda-outbox dead export --condition expired --export-file expired.ndjson
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Option(
        help: ArgumentHelp("A new file for the records, for your eyes only (default: stdout).", valueName: "path"),
        completion: .file()
    )
    var exportFile: String?

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let client = admin.client()
        let count: Int
        if let exportFile {
            let file = try ExportFile.create(exportFile)
            count = try export(client, file.append)
            try file.sync()
            Output.error.line("lambda-outbox: exported \(count) to \(Printable.line(exportFile))")
        } else {
            let output = Output.standard
            count = try export(client) { output.bytes(output.isTerminal ? Printable.json($0) : $0) }
        }
        try selection.checkAllFound(count)
    }

    private func export(_ client: AdminClient, _ append: @escaping ([UInt8]) throws -> Void) throws -> Int {
        let exporter = LetterExporter(client: client, append: append)
        var count = 0
        try selection.forEachPage(client: client, size: LetterExporter.pageMax) {
            count += try exporter.export($0).count
        }
        return count
    }
}
