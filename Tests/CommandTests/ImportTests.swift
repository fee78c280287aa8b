import AdminAPI
import Client
import Foundation
import Glibc
import TestSupport
import Testing

@testable import lambda_outbox

@Suite struct `import` {
    static func event(_ number: Int, function: String = "orders", state: String = "queued", payload: Int = 2) -> Event {
        Event(
            id: "01890a5d-ac96-774b-bcce-\(String(format: "%012x", number))",
            function: function,
            region: "eu-west-1",
            state: state,
            condition: state == "dead-letter" ? "expired" : nil,
            acceptedAt: Timestamp(milliseconds: 0),
            producer: "uid:1",
            payloadBytes: payload
        )
    }

    static func payload(_ event: Event) -> [UInt8] { Array(repeating: UInt8(ascii: "1"), count: event.payloadBytes) }

    /// As `salvage` writes it.
    static func salvaged(_ event: Event, marks: [String] = []) throws -> [UInt8] {
        let extras = SalvagedExtras(marks: marks, page: 3, partition: "aws")
        return try line(InvocationRecord.Letter(event: event, payload: payload(event), salvaged: extras))
    }

    private static func line(_ value: some Encodable) throws -> [UInt8] {
        try JSONLine.encode(["outbox": value]) + [UInt8(ascii: "\n")]
    }

    private func bringIn(
        _ lines: [[UInt8]],
        to letters: Letters = Letters(),
        dryRun: Bool = false
    ) async throws -> (summary: RecordImporter.Summary, told: [String]) {
        try await FakeDaemon.running(letters: letters) { daemon in
            let file = daemon.folder.file("lines")
            try Data(lines.joined()).write(to: URL(fileURLWithPath: file))
            return try await blocking {
                let descriptor = open(file, O_RDONLY)
                defer { close(descriptor) }
                let importer = RecordImporter(client: AdminClient(socketPath: daemon.adminSocket), dryRun: dryRun)
                var told: [String] = []
                let source = LineSource(descriptor: descriptor, max: RecordImporter.lineBytesMax)
                let (summary, _) = try importer.run(source) { told.append("\($0) \($1.outcome.rawValue)") }
                return (summary, told)
            }
        }
    }

    @Test func `takes lines of salvage, of dead export and of dead show`() async throws {
        let letters = Letters()
        let dead = Self.event(2, state: "dead-letter")
        var shown = try InvocationRecord.letter(Self.event(3, state: "dead-letter"), payload: [])
        shown.removeAll { $0 == UInt8(ascii: "\n") }
        let key = SalvagedKeyLine(
            name: nil,
            keyDigest: String(repeating: "ab", count: 16),
            contentDigest: "00",
            event: dead.id,
            rememberedUntil: nil,
            loose: false
        )
        let (summary, told) = try await bringIn(
            [
                Self.salvaged(Self.event(1)), InvocationRecord.line(dead, payload: Self.payload(dead)),
                shown + Array("\r\n\n".utf8), Self.line(key),
                Array(#"{"outbox":{"kind":"unreadable","reason":"r"}}"#.utf8) + [10],
                Array(#"{"outbox":{"kind":"summary"}}"#.utf8),
            ],
            to: letters
        )
        #expect((summary.events, summary.deadLetters, summary.keys) == (1, 2, 1))
        #expect((summary.refused, summary.others, told) == (0, 3, []))
        let order = try #require(await letters.orders.first)
        #expect(order.count == 4)
        #expect(order[0].event == Self.event(1))
        #expect(order[0].payload == "MTE=")
        #expect(order[0].partition == "aws")
        #expect(order[1].event?.state == "dead-letter")
        #expect(order[3].key == key)
    }

    @Test func `names lines that are out of form, and goes on`() async throws {
        let (summary, told) = try await bringIn([
            Array("{\n".utf8), try Self.salvaged(Self.event(1, function: "bad")), Array("17\n[]\n\"x\"\n".utf8),
            Array(#"{"outbox":{"kind":"other"}}"#.utf8) + [10], Array(#"{"outbox":{"id":1}}"#.utf8) + [10],
            [0xFF, 0xFE, 10], try Self.salvaged(Self.event(2)),
        ])
        #expect((summary.events, summary.refused) == (1, 8))
        #expect(told == (1...8).map { "\($0) refused" })
    }

    @Test func `says where it stopped for want of room`() async throws {
        let lines = try ["orders", "full", "orders"].enumerated().map {
            try Self.salvaged(Self.event($0.offset, function: $0.element))
        }
        let (summary, told) = try await bringIn(lines)
        #expect(summary.stop?.line == 1)
        #expect(summary.stop?.reason == "the queue is full")
        #expect(told == [])
    }

    @Test func `sends bounded orders, and a large record alone`() async throws {
        let letters = Letters()
        var lines = try (0..<450).map { try Self.salvaged(Self.event($0)) }
        lines.append(try Self.salvaged(Self.event(450, payload: 3 << 20)))
        lines.append(try Self.salvaged(Self.event(451)))
        let (summary, _) = try await bringIn(lines, to: letters)
        #expect(summary.events == 452)
        #expect(await letters.orders.map(\.count) == [200, 200, 50, 1, 1])
    }

    @Test func `a record that the daemon takes in no order is named, and the rest goes on`() async throws {
        let (summary, told) = try await bringIn([
            try Self.salvaged(Self.event(1)), try Self.salvaged(Self.event(2, payload: 13 << 20)),
            try Self.salvaged(Self.event(3)),
        ])
        #expect((summary.events, summary.refused) == (2, 1))
        #expect(summary.stop == nil)
        #expect(told == ["2 refused"])
    }

    @Test func `a line that is too long is named`() async throws {
        let long = Array(repeating: UInt8(ascii: "x"), count: RecordImporter.lineBytesMax + 1) + [10]
        let (summary, told) = try await bringIn([long, try Self.salvaged(Self.event(1))])
        #expect((summary.events, told) == (1, ["1 refused"]))
    }

    @Test(arguments: [
        ([String](), CommandStatus.done), (["orders"], .done), (["orders", "bad"], .invalid),
        (["orders", "full"], .refusedForNow),
    ])
    func `ends with a status that scripts can go by`(_ functions: [String], _ status: CommandStatus) async throws {
        try await FakeDaemon.running { daemon in
            let lines = try functions.enumerated().map {
                try Self.salvaged(Self.event($0.offset, function: $0.element))
            }
            let file = daemon.folder.file("lines")
            try Data(lines.joined()).write(to: URL(fileURLWithPath: file))
            #expect(await command(["import", file, "--admin", daemon.adminSocket]) == status)
            #expect(await command(["import", file + "x", "--admin", daemon.adminSocket]) == .notFound)
            let unreachable = await command(["import", file, "--admin", file + ".sock"])
            #expect(unreachable == (functions.isEmpty ? .done : .unreachable))
        }
    }

    @Test func `an import of what is here already is told in its summary`() async throws {
        let letters = Letters([(Self.event(1, state: "dead-letter"), [])])
        let (summary, told) = try await bringIn([Self.salvaged(Self.event(1, state: "dead-letter"))], to: letters)
        #expect((summary.here, told) == (1, ["1 here"]))
        #expect(ImportReport(summary, dryRun: true).words.hasSuffix("; 1 already here"))
    }
}
