import OutboxCore

/// What happens to the wall clock.
struct ClockTrouble {
    let record: Record
    let oracle: Oracle

    func step(_ random: inout Seeded) {
        record.happened(.clockJump)
        if random.oneIn(4) { return setRight() }
        let world = record.world
        let before = world.wallOffset
        switch random.int(0...5) {
        case 0:
            record.happened(.clockYear)
            world.wallOffset += (random.oneIn(2) ? 1 : -1) * 31_536_000_000
        case 1:
            record.happened(.clockBefore2000)
            world.wallOffset = 900_000_000_000 - world.nanoseconds / 1_000_000
        default: world.wallOffset += Int64(random.int(-7_200_000...7_200_000))
        }
        world.serverAhead -= world.wallOffset - before
        oracle.clockStepped(.milliseconds(world.wallOffset - before))
    }

    /// It says what AWS's says.
    func setRight() {
        let world = record.world
        oracle.clockStepped(.milliseconds(world.serverAhead))
        world.wallOffset += world.serverAhead
        world.serverAhead = 0
    }
}
