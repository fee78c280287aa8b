package import OutboxCore

/// A rule that did not hold.
package struct Violation: Error, Hashable, Sendable {
    /// Which promise or rule.
    package var check: String
    package var step: Int
    /// Since the run's start.
    package var at: Span
    package var expected: String
    package var found: String
}

/// What all parts of one run share: its world, what happened, and the first rule that did not hold.
final class Record {
    let plan: Plan
    let world = World()
    var occurrences = Occurrences()
    var violation: Violation?
    /// Rounds so far.
    var step = 0
    /// Over everything that was done, in order: two runs of one seed have the same.
    private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Lines of a trace; nil: none is kept.
    var trace: ((String) -> Void)?

    /// The commit round under way takes until then: what it tells is heard no sooner. Nanoseconds.
    var commitEndsAt: Int64 = 0
    private var untold: [() -> Void] = []

    init(plan: Plan) {
        self.plan = plan
    }

    /// Word from the commit side: at once, or when its round ends.
    func tell(_ body: @escaping () -> Void) {
        if commitEndsAt > world.nanoseconds { untold.append(body) } else { body() }
    }

    /// The round has ended.
    func release() {
        guard commitEndsAt <= world.nanoseconds, !untold.isEmpty else { return }
        let bodies = untold
        untold = []
        for body in bodies { body() }
    }

    /// The process is gone: nobody hears any more.
    func forget() {
        untold = []
        commitEndsAt = 0
    }

    var nanoseconds: Int64 { world.nanoseconds }

    func happened(_ happening: Happening, _ count: Int = 1) {
        occurrences.add(happening.rawValue, count)
    }

    /// What the plan alone makes happen.
    func notePlan() {
        for outage in plan.outages {
            happened(outage.cause.blame == .throttle ? .storm : .outage)
            if outage.time.count > 3_600_000_000_000 { happened(.outageOfHours) }
        }
    }

    /// Part of the fingerprint, and of the trace where there is one.
    func note(_ numbers: UInt64..., text: @autoclosure () -> String) {
        for number in numbers { mix(number) }
        mix(UInt64(bitPattern: world.nanoseconds))
        if let trace { trace("\(step) \(Double(world.nanoseconds) / 1e9) s  \(text())") }
    }

    private func mix(_ number: UInt64) {
        fingerprint = (fingerprint ^ number) &* 0x0000_0100_0000_01B3
        fingerprint ^= fingerprint >> 29
    }

    /// The first one counts.
    func violated(_ check: String, expected: String, found: String) {
        if violation != nil { return }
        violation = Violation(
            check: check,
            step: step,
            at: .milliseconds(world.nanoseconds / 1_000_000),
            expected: expected,
            found: found
        )
        trace?("VIOLATION \(check): expected \(expected); found \(found)")
    }
}
