package import OutboxCore

/// How an attempt ended, for the log. Holds no text from the network (P11) but an error code that may be shown.
package struct AttemptReport: Hashable, Sendable {
    package var id: EventID
    package var function: FunctionIdentity
    /// nil: handed over.
    package var blame: Blame?
    /// `handed-over`, `answered`, or a `TransportFailure.Kind`.
    package var outcome: String
    package var status: Int?
    package var code: String?
    package var duration: Span
    package var charged: Bool
    package var uncertain: Bool

    package init(id: EventID, function: FunctionIdentity, attempt: AttemptRecord) {
        self.id = id
        self.function = function
        blame = attempt.blame
        outcome = attempt.outcome
        status = attempt.status
        code = attempt.code.flatMap { ErrorCodes.isPresentable($0) ? $0 : nil }
        duration = attempt.duration
        charged = attempt.charged
        uncertain = attempt.uncertain
    }
}
