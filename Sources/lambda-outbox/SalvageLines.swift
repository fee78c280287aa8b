import AdminAPI
import Daemon
import FoundationEssentials

/// Lines of a salvage: everything is under `outbox`, as in the records of `dead export`.
enum SalvageLines {
    /// One line, line break included.
    static func line(_ line: DatabaseSalvage.Line) throws -> [UInt8] {
        switch line {
        case .event(let event, let extras, let payload):
            if event.state == "dead-letter" {
                return try InvocationRecord.line(event, payload: payload, salvaged: extras)
            }
            return try wrapped(InvocationRecord.Letter(event: event, payload: payload, salvaged: extras))
        case .key(let key): return try wrapped(key)
        case .unreadable(let place): return try wrapped(place)
        }
    }

    static func line(_ summary: SalvageSummaryLine) throws -> [UInt8] {
        try wrapped(summary)
    }

    private static func wrapped(_ value: some Encodable) throws -> [UInt8] {
        try JSONLine.encode(["outbox": AnyLine(value)]) + [UInt8(ascii: "\n")]
    }

    private struct AnyLine: Encodable {
        let value: any Encodable

        init(_ value: any Encodable) {
            self.value = value
        }

        func encode(to encoder: any Encoder) throws {
            try value.encode(to: encoder)
        }
    }

    // MARK: For people

    /// What came of it, in one line.
    static func words(_ summary: SalvageSummaryLine) -> String {
        let text = "salvaged \(summary.events) events, \(summary.deadLetters) dead letters and \(summary.keys) keys"
        if summary.complete { return "\(text); nothing is missing" }
        var parts: [String] = []
        if summary.unreadable > 0 { parts.append("\(summary.unreadable) places could not be read") }
        if summary.rowsLostAtLeast > 0 { parts.append("at least \(summary.rowsLostAtLeast) rows are lost") }
        if summary.marked > 0 { parts.append("\(summary.marked) records are marked as doubtful") }
        if summary.loose > 0 { parts.append("\(summary.loose) of all stand on pages that no table leads to") }
        return "\(text); \(parts.joined(separator: ", "))"
    }

    /// A place that could not be read, in one line.
    static func words(_ place: UnreadableLine) -> String {
        var text = place.page.map { "page \($0)" } ?? "the file"
        if let table = place.table { text += " (\(table))" }
        text += ": \(place.reason)"
        if let id = place.id {
            text += "; event \(id)"
        } else if let first = place.firstSequence, let last = place.lastSequence {
            text += "; rows \(first) to \(last)"
        }
        return text
    }
}
