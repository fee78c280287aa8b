import OutboxCore
import Salvage
import Testing

/// Damage of every kind, by seed: a salvage ends, never traps, alters nothing without a mark, and says what is missing.
@Suite struct FlippedBitsTests {
    @Test(arguments: 0..<8)
    func `random damage is survived and told`(part: Int) throws {
        let queue = try SampleQueue(events: 150, checkpointed: 100)
        let whole = SampleQueue.salvage(queue.database, queue.log).records.sound
        for seed in part * 40..<(part + 1) * 40 {
            var random = SampleRandom(seed: UInt64(seed) + 1)
            var (database, log) = (queue.database, queue.log)
            Self.damage(&database, &log, &random)
            let (records, summary) = SampleQueue.salvage(database, log)
            let altered = records.events.count { event in
                guard event.marks.isEmpty else { return false }
                let row = queue.accepted[event.detail.id]
                return row?.payload != event.payload || row?.function != event.detail.function
            }
            #expect(altered == 0, "seed \(seed): altered events without a mark")
            let missing = Set(whole.keys).subtracting(records.sound.keys)
            let isAltered = records.sound.keys.contains { whole[$0] == nil }
            #expect(missing.isEmpty || !summary.isComplete || isAltered, "seed \(seed): \(missing.count) missing")
        }
    }

    private static func damage(_ database: inout [UInt8], _ log: inout [UInt8], _ random: inout SampleRandom) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                let page = Int.random(in: 0..<database.count / 4096, using: &random)
                for offset in page * 4096..<(page + 1) * 4096 { database[offset] = 0 }
            case 1:
                let place = Int.random(in: 0..<database.count, using: &random)
                for offset in place..<min(place + 64, database.count) {
                    database[offset] = UInt8.random(in: 0...255, using: &random)
                }
            case 2: if !log.isEmpty { log[Int.random(in: 0..<log.count, using: &random)] ^= 0x10 }
            case 3: log.removeLast(Int.random(in: 0...log.count, using: &random))
            case 4:
                let one = Int.random(in: 0..<database.count / 4096, using: &random) * 4096
                let other = Int.random(in: 0..<database.count / 4096, using: &random) * 4096
                for offset in 0..<4096 { database.swapAt(one + offset, other + offset) }
            default:
                // Headers, pointers and lengths stand at the beginning of pages.
                let page = Int.random(in: 0..<database.count / 4096, using: &random)
                let place = page * 4096 + Int.random(in: 0..<120, using: &random)
                database[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            database.removeLast(Int.random(in: 0..<database.count, using: &random) & ~511)
        }
    }

    @Test func `noise in the place of a database is survived`() {
        for seed in 0..<200 {
            var random = SampleRandom(seed: UInt64(seed) + 1)
            var noise = (0..<4096 * 6).map { _ in UInt8.random(in: 0...255, using: &random) }
            let log = (0..<4096 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Pages that claim to be some of a tree.
            for page in 0..<6 { noise[page * 4096] = [2, 5, 10, 13][page % 4] }
            let (records, summary) = SampleQueue.salvage(noise, log)
            #expect(records.events.isEmpty)
            #expect(!summary.isComplete)
        }
    }
}
