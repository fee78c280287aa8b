import OutboxCore

/// What a `ModelStore` holds, and what the commands do to it.
struct Model {
    struct Event {
        var sequence: Int64
        var id: EventID
        var functionKey: FunctionKey
        var new: NewEvent
        var acceptedAt: WallTime
        var dueAt: WallTime?
        var ageFrom: WallTime
        var expiresAt: WallTime?
        var keyUntil: WallTime?
        var charged = 0
        var unknown = 0
        var routeFailures = 0
        var attempts = 0
        var uncertain = false
        var redriven = 0
        var lines: [AttemptRecord] = []
        var diedAt: WallTime?
        var condition: DeadLetterCondition?
        var reason: String?
        var handedOverAt: WallTime?
        var requestID: String?
        /// An operator took it out, at `handedOverAt`.
        var isCancelled = false
    }
    /// Kept for ever: one whose window has passed and whose event is gone says nothing.
    struct Key {
        var id: EventID
        var content: Digest128
        var until: WallTime?
    }

    var generation: UInt16 = 0
    /// The machine's boot at the latest opening, and of the process that has begun last; nil: none has.
    var openedIn = 0
    var begunIn: Int?
    var hasBegun = false
    var wasClosed = true
    var lastSequence: Int64 = 0
    /// By key, from 1; nil: forgotten.
    private(set) var functions: [FunctionIdentity?] = []
    private var functionKeys: [FunctionIdentity: FunctionKey] = [:]
    var producers: Set<String> = []
    var states: [FunctionKey: SavedState] = [:]
    var troubleAt: [FunctionKey: WallTime] = [:]
    var routes: [String: SavedState] = [:]
    var pauses: [String: PauseRule] = [:]
    var cutOffs: [CutOff.Scope: WallTime] = [:]
    var clock: ClockRecord?
    var events = ModelShelf()
    var dead = ModelShelf()
    var history = ModelShelf()
    var keys: [Digest128: Key] = [:]
    /// Those that a cancel or a purge freed: when their windows would have passed.
    var freedKeys: [Digest128: WallTime] = [:]
    var damaged: Set<Int64> = []
    /// When the latest commit was.
    var latest = WallTime(milliseconds: 0)

    mutating func carryOut(_ command: StoreCommand, now: WallTime) -> StoreReply {
        switch command {
        case .accept(let event): return accept(event, now)
        case .resolve(let resolution): return resolve(resolution, now)
        case .markUncertain(let ids):
            for id in ids where events[row(id)]?.id == id { events[row(id)]?.uncertain = true }
            return .done
        case .redrive(let selection, let limit, let keepExpiry):
            let letters = slice(selection, limit).filter { !keepExpiry || $0.expiresAt.map { $0 > now } ?? true }
            return .moved(letters.map { redrive($0, now) })
        case .purge(let selection, let limit):
            return .moved(slice(selection, limit).map { purge($0) })
        case .bury(let sequence, let condition, let reason):
            guard let event = events[sequence] else { return .notFound }
            die(event, condition, reason, now)
            return .done
        case .saveFunctionState(let key, let state):
            if key.rawValue >= 1, key.rawValue <= functions.count, functions[Int(key.rawValue) - 1] != nil {
                states[key] = state
                troubleAt[key] = now
            }
            return .done
        case .saveRouteState(let name, let state):
            if state == nil { cutOffs[.route(name)] = now }
            routes[name] = state
            return .done
        case .saveClock(let record):
            clock = record
            return .done
        case .begin(let record):
            if let record { clock = record }
            begunIn = openedIn
            hasBegun = true
            wasClosed = false
            return .done
        case .pause(let rule):
            let known = pauses[rule.pattern.text]
            guard known != nil || pauses.count < PauseRule.rulesMax else { return .notFound }
            pauses[rule.pattern.text] = PauseRule(
                pattern: rule.pattern,
                reason: rule.reason,
                since: known?.since ?? rule.since
            )
            return .done
        case .resume(let pattern):
            let meant = pauseRules.filter { pattern.matches($0.pattern.text) }
            for rule in meant {
                pauses[rule.pattern.text] = nil
                cutOffs[.functions(rule.pattern)] = now
            }
            return .resumed(meant)
        case .cancel(let ids): return .found(ids.filter { cancel($0, now) })
        case .sendNow(let ids, _): return .found(ids.filter { sendNow($0, now) })
        case .bringForward(let sequences):
            for sequence in sequences where events[sequence]?.dueAt.map({ $0 > now }) ?? false {
                events[sequence]!.dueAt = now
            }
            return .done
        case .trim(let before, let max, let limit):
            let lines = trimHistory(before, max, limit)
            return .trimmed(lines, more: lines >= limit)
        case .forgetFunctions(let before, _): return .forgotten(forgetFunctions(troubleBefore: before))
        case .bringIn(let records, let room, let isTrial):
            return .broughtIn(bringIn(records, room, isTrial: isTrial, now))
        }
    }

