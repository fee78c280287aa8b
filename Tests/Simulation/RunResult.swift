package import OutboxCore

/// What came of one run.
package struct RunResult: Sendable {
    package var violation: Violation?
    package var occurrences: Occurrences
    package var steps: Int
    /// Virtual time.
    package var span: Span
    package var fingerprint: UInt64

    /// A rule that is looked at behind the run's end.
    mutating func violated(_ check: String, expected: String, found: String) {
        violation = Violation(check: check, step: steps, at: span, expected: expected, found: found)
    }
}
