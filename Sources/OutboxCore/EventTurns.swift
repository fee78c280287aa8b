/// Where an event of a function waits in memory.
package enum WaitingLine: CaseIterable, Sendable {
    /// Accepted and not tried yet.
    case fresh
    /// With a due time that has come: delayed, or tried before.
    case retried
    /// Has waited long, and goes out at the drain rate.
    case backlog
    case redriven
}

/// Which of a function's lines is next: redriven ones have one turn in ten where others wait too, the others alternate.
package struct EventTurns: Hashable, Sendable {
    /// Turns of others for each of a redriven event.
    package static let othersPerRedriven = 9

    private var lastTurn = 2
    private var othersSince = 0
    private static let others: [WaitingLine] = [.fresh, .retried, .backlog]

    package init() {}

    /// The next line among those of which `isReady` says that they have something to send.
    package mutating func next(where isReady: (WaitingLine) -> Bool) -> WaitingLine? {
        let redriven = isReady(.redriven)
        if Planted.redrivenFirst, redriven { return .redriven }
        if Planted.freshStarve, isReady(.retried) { return .retried }
        if Planted.retriedStarve, isReady(.fresh) { return .fresh }
        if !redriven || othersSince < Self.othersPerRedriven || Planted.redrivenStarve {
            for step in 1...3 where isReady(Self.others[(lastTurn + step) % 3]) {
                lastTurn = (lastTurn + step) % 3
                othersSince = redriven ? othersSince + 1 : 0
                return Self.others[lastTurn]
            }
        }
        guard redriven else { return nil }
        othersSince = 0
        return .redriven
    }
}
