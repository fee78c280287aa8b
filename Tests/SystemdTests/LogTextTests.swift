import Testing

@testable import Systemd

@Suite("Text for the log")
struct LogTextTests {
    @Test(arguments: [
        ("plain, with ü and 日本", "plain, with ü and 日本"), ("two\nlines", #"two\u{a}lines"#),
        ("\u{1b}[31mred", #"\u{1b}[31mred"#), ("right\u{202e}left", #"right\u{202e}left"#), ("\r\n", #"\u{d}\u{a}"#),
        ("\u{2028}", #"\u{2028}"#), ("", ""),
    ])
    func `what steers a terminal is written out`(text: String, shown: String) {
        #expect(LogText.line(text) == shown)
    }

    @Test func `what is too long is cut and says so`() {
        #expect(LogText.line("abcdef", bytesMax: 4) == "abcd…")
        #expect(LogText.line("abcd", bytesMax: 4) == "abcd")
        #expect(LogText.line("ééé", bytesMax: 3) == "éé…")
    }

    @Test(arguments: [
        ("orders", "orders"), ("not found", #""not found""#), ("", #""""#), ("a=b", #""a=b""#),
        (#"say "no""#, #""say \"no\"""#),
    ])
    func `a value that would run into the next stands in quotes`(text: String, shown: String) {
        #expect(LogText.value(text) == shown)
    }
}
