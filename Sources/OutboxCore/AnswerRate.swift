/// How many attempts a second end well, and what part of them doesn't, over windows of at least a second and ten answers.
package struct AnswerRate: Hashable, Sendable {
    private static let answersMin = 10

    private var since: MonotonicTime?
    private var good = 0
    private var all = 0
    private var last: Double?
    private var lastRefused: Double?

    package init() {}

    /// An attempt has ended.
    package mutating func count(good isGood: Bool, at now: MonotonicTime) {
        if let since, now < since { return }
        if let since, now.since(since) >= .seconds(1), all >= Self.answersMin {
            last = Double(good) * 1000 / Double(now.since(since).milliseconds)
            let refused = refused
            restart(at: now)
            lastRefused = refused
        }
        if since == nil { since = now }
        all += 1
        if isGood { good += 1 }
    }

    /// What comes now, or from that time on, has nothing to do with what came: a pause, or another pace.
    package mutating func restart(at now: MonotonicTime?) {
        since = now
        good = 0
        all = 0
        lastRefused = nil
    }

    /// Hand-overs a second in the latest window that says something, at slow rates with a few answers in 3 s; nil before
    /// the first.
    package func measured(at now: MonotonicTime) -> Double? {
        guard let since else { return last }
        let span = now.since(since)
        guard all >= Self.answersMin ? span >= .milliseconds(500) : good > 0 && span >= .seconds(3) else { return last }
        return Double(good) * 1000 / Double(span.milliseconds)
    }

    /// The part of the latest attempts that didn't end well, since the restart; nil before there are ten.
    package var refused: Double? { all >= Self.answersMin ? 1 - Double(good) / Double(all) : lastRefused }

    /// The best guess where nothing is measured yet: many good answers count as a second's, a few as of the time they took.
    package func guess(at now: MonotonicTime) -> Double {
        if let measured = measured(at: now) { return measured }
        let span = since.map { max(50, now.since($0).milliseconds) } ?? 1000
        return Double(max(1, good)) * 1000 / Double(good >= Self.answersMin ? max(span, 1000) : span)
    }

    /// For people: falls to 0 when nothing happens any more.
    package func shown(at now: MonotonicTime) -> Double {
        guard let since, now >= since else { return 0 }
        let span = now.since(since)
        guard span >= .seconds(1) else { return last ?? Double(good) }
        return Double(good) * 1000 / Double(span.milliseconds)
    }
}
