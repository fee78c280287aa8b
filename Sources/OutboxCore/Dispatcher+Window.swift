/// What comes into the window and what leaves it.
extension Dispatcher {
    /// Events of one commit, straight from memory, and the highest sequence number given so far.
    ///
    /// - Parameter complete: false if fresh events were left out: they are then read from the store.
    package mutating func accepted(_ events: [QueuedEvent], lastSequence: Int64, complete: Bool = true) {
        var caughtUp = complete && freshCursor == announced && !isFreshOutstanding
        announced = max(announced, lastSequence)
        for event in events {
            if let due = event.dueAt {
                noteDue(due)
                continue
            }
            guard caughtUp else { continue }
            // An order can come before the news of the event.
            if isWithdrawn(event.sequence) {
                advanceFresh(to: event.sequence)
                continue
            }
            switch admission(of: event, explicit: false) {
            case .admit: admit(event)
            case .park: park(event)
            case .windowFull:
                caughtUp = false
                continue
            }
            advanceFresh(to: event.sequence)
        }
        if caughtUp { advanceFresh(to: announced) }
    }

    /// Rows got a due time outside of an attempt's outcome: a redrive.
    package mutating func dueChanged(_ due: WallTime) {
        noteDue(due)
    }

    /// Outcomes (by sequence) that are on disk now: their attempts are no longer in flight.
    package mutating func committed(_ sequences: [Int64]) {
        for sequence in sequences {
            if burying.remove(sequence) != nil {
                leaveTrials(sequence)
                continue
            }
            endAlone(sequence)
            guard let entry = window[sequence] else { continue }
            precondition(entry.place == .committing, "an outcome was committed for an event that is not in flight")
            let key = entry.event.functionKey
            underWay.remove(sequence)
            inFlight -= Planted.slotLeak && entry.event.uncertain ? 0 : 1
            functions[known: key].inFlight -= 1
            if functions[known: key].inFlight == 0 { functionsInFlight -= 1 }
            routes[functions[known: key].route.rawValue].inFlight -= 1
            switch entry.fate! {
            case .handedOver, .dead:
                forget(sequence)
            case .waits(let due?):
                forget(sequence)
                noteDue(due)
            case .waits(nil):
                window[known: sequence].place = .waiting
                window[known: sequence].fate = nil
                functions[known: key][keyPath: FunctionState.path(entry.line)].prepend(sequence)
                if isBlocked(functions[known: key]) { evict(key) }
            }
            list(key)
            dropIfIdle(key)
        }
    }

    /// A page that `nextClaim` asked for. `nextDue` is the store's earliest due time behind the page's `until`.
    package mutating func claimed(_ page: ClaimPage, nextDue next: WallTime?) {
        precondition(outstanding == page.request, "a page nobody asked for")
        outstanding = nil
        var only: FunctionKey?
        switch page.request.lane {
        case .fresh(let after, _, let some):
            if some?.count == 1 { only = some?.keys.first }
            // What is parked again by `admitAll` must come after the range was narrowed.
            if let some { for key in some.keys { narrow(key, after: after, reached: page.throughSequence) } }
            admitAll(page.events, explicit: some != nil)
            for (key, range) in page.skipped { park(key, first: range.first, last: range.last) }
            if some == nil, freshCursor == after { advanceFresh(to: page.throughSequence) }
            for (key, range) in evictedMeanwhile { park(key, first: range.first, last: range.last) }
            if let rewoundTo { freshCursor = min(freshCursor, rewoundTo) }
        case .due(_, _, let one):
            only = one
            // What is noted below must come after the place was moved on.
            if one == nil {
                duePlace = page.exhausted ? nil : page.throughDue
                if page.exhausted {
                    nextDue = earlier(next, dueMeanwhile)
                    dueMeanwhile = nil
                }
            }
            admitAll(page.events, explicit: one != nil)
            for key in page.skipped.keys {
                // Forgotten since the request: the whole lane is looked at again.
                guard functions.contains(key) else {
                    noteDue(WallTime(milliseconds: 0))
                    continue
                }
                functions[known: key].passOverDue()
                notePassedOver(key)
            }
            if let one { functions[one]?.dueScanned(through: page.throughDue, exhausted: page.exhausted) }
        }
        evictedMeanwhile = [:]
        rewoundTo = nil
        if let only, let function = functions[only] {
            routes[function.route.rawValue].lacksCandidate = false
            // The page may have held none of its rows: then the next is read.
            if function.suspension != nil { probes.look(at: only) }
            list(only)
            dropIfIdle(only)
        }
    }

    var isFreshOutstanding: Bool {
        guard case .fresh(_, _, nil) = outstanding?.lane else { return false }
        return true
    }

