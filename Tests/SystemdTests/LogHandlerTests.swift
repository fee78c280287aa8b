import Glibc
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Systemd

/// Keeps what is logged.
private struct Recorder: LogHandler {
    let events = NIOLockedValueBox<[LogEvent]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { events.withLockedValue { $0.append(event) } }
}

@Suite("Log handlers")
struct LogHandlerTests {
    @Test func `the journal gets the logger's metadata and the line's own`() {
        let sent = NIOLockedValueBox<[JournalEntry]>([])
        var logger = Logger(label: "x") { _ in
            JournalLogHandler(identifier: "lambda-outbox", fallback: PlainLogHandler(Recorder())) { entry in
                sent.withLockedValue { $0.append(entry) }
                return true
            }
        }
        logger[metadataKey: "route"] = "eu"
        logger.notice("route active again", metadata: ["function": "orders"])
        #expect(
            sent.withLockedValue { $0 } == [
                JournalEntry(
                    level: .notice,
                    message: "route active again",
                    metadata: ["route": "eu", "function": "orders"],
                    identifier: "lambda-outbox"
                )
            ]
        )
    }

    @Test func `what the journal does not take is written as text`() {
        let recorder = Recorder()
        let logger = Logger(label: "x") { _ in
            JournalLogHandler(identifier: "lambda-outbox", fallback: PlainLogHandler(recorder)) { _ in false }
        }
        logger.warning("route suspended", metadata: ["reason": "dns"])
        let events = recorder.events.withLockedValue { $0 }
        #expect(events.map(\.message) == ["route suspended"])
        #expect(events.first?.metadata == ["reason": "dns"])
        #expect(events.first?.level == .warning)
    }

    @Test func `text stays on one line, whatever stands in it`() {
        let recorder = Recorder()
        let logger = Logger(label: "x") { _ in PlainLogHandler(recorder) }
        logger.info("one\ntwo", metadata: ["a\n": "b\nc", "d": ["e": "f\u{1b}"]])
        let event = recorder.events.withLockedValue { $0.first }
        #expect(event?.message == #"one\u{a}two"#)
        #expect(event?.metadata?[#"a\u{a}"#] == #"b\u{a}c"#)
        #expect(event?.metadata?["d"]?.description.contains("\u{1b}") == false)
    }

    @Test func `lines below the level are not logged`() {
        let recorder = Recorder()
        var logger = Logger(label: "x") { _ in PlainLogHandler(recorder) }
        logger.logLevel = .warning
        logger.info("hidden")
        logger.error("shown")
        #expect(recorder.events.withLockedValue { $0.map(\.message) } == ["shown"])
    }

    @Test func `stderr counts as the journal only where it is the stream that was named`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        var status = stat()
        try #require(fstat(ends[0], &status) == 0)
        #expect(SystemLog.isStream(ends[0], "\(status.st_dev):\(status.st_ino)"))
        #expect(!SystemLog.isStream(ends[0], "\(status.st_dev):\(status.st_ino + 1)"))
        #expect(!SystemLog.isStream(-1, "\(status.st_dev):\(status.st_ino)"))
    }

    @Test(arguments: [nil, "", ":", "1", "1:", "1:2:3", "a:b", "-1:2"])
    func `a variable that names no stream counts for nothing`(variable: String?) {
        #expect(!SystemLog.isStream(STDERR_FILENO, variable))
    }
}
