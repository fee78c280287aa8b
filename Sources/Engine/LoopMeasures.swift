package import OutboxCore

/// What the commit loop counts for metrics. A few additions a commit, nothing an event but its tally.
package struct CommitMeasures: Sendable {
    /// By `AcceptKind`.
    package var accepts = FunctionTally<FunctionIdentity>()
    /// Of one transaction, until it is on disk.
    package var durations = Histogram(.accepting)
    /// Events and outcomes in one transaction.
    package var batches = Histogram(.counting)
    package var rate = RecentRate()

    package init() {}

    mutating func committed(_ commands: Int, from began: MonotonicTime, to ended: MonotonicTime) {
        durations.add((ended.nanoseconds - began.nanoseconds) / 1000)
        batches.add(Int64(commands))
    }
}

/// What the delivery loop counts for metrics.
package struct DeliveryMeasures: Sendable {
    package var durations = Histogram(.attempting)
    /// AWS's clock minus ours now, by route: from the latest answer that told its time. Nil before.
    package var clockSkew: [Span?]
    package var rate = RecentRate()

    package init(routes: Int) {
        clockSkew = Array(repeating: nil, count: routes)
    }

    mutating func ended(_ duration: Span) {
        durations.add(duration.milliseconds * 1000)
    }
}