    private var isDuePassUnderWay: Bool {
        if case .due(_, _, nil) = outstanding?.lane { return true }
        return duePlace != nil
    }

    private mutating func advanceFresh(to sequence: Int64) {
        freshCursor = max(freshCursor, sequence)
        freshHigh = max(freshHigh, freshCursor)
        announced = max(announced, freshCursor)
    }

    private func earlier(_ a: WallTime?, _ b: WallTime?) -> WallTime? {
        guard let a else { return b }
        guard let b else { return a }
        return min(a, b)
    }

    mutating func noteDue(_ due: WallTime) {
        // A pass under way may be past this place already: look again after it.
        if isDuePassUnderWay, !Planted.cursorSkipsRetry { dueMeanwhile = earlier(dueMeanwhile, due) }
        nextDue = earlier(nextDue, due)
    }

    // MARK: Admission

    enum Admission { case admit, park, windowFull }

    /// - Parameter explicit: the page was asked for this function alone: probe candidates may come in though it is blocked.
    func admission(of event: QueuedEvent, explicit: Bool) -> Admission {
        guard let function = functions[event.functionKey] else {
            if !pauses.isEmpty, pause(of: event.function) != nil { return .park }
            let isCutOff = routes[directory.route(for: event.function).rawValue].isCutOff
            if isCutOff, !hasRoomForCandidates, !Planted.suspendedFillWindow { return .park }
            return hasRoom(for: event) ? .admit : .windowFull
        }
        if function.pause != nil { return .park }
        if isBlocked(function), !Planted.suspendedFillWindow {
            // The other half of the window is for those that work: past it a probe's event comes in, and no more.
            guard hasRoomForCandidates else { return explicit && function.waiting == 0 ? .admit : .park }
            // Room for one more that was never tried, behind any number that were tried in vain.
            let isWanted =
                function.waiting < FunctionState.candidatesMax || (event.attempts == 0 && !holdsUntried(function))
            return isWanted ? .admit : .park
        }
        if isHeld(function), !hasRoomForCandidates { return .park }
        if !explicit, event.dueAt == nil, function.parked != nil, !function.isBehind { return .park }
        if room(of: function, forBacklog: explicit) <= 0 { return .park }
        let events = function.waiting + function.inFlight
        if events > 0, function.windowBytes + event.payload.count > limits.functionBytesMax { return .park }
        return hasRoom(for: event) ? .admit : .windowFull
    }

    /// Whether one more event may come in of a function that can't be used now: they fill half of the window at most.
    var hasRoomForCandidates: Bool {
        window.count < limits.windowEventsMax / 2 && windowBytes < limits.windowBytesMax / 2
    }

    private func hasRoom(for event: QueuedEvent) -> Bool {
        window.count < limits.windowEventsMax
            && (window.isEmpty || windowBytes + event.payload.count <= limits.windowBytesMax)
    }

    private mutating func admitAll(_ events: [QueuedEvent], explicit: Bool) {
        for event in events where !window.contains(event.sequence) && !burying.contains(event.sequence) {
            if isWithdrawn(event.sequence) { continue }
            switch admission(of: event, explicit: explicit) {
            case .admit:
                var event = event
                if Planted.payloadOfAnother, event.payload.count == events[0].payload.count {
                    event.payload = events[0].payload
                }
                admit(event, asBacklog: explicit)
            // The scan goes on behind this row: remember it.
            case .park, .windowFull: park(event)
            }
        }
    }

    mutating func admit(_ event: QueuedEvent, asBacklog: Bool = false) {
        ensureFunction(event.functionKey, event.function)
        let line: WaitingLine =
            if event.redriven > 0 {
                .redriven
            } else if asBacklog, functions[known: event.functionKey].isBehind {
                .backlog
            } else {
                event.dueAt == nil ? .fresh : .retried
            }
        window[event.sequence] = Entry(event: event, place: .waiting, line: line)
        enters(event)
        functions[known: event.functionKey][keyPath: FunctionState.path(line)].append(event.sequence)
        list(event.functionKey)
    }

    private mutating func park(_ event: QueuedEvent) {
        ensureFunction(event.functionKey, event.function)
        if event.dueAt == nil {
            functions[known: event.functionKey].park(event.sequence)
        } else {
            functions[known: event.functionKey].passOverDue()
        }
        notePassedOver(event.functionKey)
    }

    private mutating func park(_ key: FunctionKey, first: Int64, last: Int64) {
        // The function may have been forgotten since the request; the main scan then takes the range up again.
        guard functions.contains(key) else {
            rewind(to: first)
            return
        }
        functions[known: key].park(first: first, last: last)
        notePassedOver(key)
    }

