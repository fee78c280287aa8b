/// Events of one function that were refused in a row with one event-blamed code.
///
/// A refused event is on trial first: it stays in the queue, without another attempt, until a hand-over to the same
/// function shows that the event was bad, or nothing else has come of the function for a short while. Both condemn it.
/// Five different ones in a row are no five bad events but a proxy or a changed function: all go free and wait.
package struct RejectionRun: Sendable {
    /// Different events in a row with one code that put the blame on the function.
    package static let length = 5
    /// How long a refused event waits for a word of others.
    package static let patience = Span.seconds(2)
    /// When one on trial would be tried again: behind the judgement, and soon after a crash before it.
    package static let backoff = Span.seconds(5)

    package enum Finding: Hashable, Sendable {
        /// It waits for the judgement.
        case onTrial
        /// It was judged already: nothing to wait for.
        case condemned
        /// The function is to blame; all of the run go free.
        case function
    }

    private var code: String?
    /// Different events of the run, those that were buried meanwhile included; fewer than `length`.
    private var events: [Int64] = []
    private var onTrial: [Int64: String] = [:]
    /// By sequence: events that are to become dead letters, and why.
    package private(set) var condemned: [Int64: String] = [:]
    private var deadline = MonotonicTime(nanoseconds: .min)

    package init() {}

    /// Nobody is on trial and no row to remember.
    package var isEmpty: Bool { events.isEmpty && condemned.isEmpty && onTrial.isEmpty }
    /// Somebody waits for a judgement, or for its end.
    package var isOpen: Bool { !onTrial.isEmpty || !condemned.isEmpty }
    /// When patience ends; nil if nobody is on trial.
    package var lapsesAt: MonotonicTime? { onTrial.isEmpty ? nil : deadline }

    /// An event was refused. `code` tells refusals apart; `reason` is for people.
    package mutating func refused(_ sequence: Int64, code: String, reason: String, now: MonotonicTime) -> Finding {
        let wasCondemned = condemned.removeValue(forKey: sequence) != nil
        if code != self.code {
            // The function answers differently to others: those before had their own fault.
            condemnAll()
            self.code = code
        }
        if !events.contains(sequence) { events.append(sequence) }
        guard events.count < Self.length || Planted.rejectionsInARowDie else {
            acquit()
            return .function
        }
        if wasCondemned { return .condemned }
        onTrial[sequence] = reason
        deadline = now.advanced(by: Self.patience)
        return .onTrial
    }

    /// Another event was handed over: those refused before it are bad.
    package mutating func handedOver() {
        if isEmpty { return }
        condemnAll()
        code = nil
    }

    /// Nothing else has come of the function until `now`: they are taken for bad, and the run goes on.
    package mutating func lapse(now: MonotonicTime) {
        guard !onTrial.isEmpty, deadline <= now else { return }
        condemned.merge(onTrial) { $1 }
        onTrial = [:]
    }

    /// The function is suspended: nobody can tell any more, so all on trial go free.
    package mutating func acquit() {
        onTrial = [:]
        events = []
        code = nil
    }

    /// The event has left, or is not to die.
    package mutating func left(_ sequence: Int64) {
        if isEmpty { return }
        onTrial[sequence] = nil
        condemned[sequence] = nil
    }

    private mutating func condemnAll() {
        condemned.merge(onTrial) { $1 }
        onTrial = [:]
        events = []
    }
}
