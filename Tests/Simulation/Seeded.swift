/// Random numbers from a seed (SplitMix64).
package struct Seeded: RandomNumberGenerator, Sendable {
    package var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// True once in `n` times on average.
    package mutating func oneIn(_ n: Int) -> Bool { Int.random(in: 0..<max(1, n), using: &self) == 0 }

    package mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    /// Whole seconds, as nanoseconds of a world's clock.
    package mutating func seconds(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self) * 1_000_000_000
    }

    /// A generator of its own, so that what it decides doesn't change what others draw.
    package mutating func split() -> Seeded { Seeded(state: next()) }
}
