internal import Glibc
package import Logging

/// Where the daemon's log lines go.
package struct SystemLog: Sendable {
    /// Whether stderr is a connection to the journal: then entries go there with their fields.
    package let isJournal: Bool
    private let identifier: String

    /// - Parameter environment: the process's, captured at its start.
    package init(identifier: String, environment: [String: String]) {
        self.identifier = identifier
        isJournal = Self.isStream(STDERR_FILENO, environment["JOURNAL_STREAM"])
    }

    /// The journal where systemd has connected stderr to it, else text on stderr.
    package func handler(level: Logger.Level) -> any LogHandler {
        let plain = PlainLogHandler(StreamLogHandler.standardError(label: identifier))
        var handler: any LogHandler = isJournal ? JournalLogHandler(identifier: identifier, fallback: plain) : plain
        handler.logLevel = level
        return handler
    }

    /// systemd.exec(5), $JOURNAL_STREAM: device and inode of the stream, in decimal, with a colon between. A variable that
    /// was inherited while stderr went elsewhere does not count.
    static func isStream(_ descriptor: Int32, _ variable: String?) -> Bool {
        guard let numbers = variable?.split(separator: ":", omittingEmptySubsequences: false), numbers.count == 2,
            let device = UInt64(numbers[0]), let inode = UInt64(numbers[1])
        else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}
