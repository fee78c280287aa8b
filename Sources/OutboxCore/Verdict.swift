/// What one attempt means: the result of judging an `AttemptOutcome` alone, before any state is looked at.
package struct Verdict: Hashable, Sendable {
    package enum Scope: Sendable { case function, route }

    /// nil: handed over.
    package var blame: Blame?
    /// For people; our own words and the error code, never text from the network.
    package var reason: String
    /// The request may have reached Lambda without our knowing.
    package var uncertain: Bool
    /// Something was given to the network. A route that failed before that is probed every 2 s at most.
    package var sent: Bool
    /// The code means configuration (not found, access denied, KMS*, subnet, security group): suspend at once.
    package var suspendsAtOnce: Bool
    /// What a throttle slows down.
    package var throttleScope: Scope
    package var retryAfter: Span?
    /// The token has expired: refresh once, at once, and sign again.
    package var refreshesCredentials: Bool
    /// The clock is off, or may be.
    package var clock: Bool

    package init(
        blame: Blame?,
        reason: String,
        uncertain: Bool = false,
        sent: Bool = true,
        suspendsAtOnce: Bool = false,
        throttleScope: Scope = .function,
        retryAfter: Span? = nil,
        refreshesCredentials: Bool = false,
        clock: Bool = false
    ) {
        self.blame = blame
        self.reason = reason
        self.uncertain = uncertain
        self.sent = sent
        self.suspendsAtOnce = suspendsAtOnce
        self.throttleScope = throttleScope
        self.retryAfter = retryAfter
        self.refreshesCredentials = refreshesCredentials
        self.clock = clock
    }
}
