/// Where a segment's keys stand in it: open addressing with linear probing over four bytes a slot, each some bits of the
/// key's hash and the ordinal of its entry. A value over memory that its owner gives and takes back.
struct SegmentTable {
    let form: Form
    private let slots: UnsafeMutablePointer<UInt32>

    /// What a capacity makes of slots and bits.
    struct Form: Equatable {
        let slotCount: Int
        let ordinalBits: UInt32

        /// - Precondition: at most `capacityMax` entries.
        init(capacity: Int) {
            precondition((1...Self.capacityMax).contains(capacity), "a segment of \(capacity) entries")
            slotCount = capacity * 5 / 4 + 8
            ordinalBits = UInt32(Int.bitWidth - capacity.leadingZeroBitCount)
        }

        static let capacityMax = 1 << 23 - 1
        static let empty = UInt32.max

        func home(_ hash: UInt64) -> Int {
            Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(slotCount)).high)
        }

        /// Never `empty`: no ordinal has all of its bits set.
        func slot(_ hash: UInt64, ordinal: Int) -> UInt32 {
            UInt32(truncatingIfNeeded: hash) << ordinalBits | UInt32(ordinal)
        }

        /// The ordinal, if the slot may be of a key with this hash.
        func ordinal(in slot: UInt32, ifOf hash: UInt64) -> Int? {
            guard (slot >> ordinalBits) == (UInt32(truncatingIfNeeded: hash) << ordinalBits) >> ordinalBits else {
                return nil
            }
            return Int(slot & (1 << ordinalBits - 1))
        }
    }

    static func allocate(capacity: Int) -> SegmentTable {
        let form = Form(capacity: capacity)
        let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: form.slotCount)
        slots.initialize(repeating: Form.empty, count: form.slotCount)
        return SegmentTable(form: form, slots: slots)
    }

    func deallocate() {
        slots.deallocate()
    }

    /// As it is written: the slots little-endian, one after the other.
    var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: slots, count: form.slotCount * 4) }

    /// - Precondition: there is an empty slot.
    func insert(_ hash: UInt64, ordinal: Int) {
        var place = form.home(hash)
        while slots[place] != Form.empty {
            place += 1
            if place == form.slotCount { place = 0 }
        }
        slots[place] = form.slot(hash, ordinal: ordinal)
    }

    /// Slots from a key's home to the first empty one, until `body` has enough of them.
    func probe<Failure: Error>(
        _ hash: UInt64,
        _ body: (_ ordinal: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var place = form.home(hash)
        while slots[place] != Form.empty {
            if let ordinal = form.ordinal(in: slots[place], ifOf: hash) { try body(ordinal) }
            place += 1
            if place == form.slotCount { place = 0 }
        }
    }
}
