import OutboxCore
import Testing

/// Backoff: full jitter under an exponential bound that can't overflow.
struct RetryPolicyTests {
    @Test(arguments: [(0, 1000), (1, 2000), (2, 4000), (9, 512_000), (10, 900_000), (61, 900_000), (.max, 900_000)])
    func `the bound doubles up to its cap`(k: Int, milliseconds: Int64) {
        #expect(RetryPolicy.exponential(k, base: .seconds(1), cap: .minutes(15)) == .milliseconds(milliseconds))
    }

    @Test func `a base that is longer than its cap, or nothing, does no harm`() {
        #expect(RetryPolicy.exponential(3, base: .hours(1), cap: .seconds(5)) == .seconds(5))
        #expect(RetryPolicy.exponential(3, base: .milliseconds(-5), cap: .seconds(5)) == .zero)
        #expect(
            RetryPolicy.exponential(40, base: Span(milliseconds: .max), cap: Span(milliseconds: .max)).milliseconds
                == .max
        )
    }

    @Test func `delays use the whole range from zero to the bound`() {
        var random = SplitMix(state: 1)
        let delays = (0..<2000).map { _ in
            RetryPolicy.delay(afterAttempt: 3, base: .seconds(1), cap: .minutes(15), using: &random).milliseconds
        }
        #expect(delays.allSatisfy { (0...4000).contains($0) })
        #expect(delays.min()! < 200)
        #expect(delays.max()! > 3800)
    }

    @Test func `a probe comes after half its interval at the earliest`() {
        var random = SplitMix(state: 2)
        for _ in 0..<500 {
            let wait = RetryPolicy.probeInterval(failedProbes: 4, cap: .seconds(30), using: &random).milliseconds
            #expect((8000...16_000).contains(wait))
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        return z ^ z >> 27
    }
}
