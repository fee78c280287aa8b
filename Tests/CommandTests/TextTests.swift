import AdminAPI
import Client
import Foundation
import Glibc
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `texts for people` {
    private var table: Table {
        var table = Table("ID", "NAME", "WHY")
        table.add("1", "orders", "", colours: [1: .red])
        table.add("22", "注文", "late\u{1B}[31m and a reason as long as reasons are")
        return table
    }

    @Test func `a table has aligned columns and a heading on a terminal, the last cut at its width`() {
        #expect(
            table.lines(for: Style(width: 30, hasColours: false)) == [
                "ID  NAME    WHY",
                "1   orders",
                "22  注文    late\\u{1b}[31m an…",
            ]
        )
    }

    @Test func `the last column keeps some room on a narrow terminal`() {
        #expect(table.lines(for: Style(width: 20, hasColours: false))[2] == "22  注文    late\\u{1b}[…")
    }

    @Test func `colours don't shift columns`() {
        let lines = table.lines(for: Style(width: 80, hasColours: true))
        #expect(lines[0] == "\u{1B}[1mID\u{1B}[0m  \u{1B}[1mNAME\u{1B}[0m    \u{1B}[1mWHY\u{1B}[0m")
        #expect(lines[1] == "1   \u{1B}[31morders\u{1B}[0m")
    }

    @Test func `in a pipe a table is a line a row, with tabs between all its cells, no heading and no cut`() {
        #expect(
            table.lines(for: .plain) == [
                "1\torders\t", "22\t注文\tlate\\u{1b}[31m and a reason as long as reasons are",
            ]
        )
    }

    @Test(arguments: [Style.plain, Style(width: 80, hasColours: true)])
    func `an empty table is nothing, not even a heading`(_ style: Style) {
        #expect(Table("ID").lines(for: style) == [])
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("e\u{301}", 1), ("漢字", 4), ("ｱ", 1), ("Ａ", 2), ("😀", 2), ("☎\u{FE0F}", 2), ("🇩🇪", 2),
        ("한", 2), ("→…é", 3),
    ])
    func `text is as wide as a terminal shows it`(_ text: String, _ width: Int) {
        #expect(TextWidth.of(text) == width)
    }

    @Test func `a cut never passes the width, also in the middle of a wide character`() {
        #expect(TextWidth.cut("漢字漢字", to: 6) == "漢字…")
        #expect(TextWidth.cut("漢字漢字", to: 5) == "漢字…")
        #expect(TextWidth.cut("漢字", to: 4) == "漢字")
    }

    @Test func `colours are for terminals, without NO_COLOR and not on a dumb one`() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        #expect(Style(of: terminal, environment: ["TERM": "xterm"]).hasColours)
        #expect(Style(of: terminal, environment: ["TERM": "xterm", "NO_COLOR": ""]).hasColours)
        #expect(!Style(of: terminal, environment: ["TERM": "xterm", "NO_COLOR": "1"]).hasColours)
        #expect(!Style(of: terminal, environment: ["TERM": "dumb"]).hasColours)
        #expect(!Style(of: terminal, environment: [:]).hasColours)
        #expect(Style(of: terminal, environment: ["COLUMNS": "132"]).width == 132)
        var size = winsize(ws_row: 24, ws_col: 101, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        #expect(Style(of: terminal, environment: ["COLUMNS": "132"]).width == 101)
        let pipe = open("/dev/null", O_WRONLY)
        defer { close(pipe) }
        #expect(Style(of: pipe, environment: ["TERM": "xterm"]) == .plain)
    }

    @Test(arguments: [
        ("a\u{1B}[2Jb", "a\\u{1b}[2Jb"), ("\u{9B}31m", "\\u{9b}31m"), ("\u{202E}txt", "\\u{202e}txt"), ("é☃\"", "é☃\""),
        ("a\nb\tc", "a\\u{a}b\\u{9}c"), ("\u{61C}", "\\u{61c}"), ("\u{AD}", "\\u{ad}"), ("\u{180E}", "\\u{180e}"),
        ("a\u{200B}\u{200C}\u{200D}\u{200F}b", "a\\u{200b}\\u{200c}\\u{200d}\\u{200f}b"), ("\u{2060}", "\\u{2060}"),
        ("\u{202A}\u{202E}", "\\u{202a}\\u{202e}"), ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
        ("\u{FEFF}", "\\u{feff}"),
        ("\u{E0000}\u{E0041}\u{E007F}", "\\u{e0000}\\u{e0041}\\u{e007f}"),
    ])
    func `nothing from elsewhere steers the terminal (P11)`(_ text: String, _ shown: String) {
        #expect(Printable.line(text) == shown)
    }

    @Test func `JSON means the same, and doesn't steer the terminal either (P11)`() throws {
        let values = ["plain", "\u{9B}31m\u{202E}é漢", "\u{E0041}\u{FEFF}\\\"", "\u{7F}😀"]
        let shown = Printable.json(try JSONLine.encode(values))
        #expect(
            String(decoding: shown, as: UTF8.self)
                == #"["plain","\u009b31m\u202eé漢","\udb40\udc41\ufeff\\\"","\u007f😀"]"#
        )
        #expect(try JSONDecoder().decode([String].self, from: Data(shown)) == values)
    }

    @Test func `lines may stay lines`() {
        #expect(Printable.lines("a\nb\r\u{7}") == "a\nb\\u{d}\\u{7}")
    }

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (252, "4m 12s"), (11_100, "3h 5m"), (1_051_200, "12d 4h"), (-5, "0s"),
    ])
    func `durations`(_ seconds: Int64, _ text: String) {
        #expect(Amounts.duration(seconds: seconds) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3482, "3.4 KiB"), (1_048_575, "1.0 MiB"),
        (10 << 30, "10.0 GiB"),
        (Int64.max, "8.0 EiB"),
    ])
    func `sizes`(_ bytes: Int64, _ text: String) {
        #expect(Amounts.size(bytes) == text)
    }

    @Test(
        arguments: [
            ("30s", 30_000), ("250ms", 250), ("15m", 900_000), ("30d", 2_592_000_000), ("31d", nil), ("s", nil),
            ("30", nil),
            ("-1s", nil), ("1.5s", nil), ("99999999999999999999s", nil), ("٣s", nil),
        ] as [(String, Int64?)]
    )
    func `durations are read with their unit`(_ text: String, _ milliseconds: Int64?) {
        #expect(Amounts.parseDuration(text) == milliseconds.map { .milliseconds($0) })
    }

    @Test(arguments: [
        (
            #"{"a":[1,2.50,{}],"b":"x,{\"}"}"#,
            "{\n  \"a\": [\n    1,\n    2.50,\n    {}\n  ],\n  \"b\": \"x,{\\\"}\"\n}"
        ),
        ("[]", "[]"), (" 17 ", "17"), ("[ [ ] ]", "[\n  []\n]"),
    ])
    func `JSON is laid out without touching its tokens`(_ text: String, _ pretty: String) {
        #expect(String(decoding: JSONText.pretty(Array(text.utf8)), as: UTF8.self) == pretty)
    }

    @Test func `JSON is brought onto one line without touching its strings`() {
        let compact = JSONText.compact(Array("{ \"a b\" :\r\n [ 1 ,\t\"c \\\\\" ] }".utf8))
        #expect(String(decoding: compact, as: UTF8.self) == #"{"a b":[1,"c \\"]}"#)
    }

    @Test func `payloads that are no JSON are shown as they are`() {
        #expect(PayloadText.shown([0x61, 0x1B, 0xFF]) == "a\\u{1b}\u{FFFD}")
    }
}