    mutating func key(_ function: FunctionIdentity) -> FunctionKey {
        if let known = functionKeys[function] { return known }
        functions.append(function)
        let new = FunctionKey(Int64(functions.count))
        functionKeys[function] = new
        return new
    }

    /// nil: it has no row.
    func knownKey(_ function: FunctionIdentity) -> FunctionKey? { functionKeys[function] }

    var functionCount: Int { functionKeys.count }

    private mutating func accept(_ new: NewEvent, _ now: WallTime) -> StoreReply {
        if let answer = repeated(new, now) { return answer }
        let function = key(new.function)
        producers.insert(new.producer)
        let sequence = lastSequence + 1
        let id = EventID(
            acceptedAt: now,
            sequence: sequence,
            generation: generation,
            random: UInt16(truncatingIfNeeded: sequence &* 40_503)
        )
        if let digest = Self.digest(new), let dedupe = new.dedupe {
            let until = now.advanced(by: dedupe.window)
            keys[digest] = Key(id: id, content: Digest128(dedupe.contentDigest), until: until)
        }
        let dueAt = new.deliverAt.flatMap { $0 > now ? $0 : nil }
        let event = Event(
            sequence: sequence,
            id: id,
            functionKey: function,
            new: new,
            acceptedAt: now,
            dueAt: dueAt,
            ageFrom: dueAt ?? now,
            expiresAt: new.expiresAt,
            keyUntil: (new.dedupe?.window).map { now.advanced(by: $0) }
        )
        lastSequence = sequence
        events[sequence] = event
        return .accepted(event.queued)
    }

    func repeated(_ new: NewEvent, _ now: WallTime) -> StoreReply? {
        guard let dedupe = new.dedupe, let first = Self.digest(new).flatMap({ keys[$0] }), isRemembered(first, now)
        else { return nil }
        if first.content == Digest128(dedupe.contentDigest) { return .repeated(first.id, whereabouts(first.id)) }
        return dedupe.kind.isProducersOwn ? .conflict(first.id) : nil
    }

    static func digest(_ new: NewEvent) -> Digest128? {
        new.dedupe?.digest(producer: new.producer, function: new.function, hash: testHash)
    }

    func isRemembered(_ key: Key, _ now: WallTime) -> Bool {
        whereabouts(key.id) != .handedOver || key.until.map { now < $0 } ?? false
    }

    private func whereabouts(_ id: EventID) -> EventState {
        let row = row(id)
        return events[row]?.id == id ? .queued : dead[row]?.id == id ? .deadLetter : .handedOver
    }

    private mutating func resolve(_ resolution: Resolution, _ now: WallTime) -> StoreReply {
        guard var event = events[resolution.sequence] else { return .notFound }
        event.charged = resolution.chargedAttempts
        event.unknown = resolution.unknownAttempts
        event.routeFailures = resolution.routeFailures
        event.uncertain = event.uncertain || resolution.uncertain
        event.attempts += resolution.attempt.count
        AttemptHistory.append(resolution.attempt, to: &event.lines)
        switch resolution.fate {
        case .handedOver:
            events[event.sequence] = nil
            event.handedOverAt = now
            event.requestID = resolution.attempt.requestID
            history[event.sequence] = event
        case .waits(let dueAt):
            event.dueAt = dueAt ?? event.dueAt
            events[event.sequence] = event
        case .dead(let condition, let reason):
            die(event, condition, reason, now)
        }
        return .done
    }

    mutating func die(_ event: Event, _ condition: DeadLetterCondition, _ reason: String, _ now: WallTime) {
        var event = event
        events[event.sequence] = nil
        event.dueAt = nil
        event.diedAt = now
        event.condition = condition
        event.reason = reason
        dead[event.sequence] = event
    }

