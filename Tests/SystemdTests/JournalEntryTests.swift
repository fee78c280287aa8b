import Logging
import Testing

@testable import Systemd

@Suite("An entry of the journal")
struct JournalEntryTests {
    private func entry(_ message: String, _ metadata: [String: String], level: Logger.Level = .info) -> JournalEntry {
        JournalEntry(level: level, message: message, metadata: metadata, identifier: "lambda-outbox")
    }

    private func value(_ name: String, of entry: JournalEntry) -> String? {
        entry.fields.first { $0.name == name }?.value
    }

    @Test func `metadata stand in the message and in fields of their own`() {
        let entry = entry("function suspended", ["reason": "not found", "function": "orders:live"], level: .warning)
        #expect(
            entry.fields == [
                .init(name: "MESSAGE", value: #"function suspended: function=orders:live reason="not found""#),
                .init(name: "PRIORITY", value: "4"),
                .init(name: "SYSLOG_IDENTIFIER", value: "lambda-outbox"),
                .init(name: "OUTBOX_FUNCTION", value: "orders:live"),
                .init(name: "OUTBOX_REASON", value: "not found"),
            ]
        )
    }

    @Test func `a message alone stands as it is`() {
        #expect(value("MESSAGE", of: entry("door closed", [:])) == "door closed")
    }

    @Test(arguments: [
        ("function", "OUTBOX_FUNCTION"), ("event", "OUTBOX_EVENT_ID"), ("event_id", "OUTBOX_EVENT_ID"),
        ("failed_probes", "OUTBOX_FAILED_PROBES"), ("door.max-x", "OUTBOX_DOOR_MAX_X"), ("größe", "OUTBOX_GR__E"),
        ("a\nMESSAGE=x", "OUTBOX_A_MESSAGE_X"),
        (String(repeating: "k", count: 80), "OUTBOX_" + String(repeating: "K", count: 57)),
    ])
    func `names are capitals, digits and underscores, at most 64`(key: String, name: String) {
        #expect(JournalEntry.name(key) == name)
    }

    @Test(arguments: ["", "é", "_", "\n="]) func `a key of nothing that counts makes no field`(key: String) {
        #expect(JournalEntry.name(key) == nil)
    }

    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func `levels are those of syslog`(level: Logger.Level, priority: Int) {
        #expect(value("PRIORITY", of: entry("x", [:], level: level)) == "\(priority)")
    }

    @Test func `a value can't begin a line or another field`() {
        let entry = entry("route suspended\nPRIORITY=0", ["reason": "x\nMESSAGE=forged\u{1b}[2J"])
        for field in entry.fields {
            #expect(!field.value.unicodeScalars.contains { $0.value < 0x20 })
        }
        #expect(entry.fields.count == 4)
        #expect(value("OUTBOX_REASON", of: entry) == #"x\u{a}MESSAGE=forged\u{1b}[2J"#)
    }

    @Test func `the number and the length of fields are bounded`() {
        let many = Dictionary(uniqueKeysWithValues: (0..<100).map { ("key\($0)", String(repeating: "v", count: 9000)) })
        let entry = entry("x", many)
        #expect(entry.fields.count == 3 + JournalEntry.metadataMax)
        #expect(entry.fields.dropFirst().allSatisfy { $0.value.utf8.count <= LogText.bytesMax + 3 })
    }
}
