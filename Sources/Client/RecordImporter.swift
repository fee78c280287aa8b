package import AdminAPI
import FoundationEssentials

/// Sends records line by line into the running daemon, an order after the other: the next one is read once the daemon has
/// the one before on disk. Memory is bounded by one order and the longest line.
package struct RecordImporter {
    /// A line with the largest payload there can be, as JSON and as base64.
    package static let lineBytesMax = 24 << 20

    package struct Summary: Sendable {
        package var events = 0
        package var deadLetters = 0
        package var keys = 0
        /// Already here, or known to have been.
        package var here = 0
        package var refused = 0
        /// Lines that are no records: what a salvage says of itself.
        package var others = 0
        /// Why it stopped before the end, for people, and behind which line.
        package var stop: (line: Int, reason: String)?
    }

    private let client: AdminClient
    private let dryRun: Bool

    package init(client: AdminClient, dryRun: Bool) {
        self.client = client
        self.dryRun = dryRun
    }

    /// - Parameter report: called for each line that isn't imported, in order.
    /// - Throws: a `ClientError` where nothing more can be said to the daemon; what `report` throws.
    package func run(
        _ source: LineSource,
        _ report: (_ line: Int, ImportResult) throws -> Void
    ) throws -> (summary: Summary, error: ClientError?) {
        var run = Run(summary: Summary(), records: [], bytes: 0)
        var source = source
        var line = 0
        while run.summary.stop == nil {
            guard let text = source.next() else {
                if source.isAtEnd { break }
                try source.fill()
                continue
            }
            line += 1
            let bytes: Int
            let found: Found
            switch text {
            case .text(let text): (bytes, found) = (text.count, Self.read(text))
            case .tooLong: (bytes, found) = (0, .problem("longer than \(Self.lineBytesMax >> 20) MiB"))
            }
            if run.records.count >= ImportOrder.recordsMax || run.bytes + bytes > ImportOrder.bytesMax {
                if let error = try send(&run, report) { return (run.summary, error) }
                if run.summary.stop != nil { break }
            }
            switch found {
            case .record(let record):
                run.records.append((line, record))
                run.bytes += bytes
            case .other: run.summary.others += 1
            case .problem(let reason): run.problems.append((line, ImportResult(outcome: .refused, reason: reason)))
            }
        }
        if run.summary.stop == nil, let error = try send(&run, report) { return (run.summary, error) }
        return (run.summary, nil)
    }

    private struct Run {
        var summary: Summary
        var records: [(line: Int, record: ImportRecord)]
        var bytes: Int
        /// Lines that the daemon isn't asked about.
        var problems: [(line: Int, result: ImportResult)] = []
    }

    private func send(_ run: inout Run, _ report: (Int, ImportResult) throws -> Void) throws -> ClientError? {
        defer { (run.records, run.bytes, run.problems) = ([], 0, []) }
        var results: [ImportResult] = []
        if !run.records.isEmpty {
            do throws(ClientError) {
                results = try client.bringIn(ImportOrder(records: run.records.map(\.record), dryRun: dryRun)).results
                guard results.count == run.records.count else { throw .garbled("not one result a record") }
            } catch {
                // Orders of several lines are far below what the daemon takes.
                guard run.records.count == 1, case .refused(let refusal) = error, refusal.status == 413 else {
                    run.summary.stop = (run.records[0].line - 1, error.description)
                    return error
                }
                results = [ImportResult(outcome: .refused, reason: refusal.message)]
            }
        }
        var told = run.problems
        for ((line, record), result) in zip(run.records, results) {
            switch result.outcome {
            case .imported:
                if record.key != nil {
                    run.summary.keys += 1
                } else if record.event?.state == "dead-letter" || record.isInDoubt {
                    run.summary.deadLetters += 1
                } else {
                    run.summary.events += 1
                }
            case .here, .refused, .noRoom: told.append((line, result))
            }
        }
        for (line, result) in told.sorted(by: { $0.line < $1.line }) {
            switch result.outcome {
            case .imported: break
            case .here: run.summary.here += 1
            case .refused: run.summary.refused += 1
            case .noRoom:
                if run.summary.stop == nil { run.summary.stop = (line - 1, result.reason ?? "no room") }
                continue
            }
            try report(line, result)
        }
        return nil
    }

    // MARK: Lines

    private enum Found {
        case record(ImportRecord)
        case other
        case problem(String)
    }

    /// A record of `salvage` or `dead export`, where everything of ours is under `outbox`; or one of `dead show --json`,
    /// where it isn't.
    private struct Line: Decodable {
        var outbox: Contents?
    }

    private struct Contents: Decodable {
        var record: ImportRecord?

        private enum CodingKeys: String, CodingKey {
            case kind, marks, partition
            case payload = "payload_base64"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            switch try container.decodeIfPresent(String.self, forKey: .kind) {
            case nil:
                record = ImportRecord(
                    event: try Event(from: decoder),
                    payload: try container.decodeIfPresent(String.self, forKey: .payload),
                    marks: try container.decodeIfPresent([String].self, forKey: .marks),
                    partition: try container.decodeIfPresent(String.self, forKey: .partition)
                )
            case "key": record = ImportRecord(key: try SalvagedKeyLine(from: decoder))
            case "unreadable", "summary": record = nil
            default:
                throw DecodingError.dataCorruptedError(forKey: .kind, in: container, debugDescription: "unknown")
            }
        }
    }

    private static func read(_ text: [UInt8]) -> Found {
        if text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return .other }
        let decoder = JSONDecoder()
        do {
            let data = Data(text)
            let contents = try decoder.decode(Line.self, from: data).outbox ?? decoder.decode(Contents.self, from: data)
            return contents.record.map { .record($0) } ?? .other
        } catch let error as DecodingError {
            return .problem(words(error))
        } catch {
            return .problem("not a line of salvage or dead export")
        }
    }

    /// Names the member at fault: nothing of its contents.
    private static func words(_ error: DecodingError) -> String {
        let form = "not a line of salvage or dead export"
        switch error {
        case .keyNotFound(let key, _): return "\(form): \(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            guard let key = context.codingPath.last else { return form }
            return "\(form): \(key.stringValue) is out of form"
        @unknown default: return form
        }
    }
}

extension ImportRecord {
    /// It comes in as a dead letter, whatever it was: marks that say that it isn't what was accepted, or that it may have
    /// left long ago.
    fileprivate var isInDoubt: Bool {
        !Set(marks ?? []).isDisjoint(with: ["payload-checksum", "row-checksum", "row-number", "loose"])
    }
}
