/// What one attempt means: the result of judging an `AttemptOutcome` alone, before any state is looked at.
package struct Verdict: Hashable, Sendable {
    package enum Scope: Sendable { case function, route }

    /// nil: handed over.
    package var blame: Blame?
    /// For people; our own words and the error code, never text from the network.
    package var reason: String
    /// The request may have reached Lambda without our knowing.
    package var uncertain: Bool
    /// Something on the way ended it: a cut, or a page of its own. It may be for this one payload.
    package var isMidway: Bool
    /// Something was given to the network. A route that failed before that is probed every 2 s at most.
    package var sent: Bool
    /// The code means configuration (not found, access denied, KMS*, subnet, security group): suspend at once.
    package var suspendsAtOnce: Bool
    /// Where every function has it, the route is to blame.
    package var canBeRoutes: Bool
    /// What a throttle slows down.
    package var throttleScope: Scope
    package var retryAfter: Span?
    /// The token has expired: refresh once, at once, and sign again.
    package var refreshesCredentials: Bool
    /// The clock is off, or may be.
    package var clock: Bool
    /// Why the functions were blamed before several had it and the route was; nil for any other verdict.
    package var functionReason: String?
    package var isShared: Bool { functionReason != nil }

    package init(
        blame: Blame?,
        reason: String,
        uncertain: Bool = false,
        isMidway: Bool = false,
        sent: Bool = true,
        suspendsAtOnce: Bool = false,
        canBeRoutes: Bool = false,
        throttleScope: Scope = .function,
        retryAfter: Span? = nil,
        refreshesCredentials: Bool = false,
        clock: Bool = false
    ) {
        self.blame = blame
        self.reason = reason
        self.uncertain = uncertain
        self.isMidway = isMidway
        self.sent = sent
        self.suspendsAtOnce = suspendsAtOnce
        self.canBeRoutes = canBeRoutes
        self.throttleScope = throttleScope
        self.retryAfter = retryAfter
        self.refreshesCredentials = refreshesCredentials
        self.clock = clock
    }
}
