/// The end of a time in which functions could not be used through no fault of theirs: an operator's pause, or an outage
/// of their route. An event from before it is not given up for its age until it has had an attempt after it.
package struct CutOff: Hashable, Sendable {
    package enum Scope: Hashable, Sendable {
        case functions(GlobPattern)
        /// By its name.
        case route(String)
    }
    /// Kept at once of pauses; past it the oldest holds for all functions.
    package static let pausesMax = 1000

    package var scope: Scope
    package var endedAt: WallTime

    package init(scope: Scope, endedAt: WallTime) {
        self.scope = scope
        self.endedAt = endedAt
    }
}

extension [CutOff] {
    /// When the latest pause that meant this function ended.
    package func pauseEnded(of function: FunctionIdentity) -> WallTime? {
        compactMap { cutOff in
            guard case .functions(let pattern) = cutOff.scope, pattern.matches(function) else { return nil }
            return cutOff.endedAt
        }.max()
    }
}
