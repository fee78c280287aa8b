import AdminAPI
import OutboxCore
import Testing

@testable import Daemon

@Suite("Records of an import")
struct ImportCheckTests {
    static let now = WallTime(milliseconds: 1_700_000_000_000)
    static let id = EventID(acceptedAt: now, sequence: 5, generation: 9, random: 7)
    private let checks = ImportChecks(
        isRouted: { $0.region == "eu-west-1" },
        hash: { Digest256(words: (UInt64($0.count) + 1, 2, 3, 4)) },
        now: now
    )

    static func record() -> ImportRecord {
        var event = Event(
            id: id.description,
            function: "orders",
            region: "eu-west-1",
            state: "queued",
            acceptedAt: Timestamp(milliseconds: now.milliseconds),
            producer: "uid:1",
            payloadBytes: 2
        )
        event.idempotencyKey = "k"
        event.keyKind = 1
        event.keyUntil = Timestamp(milliseconds: now.milliseconds + 5)
        event.attempts = [
            Attempt(at: event.acceptedAt, durationMilliseconds: 1, outcome: "answered", charged: true, uncertain: false)
        ]
        return ImportRecord(event: event, payload: "e30=", marks: [], partition: "aws")
    }

    private func event(_ change: (inout ImportRecord) -> Void) throws -> ImportedEvent {
        var record = Self.record()
        change(&record)
        guard case .event(let event) = try checks.record(record) else { throw ImportProblem("no event") }
        return event
    }

    @Test func `a sound one comes in as it is`() throws {
        let event = try event { _ in }
        #expect(event.id == Self.id)
        #expect(event.place == .queue)
        #expect(event.event.function.description == "orders")
        #expect(event.event.payload == Array("{}".utf8))
        #expect(event.event.dedupe?.kind == .idempotencyKey)
        #expect(event.keyUntil == Self.now.advanced(by: .milliseconds(5)))
        #expect(event.attempts == 1)
        #expect(event.lines.count == 1)
    }

    @Test(arguments: ["payload-checksum", "row-checksum", "row-number"])
    func `one that isn't what was accepted is never delivered`(_ mark: String) throws {
        let event = try event { $0.marks = [mark] }
        guard case .deadLetters(.corrupt, _, _) = event.place else {
            Issue.record("\(event.place)")
            return
        }
        #expect(event.event.payloadDigest == Digest256(words: (0, 0, 0, 0)))
        #expect(!event.takesKey)
    }

    @Test func `one that may have left long ago waits for an operator`() throws {
        let event = try event { $0.marks = ["loose"] }
        guard case .deadLetters(.moved, _, Self.now) = event.place else {
            Issue.record("\(event.place)")
            return
        }
    }

    @Test func `a counter leaves room for what is still to be counted`() throws {
        for counter in [\Event.attemptCount, \Event.chargedAttempts, \Event.redriven] {
            #expect(throws: Never.self) { try event { $0.event?[keyPath: counter] = 100_000_000 } }
            #expect(throws: ImportProblem.self) { try event { $0.event?[keyPath: counter] = 1_000_000_000 } }
        }
    }

    @Test func `a death that lies ahead counts from now`() throws {
        let event = try event { record in
            record.event?.state = "dead-letter"
            record.event?.condition = "expired"
            record.event?.diedAt = Timestamp(milliseconds: Self.now.milliseconds + 1)
        }
        guard case .deadLetters(.expired, _, Self.now) = event.place else {
            Issue.record("\(event.place)")
            return
        }
    }

    @Test func `a time that was promised is kept, a retry's isn't`() throws {
        let later = Timestamp(milliseconds: Self.now.milliseconds + 1000)
        #expect(try event { $0.event?.nextAttemptAt = later }.event.deliverAt == Self.now.advanced(by: .seconds(1)))
        let tried = try event { record in
            record.event?.nextAttemptAt = later
            record.event?.attemptCount = 1
        }
        #expect(tried.event.deliverAt == nil)
        let never = Timestamp(milliseconds: .max)
        #expect(try event { $0.event?.nextAttemptAt = never }.event.deliverAt == Self.now.advanced(by: .days(30)))
    }

    @Test func `a key without a kind, or without a window, is taken for what it is`() throws {
        let event = try event { record in
            record.event?.keyKind = nil
            record.event?.keyUntil = nil
            record.event?.durableExecutionName = "k"
        }
        #expect(event.event.dedupe?.kind == .durableExecutionName)
        #expect(event.keyUntil == Self.now)
    }

