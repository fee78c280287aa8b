/// Memory for bodies being received on one event loop: room is set aside for a whole body before it is read, so those
/// that have begun can always finish, and the rest wait in line.
struct BodyBudget {
    let bytesMax: Int
    private(set) var bytesUsed = 0

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Whether `bytes` are set aside now. A body larger than the whole budget gets its turn when nothing else is held.
    mutating func take(_ bytes: Int) -> Bool {
        guard bytesUsed == 0 || bytesUsed + bytes <= bytesMax else { return false }
        bytesUsed += bytes
        return true
    }

    mutating func give(_ bytes: Int) {
        bytesUsed -= bytes
        precondition(bytesUsed >= 0, "more body memory given back than taken")
    }
}
