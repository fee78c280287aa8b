/// An operator's order that functions are not to be used (delivery: "Pause and resume"). It holds for every function that
/// the pattern matches, also for those seen later, until it is taken back.
package struct PauseRule: Hashable, Sendable {
    /// Rules kept at once; each is compared with every function's name.
    package static let rulesMax = 1000
    /// Bytes of a reason.
    package static let reasonBytesMax = 500

    package var pattern: GlobPattern
    /// The operator's own words, if he gave any.
    package var reason: String?
    package var since: WallTime

    package init(pattern: GlobPattern, reason: String? = nil, since: WallTime) {
        self.pattern = pattern
        self.reason = reason
        self.since = since
    }
}

extension [PauseRule] {
    /// The oldest of those that mean this function.
    package func meaning(_ function: FunctionIdentity) -> PauseRule? {
        filter { $0.pattern.matches(function) }.min { $0.since < $1.since }
    }
}
