import OutboxCore

/// Entries of the transaction that is under way: asked before all others, dropped if it is rolled back.
struct KeyOverlay {
    struct Pending {
        var entry: KeyEntry
        var hash: UInt64
        var lane: Int
    }

    private(set) var pending: [Pending] = []
    /// By lane, in order: places in `pending`.
    private(set) var lanes = [[Int]](repeating: [], count: KeyLane.count)
    /// Until when a lane's segment must be kept for what is pending in it.
    private(set) var keepUntil = [Int64](repeating: .min, count: KeyLane.count)
    /// Open addressing: the latest place of each key plus one; 0: empty.
    private var slots = [UInt32](repeating: 0, count: 64)

    var isEmpty: Bool { pending.isEmpty }

    /// The latest entry of a key.
    func latest(_ key: Digest128, _ hash: UInt64) -> Pending? {
        let slot = slots[slot(of: key, hash)]
        return slot == 0 ? nil : pending[Int(slot) - 1]
    }

    mutating func add(_ entry: KeyEntry, _ hash: UInt64, lane: Int, keepUntil: Int64) {
        pending.append(Pending(entry: entry, hash: hash, lane: lane))
        lanes[lane].append(pending.count - 1)
        self.keepUntil[lane] = max(self.keepUntil[lane], keepUntil)
        if pending.count * 2 > slots.count { grow() }
        slots[slot(of: entry.key, hash)] = UInt32(pending.count)
    }

    mutating func removeAll() {
        if pending.isEmpty { return }
        pending.removeAll(keepingCapacity: pending.count <= 8192)
        for lane in lanes.indices {
            lanes[lane].removeAll(keepingCapacity: true)
            keepUntil[lane] = .min
        }
        if slots.count > 16_384 { slots = [UInt32](repeating: 0, count: 64) }
        for index in slots.indices { slots[index] = 0 }
    }

    /// That of the key, or the empty one where it belongs.
    private func slot(of key: Digest128, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0, pending[Int(slots[place]) - 1].entry.key != key { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 4)
        for (index, item) in pending.enumerated() {
            slots[slot(of: item.entry.key, item.hash)] = UInt32(index + 1)
        }
    }
}
