package import OutboxCore

/// Whether the wall clock may decide that an event has expired: AWS's clock agrees within 300 s as far as it is known
/// since the start, else the kernel says that it is synchronised.
package struct ClockTrust: Sendable {
    private let isSynchronised: @Sendable () -> Bool
    private var server = ServerClock()

    package init(isSynchronised: @escaping @Sendable () -> Bool) {
        self.isSynchronised = isSynchronised
    }

    /// Whether an expiry may be carried out now. A step of the wall clock ends the trust until the next answer.
    package func isTrusted(_ now: Moment) -> Bool {
        Planted.expiresWithoutTrust || server.agrees(now) ?? isSynchronised()
    }

    /// A `Date` of a TLS-verified or loopback answer.
    package mutating func saw(_ date: WallTime, now: Moment) {
        server.saw(date, now: now)
    }
}

/// The time that a route's requests are signed with has become AWS's, or the wall clock's again.
package struct ClockNotice: Hashable, Sendable {
    package var route: String
    /// AWS's clock minus ours.
    package var skew: Span
    /// False: the wall clock is right again.
    package var isCorrected: Bool
}
