internal import Logging

/// Log lines as text, one line each, whatever stands in them.
struct PlainLogHandler: LogHandler {
    private var base: any LogHandler

    init(_ base: any LogHandler) {
        self.base = base
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(LogText.line(event.message.description))"
        if let metadata = event.metadata {
            event.metadata = Dictionary(
                metadata.map { (LogText.line($0.key), .string(LogText.value($0.value.description))) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        base.log(event: event)
    }
}
