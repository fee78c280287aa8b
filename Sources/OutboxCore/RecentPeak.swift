/// The greatest of the values of the last while: each counts for one period at least, and for two at most.
package struct RecentPeak: Sendable {
    private let period: Span
    private var current = 0
    private var before = 0
    private var began: MonotonicTime?

    package init(period: Span) {
        self.period = period
    }

    package var value: Int { max(current, before) }

    /// A value of now.
    package mutating func note(_ value: Int, at now: MonotonicTime) {
        let age = now.since(began ?? now)
        if began == nil || age >= period {
            before = age >= Span(milliseconds: period.milliseconds * 2) ? 0 : current
            current = 0
            began = now
        }
        current = max(current, value)
    }
}
