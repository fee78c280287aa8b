import AdminAPI
import Foundation
import Testing

@testable import lambda_outbox

@Suite struct `the status screen` {
    /// `docs/STATUS.md` as it has to be. With `OUTBOX_RECORD=1` it is written anew: look at the difference.
    @Test func `shows each situation as the manual does`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/STATUS.md").standardizedFileURL
        if Golden.isRecording { return try Data(Self.manual.utf8).write(to: file) }
        let kept = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        if kept != Self.manual { Issue.record("docs/STATUS.md:\n\(Golden.difference(kept, Self.manual))") }
    }

    private static var manual: String {
        var lines = [
            "# What status says",
            "",
            "`lambda-outbox status` begins with what is wrong, the worst first, and with what to do about it; then come the "
                + "numbers.",
            "`status --check` says it in one line for monitoring systems and ends with 0 (OK), 1 (WARNING) or 2 (CRITICAL);",
            "`status --json` has the same as `findings`; `status --watch` goes on showing it until Ctrl-C.",
            "",
            "This page is made from the program itself: a test holds it to what the program prints.",
        ]
        for example in StatusExample.all {
            let check = StatusCheck(example.status, FindingLimits())
            lines += ["", "## \(example.title)", "", example.words, "", "```", "$ lambda-outbox status"]
            lines += StatusText.lines(example.status).map(\.text)
            lines += ["", "$ lambda-outbox status --check; echo $?", check.line, "\(check.exitCode)", "```"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        (0, 0), (1, 2), (2, 2), (3, 1), (4, 2), (5, 1),
    ])
    func `--check ends as the situation is`(_ example: Int, _ exitCode: Int) {
        #expect(StatusCheck(StatusExample.all[example].status, FindingLimits()).exitCode == Int32(exitCode))
    }

    @Test func `--check goes by the limits that are given`() {
        var limits = FindingLimits()
        limits.ageSecondsMax = 0
        let check = StatusCheck(StatusExample.fine.status, limits)
        #expect(check.severity == .critical)
        #expect(check.line.hasPrefix("CRITICAL - The oldest event has waited for 1s, for function orders. | "))
        #expect(check.line.contains("oldest_age=1s;;0;0 "))
    }

    @Test func `a check's words can't begin its numbers or another line`() {
        var status = StatusExample.fine.status
        status.accepting = false
        status.refusingBecause = "a|b\nc"
        let line = StatusCheck(status, FindingLimits()).line
        #expect(line.filter { $0 == "|" }.count == 1)
        #expect(!line.contains("\n"))
        #expect(line.contains("a/b\\u{a}c"))
    }

    @Test func `a daemon that isn't there is critical`() async throws {
        let arguments = ["status", "--check", "--admin", "/nonexistent/admin.sock"]
        let lines = await Run.text(arguments, style: .plain).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("CRITICAL - "))
        #expect(lines[2] == "exit: 2")
    }

    @Test func `of many functions the worst are shown, the rest is counted`() {
        var status = StatusExample.fine.status
        status.functions = (1...30).map {
            FunctionStatus(function: "f\($0)", state: "active", queued: 1, dead: 0, inFlight: 0)
        }
        status.functionsTotal = 5_000
        let lines = StatusText.lines(status).map(\.text)
        #expect(lines.contains { $0.hasPrefix("  f20 ") })
        #expect(!lines.contains { $0.hasPrefix("  f21 ") })
        #expect(lines.contains("  and 4,980 more: lambda-outbox status --json"))
    }

    @Test func `what came from elsewhere can't steer the terminal`() {
        var status = StatusExample.fine.status
        status.routes[0].state = "suspended"
        status.routes[0].reason = "bad\u{1B}[2J"
        status.functions[0].function = "f\u{1B}]0;x\u{7}"
        status.store.path = "/q\u{1B}c"
        #expect(!StatusText.lines(status).contains { $0.text.contains("\u{1B}") })
    }

    @Test(arguments: [
        ["status", "--check", "--watch"], ["status", "--check", "--json"], ["status", "--max-age", "1m"],
        ["status", "--check", "--max-age", "soon"], ["status", "--check", "--max-dead", "-1"],
        ["status", "--interval", "1s"], ["status", "--watch", "--interval", "1ms"],
    ])
    func `options that don't go together, or can't be meant, are wrong use`(_ arguments: [String]) async {
        #expect(await LambdaOutbox.run(arguments) == 2)
    }

    @Test func `findings are broken at spaces`() {
        #expect(StatusText.broken("one two three", 8) == ["one two", "three"])
        #expect(StatusText.broken("averyverylongword x", 4) == ["averyverylongword", "x"])
        #expect(StatusText.broken("", 4) == [])
    }
}
