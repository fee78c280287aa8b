import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

/// What finds keys is made anew from the keys, wherever it is damaged.
@Suite("Damaged idempotency keys")
struct KeyDamageTests {
    private static let count = 400
    private static let trim = StoreCommand.trim(historyBefore: startOfTest, historyMax: .max, limit: 100)

    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory(inMemory: true)
        path = folder.file("queue.db")
    }

    private func event(_ number: Int) -> NewEvent {
        StoreBench.event(payload: "1", key: StoreBench.key("k\(number)", window: .hours(5)))
    }

    /// Some hundred keys, most of them in segments that are closed and indexed.
    private func fill() throws {
        var store = try KeyModelTests.open(path)
        for number in 0..<Self.count { _ = try store.commit([.accept(event(number))], now: startOfTest) }
        for _ in 0..<50 { _ = try store.commit([Self.trim], now: startOfTest) }
        #expect(store.keys.segments.count { $0.state == .indexed } > 5)
        try store.close(clean: true)
        #expect(try problems() == [])
    }

    private func problems() throws -> [String] {
        let found = try Verification.of(path, bootID: "boot-1", quick: false) { StoreBench.digest(UInt64($0.count)) }
        return found.file + found.counters
    }

    /// Keys that aren't remembered.
    private func forgotten(_ store: inout SQLiteStore) throws -> [Int] {
        try (0..<Self.count).filter { number in
            try store.lookUpRepeat(of: event(number), now: startOfTest)?.short != "repeated \(number + 1) queued"
        }
    }

    @Test(arguments: [
        "UPDATE key_pages SET data = zeroblob(length(data)) WHERE page & 0x800000 = 0",
        "UPDATE key_pages SET data = zeroblob(length(data)) WHERE page & 0x800000 <> 0",
        "UPDATE key_pages SET data = x'00'", "DELETE FROM key_pages", "DELETE FROM key_pages WHERE page & 0x800000 = 0",
        "UPDATE key_pages SET data = (SELECT data FROM key_pages p WHERE p.page & 0x800000 = key_pages.page & 0x800000)",
        "UPDATE meta SET key_secret = NULL", "UPDATE meta SET key_secret = x'00112233445566778899aabbccddeeff'",
        "UPDATE key_segments SET state = 1 WHERE state = 2",
    ])
    func `pages that are damaged or gone are made anew, and every key is found meanwhile (P4)`(damage: String) throws {
        try fill()
        try PlainDatabase(path).execute(damage)
        var store = try KeyModelTests.open(path)
        #expect(try forgotten(&store) == [])
        for _ in 0..<200 { _ = try store.commit([Self.trim], now: startOfTest) }
        #expect(store.keys.segments.allSatisfy { $0.state == .indexed || $0.state == .active })
        try store.close(clean: true)
        #expect(try problems() == [])
        store = try KeyModelTests.open(path)
        #expect(try forgotten(&store) == [])
    }

    /// From under a store that has it open: its tables still lead there.
    @Test(arguments: ["", "WHERE position >= (SELECT max(segment) FROM key_segments) << 24"])
    func `keys whose entries are gone are forgotten, and nothing else`(which: String) throws {
        try fill()
        var store = try KeyModelTests.open(path)
        for number in Self.count..<Self.count + 3 {
            _ = try store.commit([.accept(event(number))], now: startOfTest)
        }
        try PlainDatabase(path).execute("DELETE FROM key_entries \(which)")
        let last = event(Self.count + 2)
        #expect(try store.lookUpRepeat(of: last, now: startOfTest) == nil)
        guard case .accepted? = try store.commit([.accept(last)], now: startOfTest).first else {
            Issue.record("not accepted anew")
            return
        }
        #expect(try store.lookUpRepeat(of: last, now: startOfTest) != nil)
        #expect(try (forgotten(&store).count == Self.count) == which.isEmpty)
    }

    @Test func `pages that are made anew count once all of them are there`() throws {
        var options = KeyOptions()
        options.capacityMin = 5000
        options.sliceMin = 1
        var store = try KeyModelTests.open(path, options)
        for first in stride(from: 0, to: 5001, by: 1667) {
            _ = try store.commit((first..<first + 1667).map { .accept(event($0)) }, now: startOfTest)
        }
        for _ in 0..<9 { _ = try store.commit([Self.trim], now: startOfTest) }
        try store.close(clean: true)
        let state = "SELECT state FROM key_segments WHERE segment = 1"
        #expect(try PlainDatabase(path).rows(state) == ["2"])
        try PlainDatabase(path).execute("UPDATE key_pages SET data = zeroblob(length(data)) WHERE page = 1 << 24")
        store = try KeyModelTests.open(path, options)
        #expect(try forgotten(&store) == [])
        _ = try store.commit([Self.trim], now: startOfTest)
        #expect(try PlainDatabase(path).rows(state) == ["1"])
        for _ in 0..<9 { _ = try store.commit([Self.trim], now: startOfTest) }
        #expect(try PlainDatabase(path).rows(state) == ["2"])
        try store.close(clean: true)
        #expect(try problems() == [])
    }

    @Test func `damaged pages are told`() throws {
        try fill()
        try PlainDatabase(path).execute("UPDATE key_pages SET data = zeroblob(length(data))")
        #expect(try problems().contains { $0.contains("pages of the index of keys") })
    }

    @Test(arguments: ["min", "max"])
    func `a damaged row of entries holds none, is told, and nothing is written over it (P4)`(end: String) throws {
        try fill()
        try PlainDatabase(path).execute(
            """
            UPDATE key_entries SET entries = zeroblob(length(entries))
            WHERE position = (SELECT \(end)(position) FROM key_entries)
            """
        )
        #expect(try problems().contains { $0.contains("1 damaged rows of keys") })
        var store = try KeyModelTests.open(path)
        #expect(try forgotten(&store) == [end == "min" ? 0 : Self.count - 1])
        for number in Self.count..<Self.count + 30 { _ = try store.commit([.accept(event(number))], now: startOfTest) }
        for number in Self.count..<Self.count + 30 {
            let answer = try store.lookUpRepeat(of: event(number), now: startOfTest)?.short
            #expect(answer == "repeated \(number + 1) queued")
        }
    }

    @Test func `a segment that can't be is damage`() throws {
        try fill()
        try PlainDatabase(path).execute("UPDATE key_segments SET capacity = 1 << 40")
        #expect {
            _ = try KeyModelTests.open(path)
        } throws: { error in
            if case .damaged? = error as? StoreError { true } else { false }
        }
    }
}