    /// A page of the function's parked rows came: what is left of the range. One that begins before the page now, as
    /// something was put back meanwhile, is read again.
    private mutating func narrow(_ key: FunctionKey, after: Int64, reached: Int64) {
        guard var range = functions[key]?.parked, range.first > after, range.first <= reached else { return }
        range.first = reached + 1
        functions[known: key].parked = range.first > range.last ? nil : range
        if !functions[known: key].hasPassedOver { passedOver.remove(key) }
    }

    /// Keeps only probe candidates of a blocked function, none of a paused one nor where blocked functions are many; the
    /// rest waits in the store.
    mutating func evict(_ key: FunctionKey, keep: Int = FunctionState.candidatesMax) {
        guard var function = functions[key] else { return }
        let keptMax = function.pause == nil && hasRoomForCandidates ? keep : 0
        guard function.waiting > keptMax, !Planted.suspendedFillWindow else { return }
        let waiting = function.waitingSequences.sorted {
            let a = window[known: $0].event
            let b = window[known: $1].event
            return (a.attempts, a.sequence) < (b.attempts, b.sequence)
        }
        let kept = Set(waiting.prefix(keptMax))
        for sequence in waiting.dropFirst(keptMax) {
            let event = window.removeValue(forKey: sequence)!.event
            windowBytes -= event.payload.count
            function.windowEvents -= 1
            function.windowBytes -= event.payload.count
            if event.dueAt == nil {
                function.park(sequence)
                if outstanding != nil {
                    var range = evictedMeanwhile[key] ?? FunctionState.Parked(first: sequence, last: sequence)
                    range.first = min(range.first, sequence)
                    range.last = max(range.last, sequence)
                    evictedMeanwhile[key] = range
                }
            } else {
                function.passOverDue()
            }
        }
        for line in WaitingLine.allCases.map(FunctionState.path) {
            let left = function[keyPath: line].elements.filter(kept.contains)
            function[keyPath: line].removeAll()
            for sequence in left { function[keyPath: line].append(sequence) }
        }
        functions[key] = function
        if function.windowEvents < crowdingEvents { crowding.remove(key) }
        notePassedOver(key)
    }

    /// Rows of it wait in the store. A suspended route that had nothing to be probed with may have it there now: else
    /// nobody would look, if none of them has a place in memory.
    private mutating func notePassedOver(_ key: FunctionKey) {
        passedOver.insert(key)
        routes[functions[known: key].route.rawValue].lacksCandidate = false
        wantRows(of: key)
    }

    /// Lets the main scan begin again at `sequence`.
    mutating func rewind(to sequence: Int64) {
        freshCursor = min(freshCursor, sequence - 1)
        rewoundTo = min(rewoundTo ?? .max, sequence - 1)
    }

    mutating func forget(_ sequence: Int64) {
        guard let entry = window.removeValue(forKey: sequence) else { return }
        if setAside.remove(sequence) != nil { functions[known: entry.event.functionKey].aside -= 1 }
        if functions[known: entry.event.functionKey].forced == sequence {
            functions[known: entry.event.functionKey].forced = nil
        }
        leaves(entry.event)
        // There is room now, whatever took it out.
        if functions[known: entry.event.functionKey].hasPassedOver { wantRows(of: entry.event.functionKey) }
    }

    private mutating func enters(_ event: QueuedEvent) {
        windowBytes += event.payload.count
        functions[known: event.functionKey].windowBytes += event.payload.count
        functions[known: event.functionKey].windowEvents += 1
        if functions[known: event.functionKey].windowEvents == crowdingEvents { crowding.insert(event.functionKey) }
    }

    private mutating func leaves(_ event: QueuedEvent) {
        windowBytes -= event.payload.count
        functions[known: event.functionKey].windowBytes -= event.payload.count
        functions[known: event.functionKey].windowEvents -= 1
        if functions[known: event.functionKey].windowEvents == crowdingEvents - 1 { crowding.remove(event.functionKey) }
    }

    /// No function's share of the window is smaller, but a paused one's, which is passed over anyway.
    private var crowdingEvents: Int { min(FunctionState.candidatesMax, max(1, limits.functionEventsMax / 16)) }

    mutating func dropIfIdle(_ key: FunctionKey) {
        guard let function = functions[key], function.isForgettable else { return }
        // It comes back once its rates owe nothing.
        if let until = function.owesUntil, function.pacedUntil == nil { pace(key, until: until) }
        guard function.isIdle else { return }
        functions[key] = nil
        passedOver.remove(key)
    }
}
