/// Draws the progress on a terminal's stderr, beside whatever else is printed there; does nothing elsewhere. For one thread.
final class ProgressDisplay {
    private var progress: SendProgress
    private let output: Output
    private let clock: () -> Duration
    private var isDrawn = false

    /// - Parameter clock: time since the start.
    init(_ progress: SendProgress, on output: Output, clock: @escaping () -> Duration) {
        self.progress = progress
        self.output = output
        self.clock = clock
    }

    func addAccepted(isRepeat: Bool) { progress.addAccepted(isRepeat: isRepeat) }

    func addRefused() { progress.addRefused() }

    /// Takes the line away, so that others can be printed.
    func clear() {
        guard isDrawn else { return }
        output.text("\r\u{1B}[K")
        isDrawn = false
    }

    /// - Parameter position: bytes of the input that have been sent.
    func tick(position: Int64) {
        let time = clock()
        guard output.isTerminal, progress.isDue(at: time) else { return }
        let line = progress.line(at: time, position: position, style: output.style)
        output.text("\r\(line)\u{1B}[K")
        isDrawn = true
    }

    /// Leaves the sums on the screen.
    func end() {
        guard output.isTerminal else { return }
        clear()
        output.line(progress.summary(at: clock()))
    }
}
