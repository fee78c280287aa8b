import AdminAPI
import ArgumentParser
import Client
import FoundationEssentials

/// `dead purge`: delete dead letters, after they are in a file.
struct DeadPurge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete dead letters, after exporting them to a file.",
        discussion: """
            Exports NDJSON in the shape of Lambda's own invocation records, with the exact payload, and deletes \
            no letter that isn't in the file and on disk.
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Option(help: ArgumentHelp("Where to export to (default: dead-letters-<time>.ndjson here).", valueName: "path"))
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
        try selection.confirm("purge", client: client)
        var report = PurgeReport()
        if noExport {
            for portion in selection.selections { report.add(try client.purge(portion)) }
        } else {
            let path =
                exportFile ?? Self.defaultFile(at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
            let exporter = LetterExporter(client: client, file: try ExportFile.create(path))
            report.file = path
            do {
                for portion in selection.selections { try exporter.exportAndPurge(portion, into: &report) }
            } catch {
                if report.exported == 0 { exporter.file.discard() }
                throw error
            }
            if report.exported == 0 {
                exporter.file.discard()
                report.file = nil
            }
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
