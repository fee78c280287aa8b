import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@Suite("Rows of the queue without their contents")
struct WaitingRowsTests {
    let folder: TemporaryDirectory
    let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("queue.db")
    }

    @Test func `come by their numbers as long as they wait, and in accept order`() throws {
        var store = try openStore(path)
        _ = try store.commit((1...5).map { _ in .accept(StoreBench.event()) }, now: startOfTest)
        _ = try store.commit([.bury(sequence: 2, .expired, reason: "test")], now: startOfTest)
        var reader = try SQLiteReader.open(path)
        #expect(Set(try reader.waitingRows([1, 2, 5, 99]).map(\.sequence)) == [1, 5])
        #expect(try reader.waitingRows([]).isEmpty)
        #expect(try reader.waitingRows(after: 0, limit: 3).map(\.sequence) == [1, 3, 4])
        #expect(try reader.waitingRows(after: 4, limit: 3).map(\.sequence) == [5])
        #expect(try reader.waitingRows([1]).first?.ageFrom == startOfTest)
        try store.close(clean: true)
    }

    @Test func `with a due time come in order of it, page by page`() throws {
        var store = try openStore(path)
        let delays: [Int64?] = [nil, 300, 100, 200, nil]
        let events = delays.map { delay in
            var event = StoreBench.event()
            event.deliverAt = delay.map { startOfTest.advanced(by: .seconds($0)) }
            return StoreCommand.accept(event)
        }
        _ = try store.commit(events, now: startOfTest)
        var reader = try SQLiteReader.open(path)
        let first = try reader.dueRows(after: nil, limit: 2)
        #expect(first.map(\.place.sequence) == [3, 4])
        #expect(try reader.dueRows(after: first.last?.place, limit: 2).map(\.place.sequence) == [2])
        try store.close(clean: true)
    }
}
