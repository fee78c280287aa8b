import Engine
import OutboxCore

/// What some seeds have besides. It is drawn apart, so that a seed that has none of it runs as if it didn't exist.
struct Extras: Sendable {
    var random: Seeded
    /// The daemon's own limits in memory, and many events at once: lines in which turns are taken.
    var isRoomy = false
    /// Operators keep lists of dead letters, and give orders by them later.
    var keepsLists = false

    init(seed: UInt64) {
        random = Seeded(state: seed &* 0xD6E8_FEB8_6659_FD93 &+ 0x2545_F491)
        isRoomy = random.oneIn(8)
        keepsLists = random.oneIn(2)
    }
}

extension Plan {
    mutating func drawExtras() {
        if extras.isRoomy { makeRoomy() }
        if extras.random.oneIn(4) { drawStorms() }
    }

    private mutating func makeRoomy() {
        limits.windowEventsMax = 4096
        limits.functionEventsMax = 512
        limits.claimEventsMax = extras.random.int(16...512)
        limits.claimScannedMax = 20_000
        commitLimits.announcedBytesMax = 8 << 20
        budgets.eventsMax = max(budgets.eventsMax, 1_000)
        weights.burst = extras.random.int(6...16)
        guard extras.random.oneIn(2) else { return }
        policies.defaults.drainRate = nil
        for index in policies.entries.indices { policies.entries[index].policy.drainRate = nil }
    }

    /// Others use up what an account or a function may have at once: everything is throttled for a while.
    private mutating func drawStorms() {
        for _ in 0..<extras.random.int(1...4) {
            let function = extras.random.int(0...functions.count - 1)
            let isAccounts = extras.random.oneIn(3)
            if functions[function].isHealthy, !isAccounts { continue }
            let start = Int64.random(in: 0...troubleEndsAt, using: &extras.random)
            outages.append(
                Outage(
                    route: functions[function].route,
                    function: isAccounts ? nil : function,
                    time: start..<start + extras.random.seconds(1...60),
                    cause: isAccounts ? .routeThrottle : extras.random.oneIn(4) ? .ec2Throttle : .functionThrottle
                )
            )
        }
    }
}
