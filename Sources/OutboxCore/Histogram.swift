/// How often values fell into which range, for metrics. A value of fixed size: adding allocates nothing.
package struct Histogram: Hashable, Sendable {
    /// Upper bounds of 15 ranges; a sixteenth takes what is larger.
    package enum Scale: Hashable, Sendable {
        /// Microseconds, 0.1 ms to 10 s: what a producer waits for, what a commit takes.
        case accepting
        /// Microseconds, 1 ms to 60 s: a round trip to Lambda.
        case attempting
        /// How many at once: powers of two, 1 to 16,384.
        case counting

        package var bounds: [Int64] {
            switch self {
            case .accepting: Self.acceptBounds
            case .attempting: Self.attemptBounds
            case .counting: Self.countBounds
            }
        }

        private static let acceptBounds: [Int64] = [
            100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
            10_000_000,
        ]
        private static let attemptBounds: [Int64] = [
            1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
            10_000_000, 30_000_000, 60_000_000,
        ]
        private static let countBounds: [Int64] = (0..<15).map { 1 << $0 }
    }

    package let scale: Scale
    /// How many values fell into each range, not added up.
    private var counts = SIMD16<Int64>.zero
    /// Of all values, in the scale's unit.
    package private(set) var sum: Int64 = 0

    package init(_ scale: Scale) {
        self.scale = scale
    }

    /// Counts `times` equal values; negative ones count as 0.
    package mutating func add(_ value: Int64, times: Int = 1) {
        let value = max(0, value)
        let bounds = scale.bounds
        var range = 0
        while range < bounds.count, value > bounds[range] { range += 1 }
        counts[range] &+= Int64(times)
        sum &+= value &* Int64(times)
    }

    /// How many values were at most each of the scale's bounds, then how many there were in all.
    package var cumulative: [Int64] {
        var total: Int64 = 0
        return (0..<16).map { range in
            total += counts[range]
            return total
        }
    }

    package static func + (a: Histogram, b: Histogram) -> Histogram {
        precondition(a.scale == b.scale, "histograms of two scales")
        var both = a
        both.counts &+= b.counts
        both.sum &+= b.sum
        return both
    }
}
