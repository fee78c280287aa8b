import OutboxCore
import Salvage
import Testing

@Suite struct SalvageTests {
    @Test func `a sound database with its log gives every event, dead letter and key (P2)`() throws {
        let queue = try SampleQueue()
        let (records, summary) = SampleQueue.salvage(queue.database, queue.log)
        #expect(records.sound == queue.rows)
        #expect(records.events.count == queue.rows.count)
        #expect(Set(records.keys.map(\.digest)) == queue.keys)
        #expect(records.unreadable.isEmpty)
        #expect(summary.isComplete)
        #expect(summary.eventsExpected == summary.events)
        #expect(summary.deadLettersExpected == summary.deadLetters)
    }

    @Test func `a dead letter brings its history, its condition and its options`() throws {
        let queue = try SampleQueue()
        let letters = SampleQueue.salvage(queue.database, queue.log).records.events.filter { $0.detail.diedAt != nil }
        let letter = try #require(letters.first)
        #expect(letter.detail.condition == .rejected)
        #expect(letter.detail.reason == "Lambda refused it")
        #expect(letter.detail.attempts.map(\.status) == [400])
        #expect(letter.detail.headers.tenantID == "tenant")
        #expect(letter.detail.keyKind == 1)
    }

    @Test func `without its log a database gives what the file has`() throws {
        let queue = try SampleQueue(events: 120, checkpointed: 80)
        let (records, summary) = SampleQueue.salvage(queue.database)
        #expect(summary.events == 80)
        #expect(records.events.allSatisfy { $0.marks.isEmpty && $0.detail.sequence <= 80 })
    }

    @Test func `what was handed over does not come back out of old frames of the log`() throws {
        let queue = try SampleQueue()
        let (records, _) = SampleQueue.salvage(queue.database, queue.log)
        #expect(Set(records.events.map(\.detail.id)) == Set(queue.rows.keys))
    }

    @Test func `a log that is damaged in its midst counts up to there, the rest is loose`() throws {
        let queue = try SampleQueue(events: 120, checkpointed: 60)
        var log = queue.log
        log[log.count / 2] ^= 0xFF
        let (records, summary) = SampleQueue.salvage(queue.database, log)
        #expect(records.unreadable.contains { $0.reason.contains("the log is damaged at byte") })
        #expect(!summary.isComplete)
        #expect(summary.events >= 60)
        #expect(records.events.contains { $0.marks.contains(.loose) })
        for event in records.events where event.marks.isEmpty {
            #expect(event.payload.starts(with: Array("{\"n\":".utf8)))
        }
    }

    @Test func `a payload that was altered is written, and marked`() throws {
        let queue = try SampleQueue(events: 30, checkpointed: 30)
        let row = try #require(queue.rows.values.first { $0.state == .queued && $0.payload.count > 9_000 })
        var database = queue.database
        // Deep in an overflow page.
        let needle = Array(repeating: UInt8(ascii: "x"), count: 3_000)
        let place = try #require(database.firstRange(of: needle)?.lowerBound)
        database[place + 1_000] = UInt8(ascii: "y")
        let (records, summary) = SampleQueue.salvage(database)
        let marked = records.events.filter { $0.marks == [.payloadChecksum] }
        #expect(marked.count == 1)
        #expect(marked[0].payload.count >= row.payload.count - 300)
        #expect(summary.marked == 1)
        #expect(!summary.isComplete)
    }

    @Test(arguments: [1, 3, 4, 9, 12])
    func `the first page of a table may be lost, or that of the schema`(page: Int) throws {
        let queue = try SampleQueue(events: 300, checkpointed: 300)
        var database = queue.database
        for offset in (page - 1) * 4096..<page * 4096 { database[offset] = 0 }
        let (records, summary) = SampleQueue.salvage(database)
        #expect(!summary.isComplete)
        let expected = Set(SampleQueue.salvage(queue.database).records.events.map(\.detail.id))
        let found = Set(records.events.map(\.detail.id))
        // A single page may be the table itself: then its rows are gone, and listed.
        #expect(found == expected || records.unreadable.contains { $0.page == page })
        if page == 9 { #expect(found.count > 200, "children of a lost root are found by the pointer map") }
        if page == 1 { #expect(found == expected) }
    }

    @Test func `each page of a small queue may be zeroed, and what is missing is told`() throws {
        let queue = try SampleQueue(events: 100, checkpointed: 100)
        let expected = SampleQueue.salvage(queue.database).records
        for page in 1...queue.database.count / 4096 {
            var database = queue.database
            for offset in (page - 1) * 4096..<page * 4096 { database[offset] = 0 }
            let (records, summary) = SampleQueue.salvage(database)
            let missing = Set(expected.sound.keys).subtracting(records.sound.keys)
            #expect(missing.isEmpty || !summary.isComplete, "page \(page)")
        }
    }

    @Test func `a file that ends early gives what is there`() throws {
        let queue = try SampleQueue(events: 200, checkpointed: 200)
        let (records, summary) = SampleQueue.salvage(Array(queue.database.prefix(queue.database.count * 2 / 3)))
        #expect(!summary.isComplete)
        #expect(records.sound.count > 50)
        #expect(summary.missing > 0)
    }

    @Test func `a row whose overflow pages are gone is listed with its id`() throws {
        let queue = try SampleQueue(events: 60, checkpointed: 60)
        var database = queue.database
        let needle = Array(repeating: UInt8(ascii: "x"), count: 4_000)
        let place = try #require(database.firstRange(of: needle)?.lowerBound)
        let page = place / 4096
        // Its pointer to the next page of the chain.
        for offset in page * 4096..<page * 4096 + 4 { database[offset] = 0xFF }
        let (records, _) = SampleQueue.salvage(database)
        let lost = records.unreadable.compactMap(\.id)
        #expect(lost.count == 1)
        #expect(queue.rows[lost[0]] != nil)
        #expect(records.sound[lost[0]] == nil)
    }

    @Test func `a function whose name was altered marks its events`() throws {
        let queue = try SampleQueue(events: 60, checkpointed: 60)
        var database = queue.database
        let name = Array("orders-1".utf8)
        let page = 3 * 4096..<4 * 4096
        let place = try #require(database[page].firstRange(of: name)?.lowerBound)
        database[place + 7] = UInt8(ascii: "9")
        let (records, _) = SampleQueue.salvage(database)
        let marked = records.events.filter { $0.detail.function.name == "orders-9" }
        #expect(!marked.isEmpty)
        #expect(marked.allSatisfy { $0.marks == [.rowChecksum] })
    }

    @Test(arguments: [16, 17, 18, 20, 28, 52, 56, 60, 96])
    func `whatever the header of the file says, its pages are read`(offset: Int) throws {
        let queue = try SampleQueue(events: 60, checkpointed: 60)
        var database = queue.database
        database[offset] ^= 0x55
        #expect(SampleQueue.salvage(database).records.sound == SampleQueue.salvage(queue.database).records.sound)
    }
}
