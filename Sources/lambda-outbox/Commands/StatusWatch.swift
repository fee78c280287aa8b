import AdminAPI
import Client
import Glibc

/// `status --watch`: on a terminal one screen that is written over, in a pipe one status after the other.
struct StatusWatch {
    var pause: Duration
    var json: Bool
    var ask: () throws(ClientError) -> Status

    /// Ends with the process: by Ctrl-C, or when nobody reads any more.
    func run() throws -> Never {
        let screen = !json && Output.standard.isTerminal ? WatchScreen() : nil
        screen?.begin()
        while true {
            do throws(ClientError) {
                let status = try ask()
                if json { try? Output.standard.json(status) } else { show(status, screen) }
            } catch {
                // A daemon that restarts comes back.
                tell(error, screen)
            }
            sleep()
        }
    }

    private func show(_ status: Status, _ screen: WatchScreen?) {
        guard let screen else {
            StatusText.print(status)
            return Output.standard.line("")
        }
        let size = WatchScreen.size()
        screen.draw(
            [StatusText.Line("\(status.at)  Ctrl-C ends")]
                + StatusText.lines(status, width: min(120, size.columns))
        )
    }

    private func tell(_ error: ClientError, _ screen: WatchScreen?) {
        let words = Printable.line(error.description)
        guard let screen else { return Output.error.line("lambda-outbox: \(words)") }
        screen.draw([StatusText.Line("CRITICAL  \(words)", .critical), StatusText.Line("          -> trying again")])
    }

    private func sleep() {
        let (seconds, attoseconds) = pause.components
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }
}

/// The terminal's second screen, without a cursor; given back however the command ends.
struct WatchScreen {
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"

    /// Takes the screen; SIGINT, SIGTERM and SIGHUP give it back and end the process with 0.
    func begin() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                // Nothing but what a signal handler may call.
                let leave: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
                _ = write(1, leave.utf8Start, leave.utf8CodeUnitCount)
                _exit(0)
            }
        }
        Output.standard.text(Self.enter)
    }

    /// Writes over what was there; what doesn't fit is cut off.
    func draw(_ lines: [StatusText.Line]) {
        let size = Self.size()
        var text = "\u{1B}[H"
        for (index, line) in lines.prefix(size.rows).enumerated() {
            var line = line
            line.text = TextWidth.cut(line.text, to: size.columns)
            text += (index == 0 ? "" : "\n") + line.painted(Output.standard.style) + "\u{1B}[K"
        }
        text += "\u{1B}[J"
        Output.standard.text(text)
    }

    static func size() -> (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else { return (24, 80) }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
