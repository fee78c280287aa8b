import AdminAPI
import Client
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `texts for people` {
    @Test func `a table has aligned columns, and a heading on a terminal only`() {
        var table = Table("ID", "NAME", "WHY")
        table.add("1", "orders", "")
        table.add("22", "b", "late\u{1B}[31m")
        #expect(table.lines(withHeading: false) == ["1   orders", "22  b       late\\u{1b}[31m"])
        #expect(table.lines(withHeading: true)[0] == "ID  NAME    WHY")
    }

    @Test func `an empty table is nothing, not even a heading`() {
        #expect(Table("ID").lines(withHeading: true) == [])
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

@Suite struct `the status screen` {
    @Test func `shows queue, states with their reasons, dead letters, disk and counts`() {
        var counters = Counters()
        counters.accepted = 10
        counters.handedOver = 7
        counters.attempts = ["none": 7, "function": 2, "route": 1, "event": 0]
        let status = Status(
            accepting: false,
            refusingBecause: "the disk is full",
            version: "1.2.3",
            instanceID: "i",
            uptimeSeconds: 3700,
            queued: 2,
            queuedBytes: 2048,
            dead: 1,
            deadBytes: 10,
            inFlight: 1,
            oldest: OldestEvent(id: "e-1", function: "orders", ageSeconds: 75),
            functions: [
                FunctionStatus(
                    function: "orders",
                    state: "suspended",
                    reason: "5 failures in a row",
                    since: Timestamp(milliseconds: 0),
                    nextProbeAt: Timestamp(milliseconds: 1000),
                    queued: 2,
                    dead: 0,
                    inFlight: 0
                ),
                FunctionStatus(function: "mail:live", state: "active", queued: 0, dead: 1, inFlight: 1),
            ],
            routes: [
                RouteStatus(
                    name: "eu",
                    endpoint: "http://127.0.0.1:1",
                    region: "eu-west-1",
                    state: "active",
                    credentials: "environment",
                    inFlight: 1
                )
            ],
            deadLetters: [LetterGroup(function: "mail:live", condition: "exhausted", count: 1, example: "e-2")],
            store: StoreStatus(path: "/db", bytes: 4096, walBytes: 0, diskFreeBytes: 1 << 30),
            counters: counters
        )
        #expect(
            StatusText.lines(status) == [
                "lambda-outbox 1.2.3, up 1h 1m, NOT accepting: the disk is full",
                "queued 2 (2.0 KiB), in flight 1, dead letters 1 (10 B)",
                "oldest: orders, waiting for 1m 15s, e-1",
                "functions:",
                "  orders     suspended  2 queued  0 in flight  0 dead  5 failures in a row; "
                    + "since 1970-01-01T00:00:00.000Z; next probe 1970-01-01T00:00:01.000Z",
                "  mail:live  active     0 queued  1 in flight  1 dead",
                "routes:",
                "  eu  active  1 in flight  environment",
                "dead letters:",
                "  mail:live  exhausted  1  e-2",
                "store: /db, 4.0 KiB, log 0 B, 1.0 GiB free on disk",
                "since start: accepted 10, repeats 0, refused 0, handed over 7, dead 0, attempts 10 "
                    + "(failed: function 2, route 1)",
            ]
        )
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
