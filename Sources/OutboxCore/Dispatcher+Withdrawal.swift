/// Single events that an operator takes out of the queue, or wants to be tried next.
///
/// An event is withdrawn first, here, where it is known whether it is in flight; only then does the store delete it. So
/// nothing is sent once the operator has been told that it is gone, and nothing is lost if the store can't do it.
extension Dispatcher {
    /// Orders that hold an event at this moment.
    struct Withdrawal: Sendable {
        var orders = 0
        /// A page or a commit brought the event meanwhile, and it was passed over.
        var isMet = false
    }

    /// Starts none of these events any more, wherever they are, until `returned` is told of them.
    ///
    /// - Returns: those that are in flight: they are left to their outcome, and are not withdrawn.
    package mutating func withdraw(_ sequences: [Int64]) -> [Int64] {
        var inFlight: [Int64] = []
        for sequence in sequences {
            if let entry = window[sequence], !(Planted.cancelsInFlight && entry.place != .waiting) {
                guard entry.place == .waiting else {
                    inFlight.append(sequence)
                    continue
                }
                takeOut(sequence, of: entry.event.functionKey)
                forget(sequence)
            }
            withdrawn[sequence, default: Withdrawal()].orders += 1
        }
        return inFlight
    }

    /// What became of events that were withdrawn: `gone` were not in the queue any more once the order was on disk,
    /// `kept` still are. What is left, or has come back, is read again.
    package mutating func returned(gone: [Int64], kept: [Int64]) {
        for sequence in gone { leaveTrials(sequence) }
        for sequence in kept { withdrawn[sequence]?.isMet = true }
        for sequence in gone + kept {
            guard var withdrawal = withdrawn[sequence] else { continue }
            withdrawal.orders -= 1
            withdrawn[sequence] = withdrawal.orders > 0 ? withdrawal : nil
            guard withdrawal.orders == 0, withdrawal.isMet else { continue }
            rewind(to: sequence)
            noteDue(WallTime(milliseconds: 0))
        }
    }

    /// Whether an event that has come is being taken out of the queue: then it is passed over.
    mutating func isWithdrawn(_ sequence: Int64) -> Bool {
        guard withdrawn[sequence] != nil else { return false }
        withdrawn[sequence]!.isMet = true
        return true
    }

    /// Puts an event in front of the others of its function and, where function or route are suspended, lets it be the
    /// next probe, now. A pause stays one.
    package mutating func force(_ event: QueuedEvent, now: Moment) {
        let sequence = event.sequence
        guard !burying.contains(sequence), withdrawn[sequence] == nil else { return }
        guard pauses.isEmpty || pause(of: event.function) == nil else { return }
        if let entry = window[sequence] {
            guard entry.place == .waiting else { return }
            takeOut(sequence, of: event.functionKey)
            forget(sequence)
        }
        admit(event)
        let key = event.functionKey
        takeOut(sequence, of: key)
        functions[known: key][keyPath: FunctionState.path(window[known: sequence].line)].prepend(sequence)
        functions[known: key].forced = sequence
        routes[functions[known: key].route.rawValue].suspension?.nextProbe = now.monotonic
        if functions[known: key].suspension != nil {
            functions[known: key].suspension?.nextProbe = now.monotonic
            scheduleProbe(of: key)
        }
        list(key)
    }
}
