/// Whether the commit loop waits a little, once it has answered a commit, for the producers it has just answered.
///
/// Producers that wait for each answer fall into two halves: the first to come back begins a commit alone, the others wait
/// for it, and from then on one half waits while the other is written: each request takes two syncs. Gathered, all go in
/// one. Whether that is so can't be seen from here, so it is tried for a few commits now and then, and kept only where events
/// wait less by it. A value; the commit loop keeps it.
package struct CommitPacing: Sendable {
    /// Until so many events wait, or until the time is over.
    package struct Chance: Hashable, Sendable {
        package var events: Int
        package var nanoseconds: Int64

        package init(events: Int, nanoseconds: Int64) {
            self.events = events
            self.nanoseconds = nanoseconds
        }
    }

    /// A faster disk has nothing to save.
    package static let commitMin: Int64 = 400_000
    /// A commit that took longer met a stall, or a machine that slept; what it took more says nothing of the next one.
    package static let commitMax: Int64 = 100_000_000
    /// Commits of a trial, and of what it is compared with.
    package static let trial = 32
    /// Commits without, after trials that didn't help: four times as many each time.
    package static let restMin = 128
    package static let restMax = 8_192
    /// How long it goes on before it is compared anew.
    package static let term = 1_024

    private enum Phase: Sendable {
        /// Without, for so many commits more; then the rate without is taken.
        case resting(Int)
        case without
        case trying
        case gathering(Int)
    }

    private var phase = Phase.resting(CommitPacing.restMin)
    private var rest = CommitPacing.restMin
    private var usual: Int64 = 0
    private var population = 0
    /// Since the phase began: commits, events in them, and the time that all of these waited.
    private var commits = 0
    private var events = 0
    private var waited = 0.0
    private var waitWithout = 0.0
    /// Of the latest commit: its end, and what waited then.
    private var latest = (end: Int64(0), waiting: 0)
    /// The same where there was a chance behind it.
    private var before: (end: Int64, waiting: Int)?

    package init() {}

    /// A commit is on disk; nobody was told yet.
    ///
    /// - Parameters:
    ///   - events: new ones in it.
    ///   - waiting: that have come since it began.
    ///   - from: when it began, in nanoseconds of any clock; `to`: when it was on disk.
    package mutating func committed(events count: Int, waiting: Int, from: Int64, to: Int64) {
        let took = min(to - from, Self.commitMax)
        usual = usual == 0 ? took : usual + (took - usual) / 8
        population = count == 0 ? 0 : count + waiting
        defer { before = nil }
        guard population > 1, usual >= Self.commitMin else { return }
        commits += 1
        events += count
        // As if they came evenly.
        waited += (Double(count) + Double(waiting) / 2) * Double(took)
        if let before { waited += Double(before.waiting + count) / 2 * Double(min(from - before.end, Self.commitMax)) }
        advance()
        latest = (to, waiting)
    }

    private mutating func advance() {
        switch phase {
        case .resting(let left): left > 1 ? (phase = .resting(left - 1)) : enter(.without)
        case .without:
            guard commits >= Self.trial else { return }
            waitWithout = wait
            enter(.trying)
        case .trying:
            guard commits >= Self.trial else { return }
            if wait < waitWithout * 0.9 {
                rest = Self.restMin
                enter(.gathering(Self.term))
            } else {
                enter(.resting(rest))
                rest = min(Self.restMax, rest * 4)
            }
        case .gathering(let left): left > 1 ? (phase = .gathering(left - 1)) : enter(.without)
        }
    }

    /// What to wait for before the next commit; nil: for nothing. Asked once after each.
    package mutating func chance() -> Chance? {
        defer { population = 0 }
        guard population > 1, usual >= Self.commitMin else { return nil }
        switch phase {
        case .resting, .without: return nil
        case .trying, .gathering:
            before = latest
            return Chance(events: population, nanoseconds: usual / 2)
        }
    }

    private mutating func enter(_ next: Phase) {
        phase = next
        commits = 0
        events = 0
        waited = 0
    }

    /// Of an event of this phase, in the mean.
    private var wait: Double { waited / Double(max(1, events)) }
}
