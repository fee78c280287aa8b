import OutboxCore

/// Keys of like windows share segments: else one that is kept for long would keep many that are not.
enum KeyLane {
    static let count = 4
    /// Of keys whose window has passed, and whose event has not.
    static let held = 3
    /// For so long such a key is not looked at again.
    static let heldFor = Span.days(1)

    static func of(until: Int64, now: WallTime) -> Int {
        let window = until &- now.milliseconds
        return window <= Span.hours(2).milliseconds ? 0 : window <= Span.days(3).milliseconds ? 1 : 2
    }
}

/// Some entries of the journal that were made one after the other, with what finds them. One thread.
final class KeySegment {
    enum State: Int64 {
        case active = 0
        case closed, indexed, forgotten
    }

    let number: Int64
    let lane: Int
    let capacity: Int
    let openedAt: Int64
    var keepUntil: Int64
    var state: State
    /// Entries on disk.
    var count = 0
    /// nil: its pages are on disk.
    private(set) var table: SegmentTable?
    let filter: BlockFilter
    /// Pages that are on disk, of those that a close begins to write.
    var pagesWritten = 0

    init(number: Int64, lane: Int, capacity: Int, openedAt: Int64, keepUntil: Int64, state: State) {
        self.number = number
        self.lane = lane
        self.capacity = capacity
        self.openedAt = openedAt
        self.keepUntil = keepUntil
        self.state = state
        filter = BlockFilter.allocate(capacity: capacity)
    }

    deinit {
        table?.deallocate()
        filter.deallocate()
    }

    func makeTable() {
        table?.deallocate()
        table = SegmentTable.allocate(capacity: capacity)
        pagesWritten = 0
    }

    func dropTable() {
        table?.deallocate()
        table = nil
    }

    /// - Precondition: it has a table, and room.
    func insert(_ hash: UInt64, ordinal: Int) {
        table?.insert(hash, ordinal: ordinal)
        filter.insert(hash)
    }

    /// Whether it is to be closed for its age: an eighth of what its entries are kept for.
    func isOld(_ now: WallTime, _ options: KeyOptions) -> Bool {
        let age = now.milliseconds &- openedAt
        return count > 0 && age >= options.ageMin.milliseconds && age > (keepUntil &- now.milliseconds) / 8
    }
}
