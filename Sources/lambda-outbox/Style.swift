import AdminAPI
import FoundationEssentials
import Glibc

/// How a stream shows text: as wide as its terminal and in colours, or plain where it isn't one.
struct Style: Hashable, Sendable {
    /// Columns of the terminal; nil where there is none.
    var width: Int?
    var hasColours: Bool

    static let plain = Style(width: nil, hasColours: false)

    init(width: Int?, hasColours: Bool) {
        self.width = width
        self.hasColours = hasColours
    }

    /// Of a descriptor. Colours only on a terminal that has some, and never with `NO_COLOR` (no-color.org).
    init(of descriptor: Int32, environment: [String: String]) {
        guard isatty(descriptor) == 1 else {
            self = .plain
            return
        }
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = isKnown ? Int(size.ws_col) : environment["COLUMNS"].flatMap(Int.init) ?? 80
        self.init(
            width: max(20, width),
            hasColours: environment["NO_COLOR", default: ""].isEmpty && environment["TERM", default: "dumb"] != "dumb"
        )
    }

    var isTerminal: Bool { width != nil }

    enum Colour: String, Sendable {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// - Parameter text: printable already.
    func paint(_ text: String, _ colour: Colour?) -> String {
        guard hasColours, let colour, !text.isEmpty else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }
}

extension Timestamp {
    /// To the second for people, as it is for programs.
    func text(for style: Style) -> String {
        style.isTerminal ? "\(description.prefix(10)) \(description.dropFirst(11).prefix(8))Z" : description
    }
}
