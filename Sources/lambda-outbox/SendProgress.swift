/// How far `send --lines` has come, as one line for a terminal.
struct SendProgress {
    /// Time over which the rate is taken.
    static let rateWindow = Duration.seconds(5)
    /// Time between two drawings.
    static let interval = Duration.milliseconds(100)

    /// Bytes of the input; nil where its end isn't known.
    let total: Int64?
    private var accepted = 0
    private var repeats = 0
    private var refused = 0
    /// Lines reported at points of time, the oldest at most a window ago.
    private var samples: [(time: Duration, count: Int)] = [(.zero, 0)]

    init(total: Int64?) {
        self.total = total
    }

    private var count: Int { accepted + repeats + refused }

    mutating func addAccepted(isRepeat: Bool) {
        if isRepeat { repeats += 1 } else { accepted += 1 }
    }

    mutating func addRefused() { refused += 1 }

    /// Takes the time for the rate; true if the line should be drawn again.
    ///
    /// - Parameter time: since the start.
    mutating func isDue(at time: Duration) -> Bool {
        guard let last = samples.last, time - last.time >= Self.interval else { return false }
        samples.append((time, count))
        // One at or before the window's start is kept: what the rate is measured from.
        while samples.count > 2, time - samples[1].time >= Self.rateWindow { samples.removeFirst() }
        return true
    }

    /// - Parameters:
    ///   - time: since the start.
    ///   - position: bytes of the input that have been sent; of use only with a total.
    func line(at time: Duration, position: Int64, style: Style) -> String {
        let rate = Self.rate(of: count - samples[0].count, in: time - samples[0].time)
        var words = ["\(accepted) accepted"]
        if repeats > 0 { words.append("\(repeats) repeats") }
        words.append(style.paint("\(refused) refused", refused > 0 ? .red : nil))
        words.append("\(rate)/s")
        guard let total else {
            return (words + [Amounts.duration(seconds: time.components.seconds)]).joined(separator: ", ")
        }
        // What has been sent isn't answered yet: the end is told by the summary alone.
        let share = total > 0 ? min(0.99, max(0, Double(position) / Double(total))) : 0
        if share > 0 {
            let seconds = time / .seconds(1)
            words.append("\(Amounts.duration(seconds: Int64(seconds / share - seconds))) left")
        }
        let percent = Int((share * 100).rounded(.down))
        let text = "\(percent < 10 ? " " : "")\(percent)%  "
        return bar(share, width: barWidth(style, words)) + text + words.joined(separator: ", ")
    }

    /// What stays on the screen in the end.
    func summary(at time: Duration) -> String {
        "accepted \(accepted), repeats \(repeats), refused \(refused) in "
            + "\(Amounts.duration(seconds: time.components.seconds)) (\(Self.rate(of: count, in: time))/s)"
    }

    private func bar(_ share: Double, width: Int) -> String {
        guard width > 0 else { return "" }
        let full = Int(share * Double(width))
        return "[\(String(repeating: "#", count: full))\(String(repeating: "-", count: width - full))] "
    }

    /// What the words leave of the terminal, 10 to 30 columns; none where they leave less.
    private func barWidth(_ style: Style, _ words: [String]) -> Int {
        let plain = words.reduce(0) { $0 + $1.count + 2 } + "[] 99%  ".count
        let room = (style.width ?? 0) - plain - 1
        return room < 10 ? 0 : min(30, room)
    }

    private static func rate(of count: Int, in time: Duration) -> Int {
        let seconds = time / .seconds(1)
        return seconds > 0 ? Int((Double(count) / seconds).rounded()) : 0
    }
}