    private func selected(_ selection: DeadLetterSelection, _ limit: Int) -> [Event] {
        let oldestFirst = dead.values.sorted { ($0.diedAt!, $0.sequence) < ($1.diedAt!, $1.sequence) }
        switch selection {
        case .ids(let ids):
            var seen: Set<EventID> = []
            let found = ids.compactMap { id in
                dead[row(id)].flatMap { $0.id == id && seen.insert(id).inserted ? $0 : nil }
            }
            return Array(found.prefix(limit))
        case .function(let pattern):
            return Array(oldestFirst.filter { pattern.matches($0.new.function) }.prefix(limit))
        case .matching(let filter):
            let meant = oldestFirst.filter { letter in
                filter.function.map { $0.matches(letter.new.function) } ?? true
                    && filter.condition.map { $0 == letter.condition } ?? true
            }
            return Array(meant.prefix(limit))
        case .all:
            return Array(oldestFirst.prefix(limit))
        }
    }

    /// As many of the selected as one transaction takes.
    private func slice(_ selection: DeadLetterSelection, _ limit: Int) -> [Event] {
        var bytes = 0
        var taken: [Event] = []
        for event in selected(selection, limit) where bytes < StoreCommand.movedBytesMax {
            bytes += event.new.payload.count
            taken.append(event)
        }
        return taken
    }

    private mutating func redrive(_ letter: Event, _ now: WallTime) -> EventID {
        var event = letter
        dead[event.sequence] = nil
        event.dueAt = now
        event.ageFrom = now
        if let expiresAt = event.expiresAt, expiresAt <= now { event.expiresAt = nil }
        (event.charged, event.unknown, event.routeFailures) = (0, 0, 0)
        event.redriven += 1
        (event.diedAt, event.condition, event.reason) = (nil, nil, nil)
        events[event.sequence] = event
        return event.id
    }

    private mutating func purge(_ letter: Event) -> EventID {
        dead[letter.sequence] = nil
        freeKey(letter)
        return letter.id
    }

    var pauseRules: [PauseRule] { pauses.values.sorted { $0.pattern.text < $1.pattern.text } }

    private mutating func cancel(_ id: EventID, _ now: WallTime) -> Bool {
        let row = row(id)
        guard var event = events[row], event.id == id else { return false }
        events[row] = nil
        freeKey(event)
        event.handedOverAt = now
        event.isCancelled = true
        history[row] = event
        return true
    }

    private mutating func sendNow(_ id: EventID, _ now: WallTime) -> Bool {
        let row = row(id)
        guard let event = events[row], event.id == id else { return false }
        if let due = event.dueAt, due > now {
            events[row]!.dueAt = now
            events[row]!.ageFrom = min(event.ageFrom, now.advanced(by: .milliseconds(-1)))
        }
        return true
    }

    private mutating func freeKey(_ event: Event) {
        guard let digest = Self.digest(event.new), let key = keys[digest], key.id == event.id else { return }
        keys[digest] = nil
        freedKeys[digest] = key.until
    }

    private mutating func trimHistory(_ before: WallTime, _ max: Int, _ limit: Int) -> Int {
        guard history.count > max || history.values.contains(where: { $0.handedOverAt! < before }) else { return 0 }
        var removed = 0
        let oldestFirst = history.values.sorted { ($0.handedOverAt!, $0.sequence) < ($1.handedOverAt!, $1.sequence) }
        for event in oldestFirst.prefix(limit) where event.handedOverAt! < before || history.count > max {
            history[event.sequence] = nil
            removed += 1
        }
        return removed
    }

    private mutating func forgetFunctions(troubleBefore: WallTime) -> [FunctionKey] {
        var gone: [FunctionKey] = []
        for index in functions.indices {
            guard let function = functions[index] else { continue }
            let key = FunctionKey(Int64(index) + 1)
            if events.held(by: key).events > 0 { continue }
            var isChanged = false
            if states[key] != nil, let at = troubleAt[key], at < troubleBefore {
                states[key] = nil
                isChanged = true
            }
            let isNamed =
                dead.held(by: key).events > 0 || history.held(by: key).events > 0
                || states[key] != nil
            if !isNamed, index != functions.count - 1 {
                functions[index] = nil
                functionKeys[function] = nil
                isChanged = true
            }
            if isChanged { gone.append(key) }
        }
        return gone
    }
}
