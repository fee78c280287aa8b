/// When a charged attempt is followed by the next: full jitter over an exponential bound.
package enum RetryPolicy {
    /// A service's `Retry-After` is honoured up to this.
    package static let retryAfterMax = Span.minutes(15)

    /// `random(0 … min(maxDelay, baseDelay · 2^(n−1)))`, n = charged attempts so far, at least 1.
    ///
    /// Base 1 s, cap 15 min: bounds of 1, 2, 4, … 512, 900, 900 s.
    package static func delay(
        afterAttempt n: Int,
        base: Span,
        cap: Span,
        using random: inout some RandomNumberGenerator
    ) -> Span {
        let bound = exponential(n - 1, base: base, cap: cap)
        if Planted.noJitter { return bound }
        return .milliseconds(Int64.random(in: 0...bound.milliseconds, using: &random))
    }

    /// `min(cap, 2^k s) × random(0.5 … 1)`: the wait before the next probe after k failed ones.
    package static func probeInterval(
        failedProbes k: Int,
        cap: Span,
        using random: inout some RandomNumberGenerator
    ) -> Span {
        let bound = exponential(k, base: .seconds(1), cap: cap).milliseconds
        return .milliseconds(Int64.random(in: (bound / 2)...bound, using: &random))
    }

    /// `min(cap, base · 2^k)`, clamped before it can overflow; never negative.
    package static func exponential(_ k: Int, base: Span, cap: Span) -> Span {
        let base = max(0, base.milliseconds)
        let cap = max(0, cap.milliseconds)
        guard k < 62, base <= cap >> Int64(max(0, k)) else { return .milliseconds(cap) }
        return .milliseconds(base << Int64(max(0, k)))
    }
}
