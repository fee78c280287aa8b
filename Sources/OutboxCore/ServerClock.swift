/// AWS's clock as its answers tell it: a pair of its time and our monotonic clock's, so that a step of the wall clock
/// changes nothing. It corrects the time that requests are signed with; queue times never use it.
package struct ServerClock: Sendable {
    /// How far the wall clock may be off before requests are signed with another time; AWS refuses from 5 min on.
    package static let tolerance = Span.seconds(300)
    /// Two signing times that differ by less are the same to AWS: no reason to try once more.
    package static let sameWithin = Span.seconds(60)

    private var server: WallTime?
    private var at = MonotonicTime(nanoseconds: 0)

    package init() {}

    /// An answer's `Date`. The caller has made sure that it came from where it claims to (`RouteTarget.isProven`).
    package mutating func saw(_ date: WallTime, now: Moment) {
        // The header has whole seconds: half a second is what it leaves out on average.
        server = date.advanced(by: .milliseconds(500))
        at = now.monotonic
    }

    /// AWS's clock minus the wall clock; nil before an answer told it.
    package func skew(_ now: Moment) -> Span? {
        server?.advanced(by: now.monotonic.since(at)).since(now.wall)
    }

    /// Whether the wall clock is right, as far as AWS knows; nil before an answer told its time.
    package func agrees(_ now: Moment) -> Bool? {
        skew(now).map { abs(clamping: $0) <= Self.tolerance }
    }

    /// What to sign a request with now: the wall clock, or AWS's where the wall clock is too far off.
    package func signingTime(_ now: Moment) -> WallTime {
        guard let skew = skew(now), agrees(now) == false else { return now.wall }
        return now.wall.advanced(by: skew)
    }

    /// Whether a request signed at `time` would now be signed with a time that makes a difference.
    package func signsAnew(_ time: WallTime, signedAt: MonotonicTime, now: Moment) -> Bool {
        let aged = time.advanced(by: now.monotonic.since(signedAt))
        return abs(clamping: signingTime(now).since(aged)) > Self.sameWithin
    }

    private func abs(clamping span: Span) -> Span {
        Span(milliseconds: span.milliseconds == .min ? .max : Swift.abs(span.milliseconds))
    }
}

extension RouteTarget {
    /// Its answers are from whom they claim to be: TLS is always verified, and loopback is this machine.
    package var isProven: Bool {
        scheme == "https" || host == "localhost" || host == "[::1]"
            || (host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) })
    }
}
