import Glibc

/// Removes files where SIGINT, SIGTERM or SIGHUP ends the command: what it had begun, and nobody else would remove.
///
/// The process has one command and so one list, which is made once, before the signals are taken.
enum Interruption {
    // Written once, before a handler is there that reads it.
    private nonisolated(unsafe) static var paths = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>>(
        start: nil,
        count: 0
    )

    /// From here on. The signal still ends the process, as it would have.
    static func removes(_ files: [String]) {
        let names = files.compactMap { strdup($0) }
        paths = .allocate(capacity: names.count)
        _ = paths.initialize(fromContentsOf: names)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // Nothing but what a signal handler may call.
                for path in Interruption.paths { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
