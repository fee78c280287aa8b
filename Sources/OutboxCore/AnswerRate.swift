/// How many attempts a second end well, measured over windows of at least a second and ten answers.
package struct AnswerRate: Hashable, Sendable {
    private static let answersMin = 10

    private var since: MonotonicTime?
    private var good = 0
    private var all = 0
    private var last: Double?

    package init() {}

    /// An attempt has ended.
    package mutating func count(good isGood: Bool, at now: MonotonicTime) {
        if let since, now < since { return }
        if let since, now.since(since) >= .seconds(1), all >= Self.answersMin {
            last = Double(good) * 1000 / Double(now.since(since).milliseconds)
            restart(at: now)
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
    }

    /// Hand-overs a second in the latest window that says something; nil before the first.
    package func measured(at now: MonotonicTime) -> Double? {
        if let since, all >= Self.answersMin, now.since(since) >= .milliseconds(500) {
            return Double(good) * 1000 / Double(now.since(since).milliseconds)
        }
        return last
    }

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
