/// How fast a count grew over the last minute. Whoever owns the count shows it now and then; nothing sleeps for it.
package struct RecentRate: Sendable {
    private static var interval: Span { .seconds(5) }
    private static var reach: Span { .seconds(60) }

    private struct Sample {
        var at: MonotonicTime
        var count: Int
    }

    /// At most 14, oldest first: one every 5 s, and one beyond the minute.
    private var samples: [Sample] = []

    package init() {}

    /// Remembers the count, unless it did a moment ago.
    package mutating func sample(_ count: Int, at now: MonotonicTime) {
        if let last = samples.last, now.since(last.at) < Self.interval { return }
        while samples.count > 1, now.since(samples[1].at) >= Self.reach { samples.removeFirst() }
        samples.append(Sample(at: now, count: count))
    }

    /// Per second, over the last minute or as long as it has been counting; 0 in the first second.
    package func perSecond(_ count: Int, at now: MonotonicTime) -> Double {
        guard let first = samples.last(where: { now.since($0.at) >= Self.reach }) ?? samples.first else { return 0 }
        let span = now.since(first.at)
        guard span >= .seconds(1) else { return 0 }
        return Double(max(0, count - first.count)) * 1000 / Double(span.milliseconds)
    }
}
