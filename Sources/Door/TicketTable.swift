import NIOCore

/// Which request waits for which result of the intake. A ticket that was redeemed never comes again: its slot's
/// generation is part of it.
struct TicketTable {
    private struct Slot {
        var connection: DoorConnection?
        var number: UInt64 = 0
        var submittedAt = NIODeadline.uptimeNanoseconds(0)
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    var outstanding: Int { slots.count - free.count }

    mutating func issue(_ connection: DoorConnection, _ number: UInt64, at now: NIODeadline) -> UInt64 {
        let index: Int
        if let last = free.popLast() {
            index = last
        } else {
            index = slots.count
            slots.append(Slot())
        }
        slots[index].connection = connection
        slots[index].number = number
        slots[index].submittedAt = now
        return UInt64(slots[index].generation) << 32 | UInt64(index)
    }

    /// The request that the ticket was issued for; nil for a ticket that isn't outstanding.
    mutating func redeem(
        _ ticket: UInt64
    ) -> (connection: DoorConnection, number: UInt64, submittedAt: NIODeadline)? {
        let index = Int(ticket & 0xFFFF_FFFF)
        guard index < slots.count, slots[index].generation == UInt32(ticket >> 32),
            let connection = slots[index].connection
        else { return nil }
        slots[index].connection = nil
        slots[index].generation &+= 1
        free.append(index)
        return (connection, slots[index].number, slots[index].submittedAt)
    }
}
