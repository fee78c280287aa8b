import Foundation
import OutboxCore
import SQLiteStore
import TestSupport
import Testing

@testable import Salvage

@Suite struct `the forms and places of tables` {
    @Test func `are those of a database as it is made today`() throws {
        let queue = try SampleQueue(events: 30, checkpointed: 30)
        var forest = Forest(PageSource(DamagedFiles(database: queue.database)))
        var walk = TreeWalk(.schema, root: 1)
        var roots: [String: Int64] = [:]
        while let finding = walk.next(&forest) {
            for record in finding.rows.compactMap(\.record) where record.text(0) == "table" {
                roots[record.text(1) ?? ""] = record.integer(3)
            }
        }
        for table in Table.allCases where table != .schema {
            #expect(roots[table.rawValue] == Int64(table.usualRoot), "\(table)")
        }
    }

    @Test(
        arguments: [
            (0, [0x00]), (127, [0x7F]), (128, [0x81, 0x00]), (-1, Array(repeating: 0xFF, count: 9)),
        ] as [(Int64, [UInt8])]
    )
    func `read varints, and none that is cut`(value: Int64, bytes: [UInt8]) {
        let view = ByteView(bytes: bytes)
        #expect(view.varint(0, end: bytes.count)?.value == value)
        #expect(view.varint(0, end: bytes.count - 1) == nil)
    }

    @Test func `a number is known by what was inserted, in order or not`() {
        var set = SequenceSet()
        for number in [1, 2, 3, 10, 5, 11] as [Int64] { set.insert(number) }
        #expect([1, 2, 3, 5, 10, 11].allSatisfy { set.contains($0) })
        #expect([0, 4, 6, 9, 12].allSatisfy { !set.contains($0) })
    }
}
