/// A rest that a throttle's `Retry-After` asked for.
package struct Hold: Hashable, Sendable {
    /// Rests longer than this need no events in memory.
    static let long = Span.seconds(2)
    package static let max = Span.minutes(15)

    package private(set) var until: MonotonicTime
    package private(set) var isLong: Bool

    package init(_ retryAfter: Span, now: MonotonicTime) {
        let span = min(retryAfter, Self.max)
        until = now.advanced(by: span)
        isLong = span > Self.long
    }
}
