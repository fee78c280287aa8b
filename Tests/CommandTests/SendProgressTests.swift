import Client
import Glibc
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `progress of many lines` {
    private let terminal = Style(width: 80, hasColours: false)

    /// A second with so many lines accepted, in steps of 100 ms.
    private func second(_ progress: inout SendProgress, from start: Int, lines: Int) {
        for step in 1...10 {
            for _ in 0..<lines / 10 { progress.addAccepted(isRepeat: false) }
            let isDue = progress.isDue(at: .seconds(start) + .milliseconds(100) * step)
            #expect(isDue)
        }
    }

    @Test func `shows counts, the rate of the last seconds, and how long it has run`() {
        var progress = SendProgress(total: nil)
        second(&progress, from: 0, lines: 1000)
        for number in 1..<10 { second(&progress, from: number, lines: 50) }
        progress.addAccepted(isRepeat: true)
        progress.addRefused()
        #expect(
            progress.line(at: .seconds(10), position: 0, style: terminal)
                == "1450 accepted, 1 repeats, 1 refused, 50/s, 10s"
        )
        #expect(progress.summary(at: .seconds(10)) == "accepted 1450, repeats 1, refused 1 in 10s (145/s)")
    }

    @Test(arguments: [
        (80, "[###########-------------------] 37%  100 accepted, 0 refused, 100/s, 1s left"),
        (60, "[###-------] 37%  100 accepted, 0 refused, 100/s, 1s left"),
        (40, "37%  100 accepted, 0 refused, 100/s, 1s left"),
    ])
    func `of a file shows a bar as the terminal has room`(_ width: Int, _ line: String) {
        var progress = SendProgress(total: 800)
        second(&progress, from: 0, lines: 100)
        #expect(progress.line(at: .seconds(1), position: 300, style: Style(width: width, hasColours: false)) == line)
    }

    @Test(
        arguments: [(0, 0, " 0%"), (10, 0, " 0%"), (1000, 999, "99%"), (10, 10, "99%"), (10, 20, "99%")]
            as [(Int64, Int64, String)]
    )
    func `never says that all is sent before it is`(_ total: Int64, _ position: Int64, _ percent: String) {
        let progress = SendProgress(total: total)
        #expect(
            progress.line(at: .seconds(1), position: position, style: terminal).contains("] \(percent)  0 accepted")
        )
    }

    @Test func `is drawn ten times a second at most, and taken away before other lines`() {
        let written = NIOLockedValueBox("")
        let output = Output(style: terminal) { bytes in
            written.withLockedValue { $0 += String(decoding: bytes, as: UTF8.self) }
        }
        var time = Duration.zero
        let display = ProgressDisplay(SendProgress(total: nil), on: output, clock: { time })
        display.clear()
        display.tick(position: 0)
        #expect(written.withLockedValue { $0 } == "")
        time = .milliseconds(100)
        display.tick(position: 0)
        display.tick(position: 0)
        #expect(written.withLockedValue { $0 } == "\r0 accepted, 0 refused, 0/s, 0s\u{1B}[K")
        display.clear()
        display.clear()
        display.end()
        #expect(
            written.withLockedValue { $0 }
                == "\r0 accepted, 0 refused, 0/s, 0s\u{1B}[K\r\u{1B}[Kaccepted 0, repeats 0, refused 0 in 0s (0/s)\n"
        )
    }

    @Test func `leaves a pipe alone`() {
        let written = NIOLockedValueBox(0)
        let output = Output(style: .plain) { bytes in written.withLockedValue { $0 += bytes.count } }
        var time = Duration.zero
        let display = ProgressDisplay(SendProgress(total: nil), on: output, clock: { time })
        time = .seconds(1)
        display.tick(position: 0)
        display.end()
        #expect(written.withLockedValue { $0 } == 0)
    }
}
