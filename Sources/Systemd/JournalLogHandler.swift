internal import CSystemd
internal import Glibc
internal import Logging

/// Log lines as entries of the journal, with their metadata as fields. Where the journal takes none, text on stderr.
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .info

    private let identifier: String
    private let send: @Sendable (JournalEntry) -> Bool
    private let fallback: PlainLogHandler

    /// - Parameter send: false if the entry did not arrive.
    init(
        identifier: String,
        fallback: PlainLogHandler,
        send: @escaping @Sendable (JournalEntry) -> Bool = Self.sendToJournal
    ) {
        self.identifier = identifier
        self.fallback = fallback
        self.send = send
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.metadata = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        let entry = JournalEntry(
            level: event.level,
            message: event.message.description,
            metadata: (event.metadata ?? [:]).mapValues(\.description),
            identifier: identifier
        )
        if !send(entry) { fallback.log(event: event) }
    }

    /// sd_journal_sendv(3): each field is sent with its length, so that no value can pass for another field.
    private static func sendToJournal(_ entry: JournalEntry) -> Bool {
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for field in entry.fields {
            let start = bytes.count
            bytes += field.name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += field.value.utf8
            lengths.append(bytes.count - start)
        }
        return bytes.withUnsafeMutableBytes { buffer in
            guard var next = buffer.baseAddress else { return false }
            let vectors = lengths.map { length in
                defer { next += length }
                return iovec(iov_base: next, iov_len: length)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
