import AdminAPI
import ArgumentParser
import Client
import FoundationEssentials

/// `dead purge`: delete dead letters, after they are in a file.
struct DeadPurge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete dead letters, after exporting them to a file.",
        usage: "lambda-outbox dead purge [<id> ...] [<options>]",
        discussion: """
            Exports NDJSON in the shape of Lambda's own invocation records, with the exact payload, and deletes \
            no letter that isn't in the file and on disk. The file is a new one that only you may read.

            EXAMPLES:
              lambda-outbox dead purge 01890a5d-ac96-774b-bcce-b302099a8057
              lambda-outbox dead purge --condition expired --export-file expired.ndjson
              lambda-outbox dead purge --function test-* --no-export --yes
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Flag(help: "Don't ask.")
    var yes = false

    @Option(
        help: ArgumentHelp("Where to export to (default: dead-letters-<time>.ndjson here).", valueName: "path"),
        completion: .file()
    )
    var exportFile: String?

    @Flag(help: "Delete without exporting.")
    var noExport = false

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        if noExport && exportFile != nil { throw ValidationError("give --export-file or --no-export, not both") }
    }

    func run() throws {
        let client = admin.client()
        try selection.confirm("purge", yes: yes, client: client)
        var report = PurgeReport()
        if noExport {
            try selection.forEachSelection(client: client) { report.add(try client.purge($0)) }
        } else {
            let path =
                exportFile ?? Self.defaultFile(at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
            let file = try ExportFile.create(path)
            let exporter = LetterExporter(client: client, append: file.append)
            report.file = path
            defer { if report.exported == 0 { file.discard() } }
            try selection.forEachPage(client: client, size: LetterExporter.pageMax) { ids in
                let written = try exporter.export(ids)
                if written.isEmpty { return }
                try file.sync()
                report.exported += written.count
                report.add(try client.purge(Selection(ids: written)))
            }
            if report.exported == 0 { report.file = nil }
        }
        if format.json { try Output.standard.json(report) } else { Output.standard.line(report.line) }
        try selection.checkAllFound(report.count)
    }

    /// `dead-letters-20260301T120000Z.ndjson`.
    static func defaultFile(at time: Timestamp) -> String {
        let compact = time.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        return "dead-letters-\(compact)Z.ndjson"
    }
}

/// What a purge did.
struct PurgeReport: Encodable, Hashable {
    var count = 0
    /// The first 1,000.
    var ids: [String] = []
    var exported = 0
    var file: String?

    mutating func add(_ result: PurgeResult) {
        count += result.count
        ids += result.ids.prefix(Selection.idsMax - ids.count)
    }

    var line: String {
        guard let file else { return "purged \(count)" }
        return "exported \(exported) to \(Printable.line(file)), purged \(count)"
    }
}