@Suite struct `dead letters that look alike` {
    @Test(arguments: [
        ("3 attempts failed; the last: X (500): no", "# attempts failed; the last: X (#): no"),
        ("can't parse \"order 17\" at 'a.b' in `x`", "can't parse … at … in …"),
        ("request 01a2-ff of user_7 isn't known", "request # of # isn't known"),
        ("an open \" quote", "an open \" quote"),
        ("", ""),
    ])
    func `share a reason without numbers, ids and quoted parts`(_ reason: String, _ pattern: String) {
        #expect(LetterGroups.pattern(reason) == pattern)
    }

    @Test func `make one line, the largest group first`() {
        var groups = LetterGroups()
        for number in 1...3 {
            var letter = Event.letter(Int64(number))
            letter.reason = "\(number) attempts failed"
            letter.diedAt = Timestamp(milliseconds: Int64(10 - number))
            groups.add(letter)
        }
        groups.add(.letter(4, function: "mail"))
        groups.add(.letter(5, condition: "expired"))
        let found = groups.sorted
        #expect(found.map(\.count) == [3, 1, 1])
        #expect(found[0].reason == "# attempts failed")
        #expect(found[0].example == Event.letter(1).id)
        #expect([found[0].first, found[0].last] == [Timestamp(milliseconds: 7), Timestamp(milliseconds: 9)])
    }

    @Test func `take bounded memory, however much reasons differ (P7)`() {
        var groups = LetterGroups()
        var letter = Event.letter(1)
        for number in 0..<LetterGroups.groupsMax + 100 {
            letter.reason =
                String(repeating: "x", count: number % 1000 + 1) + String(repeating: " ", count: number / 1000)
            groups.add(letter)
        }
        #expect(groups.sorted.count == LetterGroups.groupsMax + 1)
        #expect(groups.sorted[0].count == 100)
        #expect(groups.sorted[0].reason == "other reasons")
    }
}

@Suite struct `an event for people` {
    @Test func `has every fact on a line, its history, and the explanation`() {
        var event = Event.letter(1)
        event.explanation = "Because."
        #expect(
            EventText.lines(event) == [
                "id        \(event.id)",
                "function  orders",
                "state     dead-letter (exhausted)",
                "reason    3 attempts failed",
                "producer  uid:1001",
                "payload   2 B",
                "accepted  1970-01-01T00:00:01.000Z",
                "died      1970-01-01T00:00:02.000Z",
                "attempts  1 (1 charged)",
                "  1970-01-01T00:00:01.500Z: answered, HTTP 500 ServiceException, 7 ms, blamed on function: it broke",
                "Because.",
            ]
        )
    }

    @Test func `folds equal attempts, and shows texts from the network without their control characters (P11)`() {
        let attempt = Attempt(
            at: Timestamp(milliseconds: 0),
            lastAt: Timestamp(milliseconds: 1000),
            durationMilliseconds: 1,
            outcome: "answered",
            blame: "throttle",
            status: 429,
            message: "\u{1B}]0;x",
            charged: false,
            uncertain: true,
            count: 3
        )
        #expect(
            EventText.line(attempt)
                == "1970-01-01T00:00:00.000Z to 1970-01-01T00:00:01.000Z, 3 times: answered, HTTP 429, 1 ms, "
                + "blamed on throttle, not charged, uncertain: \\u{1b}]0;x"
        )
    }
}