    struct Hostile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout ImportRecord) -> Void
        init(_ words: String, _ change: @escaping @Sendable (inout ImportRecord) -> Void) {
            testDescription = words
            self.change = change
        }
    }

    @Test(arguments: [
        Hostile("nothing") { $0 = ImportRecord() },
        Hostile("both") { $0.key = ImportedKeys.sound },
        Hostile("an id that is none") { $0.event?.id = "x" },
        Hostile("an id of somebody else") { $0.event?.id = "7c9e6679-7425-40de-944b-e07fc1f90ae7" },
        Hostile("number 0") {
            $0.event?.id = EventID(acceptedAt: now, sequence: 0, generation: 9, random: 7).description
        },
        Hostile("no function") { $0.event?.function = "" },
        Hostile("a path for a function") { $0.event?.function = "../../x" },
        Hostile("a function with a qualifier in it") { $0.event?.function = "orders:live" },
        Hostile("a long function") { $0.event?.function = String(repeating: "a", count: 600) },
        Hostile("a bad qualifier") { $0.event?.qualifier = "a b" },
        Hostile("no region") { $0.event?.region = nil },
        Hostile("a host for a region") { $0.event?.region = "evil.example" },
        Hostile("a region without a route") { $0.event?.region = "us-east-1" },
        Hostile("an account that is none") { $0.event?.account = "12" },
        Hostile("a partition that is none") { $0.partition = "x:y" },
        Hostile("a function that nobody knows") { $0.marks = ["function-unknown"] },
        Hostile("no payload") { $0.payload = nil },
        Hostile("no base64") { $0.payload = "{}" },
        Hostile("another payload") { $0.payload = "e30gIA==" },
        Hostile("no JSON") { $0.payload = "e3s=" },
        Hostile("a large payload") { record in
            record.payload = String(repeating: "MTEx", count: (2 << 20) + 1)
            record.event?.payloadBytes = (6 << 20) + 3
        },
        Hostile("handed over") { $0.event?.state = "handed-over" },
        Hostile("an unknown state") { $0.event?.state = "" },
        Hostile("a letter without a condition") { $0.event?.state = "dead-letter" },
        Hostile("a long reason") { record in
            record.event?.state = "dead-letter"
            record.event?.condition = "expired"
            record.event?.reason = String(repeating: "a", count: 1001)
        },
        Hostile("a producer with a line break") { $0.event?.producer = "uid:1\n" },
        Hostile("a negative count") { $0.event?.redriven = -1 },
        Hostile("a count beyond all") { $0.event?.attemptCount = .max },
        Hostile("a header that isn't one") { $0.event?.traceID = "a\r\nb" },
        Hostile("a tenant that is none") { $0.event?.tenantID = "\u{1}" },
        Hostile("a client context that is none") { $0.event?.clientContext = "e3s=" },
        Hostile("an empty key") { $0.event?.idempotencyKey = "" },
        Hostile("a kind that is none") { $0.event?.keyKind = 5 },
        Hostile("a history without end") { record in
            let line = record.event!.attempts![0]
            record.event?.attempts = Array(repeating: line, count: 14)
        },
        Hostile("an outcome that is none") { $0.event?.attempts?[0].outcome = "x" },
        Hostile("a blame that is none") { $0.event?.attempts?[0].blame = "x" },
        Hostile("a line of no attempt") { $0.event?.attempts?[0].count = 0 },
        Hostile("a long message") { $0.event?.attempts?[0].message = String(repeating: "a", count: 1025) },
    ])
    func `a field that the door or the store would not take is refused`(_ hostile: Hostile) {
        var record = Self.record()
        hostile.change(&record)
        #expect(throws: ImportProblem.self) { try checks.record(record) }
    }

    @Test func `keys are held to the same rules`() throws {
        var record = ImportRecord(key: ImportedKeys.sound)
        guard case .key(let key) = try checks.record(record) else {
            Issue.record("no key")
            return
        }
        #expect(key.event == Self.id)
        #expect(key.content.bytes == Array(repeating: 0xAB, count: 16))
        let function = FunctionIdentity(
            partition: "aws",
            account: "-",
            region: "eu-west-1",
            name: "orders",
            qualifier: "-"
        )
        let digest = DedupeKey.digest(.idempotencyKey, "k", producer: "uid:1", function: function, hash: checks.hash)
        #expect(key.digest == digest)
        record.key?.name = nil
        record.key?.keyDigest = digest.description
        record.key?.contentDigest = String(repeating: "ab", count: 16)
        #expect(try checks.record(record) == .key(key), "by its digest")
        let changes: [(inout SalvagedKeyLine) -> Void] = [
            { $0.loose = true }, { $0.contentDigest = "ab" }, { $0.contentDigest = String(repeating: "é", count: 32) },
            { $0.keyKind = 0 }, { $0.key = "" }, { $0.event = "x" }, { $0.producer = "" }, { $0.function = "" },
            { $0.region = "us-east-1" }, { $0.partition = nil }, { $0.keyDigest = "ab" },
            { $0.contentDigest = String(repeating: "ab", count: 16) + String(repeating: "x", count: 32) },
        ]
        for change in changes {
            record.key = ImportedKeys.sound
            change(&record.key!)
            #expect(throws: ImportProblem.self) { try checks.record(record) }
        }
    }
}

enum ImportedKeys {
    static let sound = SalvagedKeyLine(
        name: SalvagedKeyLine.Name(
            producer: "uid:1",
            function: "orders",
            qualifier: nil,
            region: "eu-west-1",
            account: nil,
            partition: "aws",
            keyKind: 1,
            key: "k"
        ),
        keyDigest: nil,
        contentDigest: String(repeating: "ab", count: 32),
        event: ImportCheckTests.id.description,
        rememberedUntil: nil,
        loose: false
    )
}
