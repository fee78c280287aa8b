import OutboxCore
import Testing

/// Event ids are UUIDv7 that carry the row's sequence number (RFC 9562 §5.7).
struct EventIDTests {
    static let sequences: [Int64] = [0, 1, 0x3FFF_FFFF, 0x4000_0000, 1 << 41, (1 << 42) - 1]

    @Test(arguments: sequences)
    func `an id gives back what it was made of, and is a UUIDv7`(sequence: Int64) {
        let time = WallTime(milliseconds: 1_795_000_000_123)
        let id = EventID(acceptedAt: time, sequence: sequence, generation: 0xBEEF, random: 0xFFFF)
        #expect(id.sequence == sequence)
        #expect(id.acceptedAt == time)
        #expect(id.generation == 0xBEEF)
        let text = Array(id.description.utf8)
        #expect(text.count == 36)
        #expect(text[14] == UInt8(ascii: "7"))
        #expect("89ab".utf8.contains(text[19]))
    }

    @Test(arguments: sequences)
    func `the text form reads back as the same id, in either case`(sequence: Int64) {
        let id = EventID(acceptedAt: WallTime(milliseconds: 1), sequence: sequence, generation: 7, random: 9)
        #expect(EventID(id.description) == id)
        #expect(EventID(id.description.uppercased()) == id)
    }

    @Test(arguments: [
        "", "01a203f8-0f0d-7000-8000-0004cdb6cda", "01a203f8-0f0d-7000-8000-0004cdb6cda33",
        "01a203f80f0d-7000-8000-0004cdb6cda3-", "01a203f8-0f0d-7000-8000-0004cdb6cdg3",
        "01a203f8_0f0d-7000-8000-0004cdb6cda3",
    ])
    func `anything else is no id`(text: String) {
        #expect(EventID(text) == nil)
    }

    @Test func `ids of one store sort by time, then by sequence`() {
        let early = WallTime(milliseconds: 1000)
        let late = WallTime(milliseconds: 1001)
        let ids = [(early, 1), (early, 2), (early, 1 << 31), (late, 1)].map { time, sequence in
            EventID(acceptedAt: time, sequence: Int64(sequence), generation: 1, random: 0xFFFF)
        }
        #expect(ids == ids.sorted())
    }
}
