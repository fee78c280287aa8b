internal import Logging

/// One entry of the journal: fields in order, names and values as they are sent.
struct JournalEntry: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// Fields made of metadata; what is past it still stands in MESSAGE.
    static let metadataMax = 32

    let fields: [Field]

    /// MESSAGE reads well on its own: the text, then the metadata. The same metadata stand in OUTBOX_… fields, by which
    /// `journalctl OUTBOX_FUNCTION=orders` finds them.
    init(level: Logger.Level, message: String, metadata: [String: String], identifier: String) {
        let metadata = metadata.sorted { $0.key < $1.key }
        let pairs = metadata.map { " \(LogText.line($0.key, bytesMax: 64))=\(LogText.value($0.value))" }.joined()
        var fields = [
            Field(name: "MESSAGE", value: LogText.line(message) + (pairs.isEmpty ? "" : ":" + pairs)),
            Field(name: "PRIORITY", value: "\(Self.priority(level))"),
            Field(name: "SYSLOG_IDENTIFIER", value: identifier),
        ]
        for (key, value) in metadata.prefix(Self.metadataMax) {
            guard let name = Self.name(key) else { continue }
            fields.append(Field(name: name, value: LogText.line(value)))
        }
        self.fields = fields
    }

    /// `function` becomes OUTBOX_FUNCTION, `event` OUTBOX_EVENT_ID; nil where nothing is left of the key.
    /// systemd.journal-fields(7): capitals, digits and underscores, at most 64.
    static func name(_ key: String) -> String? {
        if key == "event" { return "OUTBOX_EVENT_ID" }
        let allowed = key.unicodeScalars.prefix(57).map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
            default: "_"
            }
        }
        return allowed.contains(where: { $0 != "_" }) ? "OUTBOX_" + String(allowed).uppercased() : nil
    }

    /// syslog(3).
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
