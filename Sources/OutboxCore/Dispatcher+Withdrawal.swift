/// Single events that an operator takes out of the queue, or wants to be tried next.
///
/// An event is withdrawn first, here, where it is known whether it is in flight; only then does the store delete it. So
/// nothing is sent once the operator has been told that it is gone, and nothing is lost if the store can't do it.
extension Dispatcher {
    /// Starts none of these events any more, wherever they are, until `returned` is told of them.
    ///
    /// - Returns: those that are in flight: they are left to their outcome, and are not withdrawn.
    package mutating func withdraw(_ sequences: [Int64]) -> [Int64] {
        var inFlight: [Int64] = []
        for sequence in sequences {
            if let entry = window[sequence] {
                guard entry.place == .waiting else {
                    inFlight.append(sequence)
                    continue
                }
                takeOut(sequence, of: entry.event.functionKey)
                forget(sequence)
            }
            withdrawn[sequence, default: 0] += 1
        }
        return inFlight
    }

    /// What became of events that were withdrawn. Those that are still in the queue are read again.
    package mutating func returned(gone: [Int64], kept: [Int64]) {
        for sequence in gone { giveBack(sequence) }
        for sequence in kept where giveBack(sequence) {
            rewind(to: sequence)
            noteDue(WallTime(milliseconds: 0))
        }
    }

    /// True: no other order holds it.
    @discardableResult
    private mutating func giveBack(_ sequence: Int64) -> Bool {
        guard let orders = withdrawn[sequence], orders > 1 else {
            withdrawn[sequence] = nil
            return true
        }
        withdrawn[sequence] = orders - 1
        return false
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
        functions[key]![keyPath: FunctionState.path(window[sequence]!.line)].prepend(sequence)
        functions[key]!.forced = sequence
        routes[functions[key]!.route.rawValue].suspension?.nextProbe = now.monotonic
        if functions[key]!.suspension != nil {
            functions[key]!.suspension?.nextProbe = now.monotonic
            scheduleProbe(of: key)
        }
        list(key)
    }
}
