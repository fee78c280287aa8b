import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// Rows that are in the file and that a look-up doesn't find: SQLite says nothing, so the store has to (P2, P9).
@Suite("Hidden rows")
struct HiddenRowsTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    private func leave(_ count: Int, deliverAt: WallTime? = nil, dead: Int = 0) throws {
        var store = try openStore(path)
        let events = (0..<count).map { _ in StoreCommand.accept(StoreBench.event(deliverAt: deliverAt, key: nil)) }
        _ = try store.commit(events, now: startOfTest)
        let deaths = (0..<dead).map { StoreCommand.bury(sequence: Int64($0 + 1), .expired, reason: "test") }
        _ = try store.commit(deaths, now: startOfTest)
        try store.close(clean: true)
    }

    /// The leaves of a table whose root is the only page above them, in order.
    private func leaves(_ table: String) throws -> [Int] {
        let root = try PlainDatabase(path).rows("SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'")
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let page = try (#require(Int(root[0])) - 1) * 4096
        func number(_ place: Int, _ width: Int) -> Int {
            bytes[page + place..<page + place + width].reduce(0) { $0 << 8 | Int($1) }
        }
        try #require(bytes[page] == 5)
        let children = (0..<number(3, 2)).map { number(number(12 + 2 * $0, 2), 4) }
        return children + [number(8, 4)]
    }

    private func swap(_ one: Int, _ other: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        let pages = [one, other].map { ($0 - 1) * 4096..<$0 * 4096 }
        let contents = pages.map { Data(bytes[$0]) }
        bytes.replaceSubrange(pages[0], with: contents[1])
        bytes.replaceSubrange(pages[1], with: contents[0])
        try bytes.write(to: URL(filePath: path))
    }

    private func isDamage(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return false
        } catch StoreError.damaged {
            return true
        }
    }

    /// Walks to the end: how many slices it took.
    private func walk(_ reader: inout SQLiteReader, rows: Int) throws -> Int {
        var slices = 1
        while try !reader.walkOn(rows: rows) { slices += 1 }
        return slices
    }

    private static let swaps = [(0, 1), (1, 2), (1, -2), (0, -1), (-2, -1)]

    @Test(arguments: swaps, [false, true])
    func `pages of the queue that changed places end a claim`(pair: (Int, Int), isSkipped: Bool) throws {
        try leave(300)
        let leaves = try leaves("events")
        try swap(leaves[(pair.0 + leaves.count) % leaves.count], leaves[(pair.1 + leaves.count) % leaves.count])
        var store = try openStore(path)
        let function = try store.functions()[0].key
        var after: Int64 = 0
        let isMet = try isDamage {
            for _ in 0..<100 {
                let lane = ClaimRequest.Lane.fresh(after: after, through: .max, only: nil)
                let skip = isSkipped ? [function] : Set()
                let page = try store.claim(ClaimRequest(lane: lane, skip: skip, eventsMax: 50, scannedMax: 1000))
                if page.exhausted { return }
                after = page.throughSequence
            }
        }
        #expect(isMet)
        try store.close(clean: false)
    }

    @Test(arguments: swaps, [2, 7, 1000])
    func `a walk meets pages of the queue that changed places`(pair: (Int, Int), rows: Int) throws {
        try leave(300)
        let leaves = try leaves("events")
        try swap(leaves[(pair.0 + leaves.count) % leaves.count], leaves[(pair.1 + leaves.count) % leaves.count])
        var reader = try SQLiteReader.open(path)
        #expect(try isDamage { _ = try walk(&reader, rows: rows) })
    }

    @Test func `a walk meets pages of the dead letters that changed places`() throws {
        try leave(300, dead: 300)
        let leaves = try leaves("dead_letters")
        try swap(leaves[1], leaves[2])
        var reader = try SQLiteReader.open(path)
        #expect(try isDamage { _ = try walk(&reader, rows: 50) })
    }

    @Test(arguments: [nil, startOfTest.advanced(by: .minutes(1))])
    func `a walk meets a row that waits for a time under which no index has it`(dueAt: WallTime?) throws {
        try leave(10, deliverAt: dueAt)
        let index = "name = 'events_by_due'"
        let row = try PlainDatabase(path).rows("SELECT rootpage, sql FROM sqlite_schema WHERE \(index)")
        let (root, sql) = try #require(row[0].firstIndex(of: "|").map { (row[0][..<$0], row[0][$0...].dropFirst()) })
        func change(_ statement: String) throws {
            let schema = try PlainDatabase(path)
            try schema.execute("PRAGMA writable_schema = ON")
            try schema.execute(statement)
        }
        try change("DELETE FROM sqlite_schema WHERE \(index)")
        try PlainDatabase(path).execute("UPDATE events SET due_at = \(startOfTest.milliseconds + 1) WHERE seq = 4")
        try change("INSERT INTO sqlite_schema VALUES ('index', 'events_by_due', 'events', \(root), '\(sql)')")
        var reader = try SQLiteReader.open(path)
        #expect(try isDamage { _ = try walk(&reader, rows: 3) })
    }

    @Test(arguments: [1, 7, 100, 1000], [nil, startOfTest.advanced(by: .minutes(1))])
    func `a walk through a sound database ends and begins anew`(rows: Int, dueAt: WallTime?) throws {
        try leave(200, deliverAt: dueAt, dead: 50)
        var reader = try SQLiteReader.open(path)
        let slices = 150 / rows + 1 + 50 / rows + 1
        #expect(try walk(&reader, rows: rows) == slices)
        #expect(try walk(&reader, rows: rows) == slices)
    }

    @Test func `a walk takes what is committed meanwhile for no damage`() throws {
        try leave(200)
        var store = try openStore(path)
        var reader = try SQLiteReader.open(path)
        for number in 1...100 {
            let due = StoreBench.event(deliverAt: startOfTest.advanced(by: .seconds(Int64(number))), key: nil)
            let burials = [number, number + 100].map {
                StoreCommand.bury(sequence: Int64($0), .expired, reason: "test")
            }
            _ = try store.commit([.accept(due), .accept(StoreBench.event(key: nil))] + burials, now: startOfTest)
            if number % 10 == 0 { _ = try store.commit([.redrive(.all, limit: 3)], now: startOfTest) }
            _ = try reader.walkOn(rows: 6)
        }
        try store.close(clean: true)
    }
}
