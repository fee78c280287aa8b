import OutboxCore

/// Why a request can't go into this commit.
struct Obstacle {
    static let diskFull = Obstacle(reason: "the disk is full")
    static let keysFull = Obstacle(reason: Admission.keysReason, isStore: true, mayPass: false)
    static let locked = Obstacle(reason: "another program has locked the database", isStore: true)

    /// For people.
    var reason: String
    /// The store can't commit at all (503); otherwise there is no room (429).
    var isStore = false
    /// There may be room before long.
    var mayPass = true

    var answer: AcceptAnswer {
        isStore
            ? .unavailable(reason: reason, retryAfter: .seconds(5))
            : .overBudget(reason: reason, retryAfter: .seconds(5))
    }
}

/// Names that the requests of one commit bring with them.
struct NewNames {
    let known: StoreNames
    var functions: Set<FunctionIdentity> = []
    var producers: Set<String> = []
    /// Of the event that is looked at.
    var functionIsNew = false
    var producerIsNew = false
    private var latest: (function: FunctionIdentity, producer: String)?

    init(known: StoreNames) {
        self.known = known
    }

    /// Whether both names are those of the event before, which was taken: comparing is cheaper than looking up.
    mutating func isSettled(_ event: NewEvent) -> Bool {
        functionIsNew = false
        producerIsNew = false
        return latest.map { $0.function == event.function && $0.producer == event.producer } ?? false
    }

    /// The event goes into the commit.
    mutating func take(_ event: NewEvent) {
        if functionIsNew { functions.insert(event.function) }
        if producerIsNew { producers.insert(event.producer) }
        latest = (event.function, event.producer)
    }
}

/// Who is let in, who waits, and what each is told.
extension Committer where Store: ~Copyable {
    /// Decides who goes into this commit; who does not fit waits for room, then is refused.
    mutating func admit(now: Moment) throws(StoreError) {
        var answers: [(IntakeItem, AcceptAnswer)] = []
        // Until all have been looked at, each of them waits: a look-up that fails ends the round, and who is in two lists
        // would be answered twice.
        var fitting: [Waiting] = []
        var kept: [Waiting] = []
        var keptBytes = 0
        var admittedBytes = 0
        var known: [FunctionIdentity: (policy: FunctionPolicy, usage: FunctionUsage)] = [:]
        var names = NewNames(known: store.names)
        hasMore = false
        for var candidate in waiting {
            let item = candidate.item
            let function = item.event.function
            let fits = fitting.count < limits.commitEventsMax && admittedBytes < limits.commitBytesMax
            var (policy, usage) =
                known[function] ?? (settings.policies.policy(for: function), store.usage(of: function))
            var obstacle = blocking(now: now)
            if obstacle == nil { obstacle = unknownName(item.event, &names) }
            if obstacle == nil, item.event.dedupe != nil, !admission.hasRoomForKey { obstacle = .keysFull }
            if obstacle == nil, fits {
                obstacle = admission.admit(payloadBytes: item.event.payload.count, function: usage, share: policy.share)
                    .map { Obstacle(reason: $0) }
                if obstacle == nil {
                    names.take(item.event)
                    admission.keys += item.event.dedupe == nil ? 0 : 1
                    usage.events += 1
                    usage.bytes += item.event.payload.count
                    known[function] = (policy, usage)
                    // `soft`: nothing dies.
                    if policy.soft { candidate.item.event.expiresAt = nil }
                    admittedBytes += item.heldBytes
                    fitting.append(candidate)
                    continue
                }
            }
            known[function] = (policy, usage)
            let hasRoom = kept.count < limits.intakeEventsMax && keptBytes + item.heldBytes <= limits.intakeBytesMax
            guard let obstacle else {
                // It fits, but not into this commit.
                hasMore = true
                keptBytes += item.heldBytes
                kept.append(candidate)
                continue
            }
            let waits = hasRoom && obstacle.mayPass && !isStopping && candidate.deadline > now.monotonic
            // Looked up when it first meets an obstacle, and once more before it is refused.
            if candidate.obstacle == nil || !waits, let known = try knownAnswer(item, now: now) {
                answers.append((item, known))
            } else if waits {
                candidate.obstacle = obstacle
                keptBytes += item.heldBytes
                kept.append(candidate)
            } else {
                counts.refused += 1
                tally(.refused, item)
                answers.append((item, isStopping ? CommitMailbox.refusal(.shuttingDown)! : obstacle.answer))
            }
        }
        admitted = fitting
        waiting = kept
        answer(answers)
    }

    /// Why a name that the store does not know yet can't be taken: each is a row and an entry in memory (P7).
    private func unknownName(_ event: NewEvent, _ names: inout NewNames) -> Obstacle? {
        if names.isSettled(event) { return nil }
        if !store.knows(event.function), !names.functions.contains(event.function) {
            if names.known.functions + names.functions.count >= limits.functionsMax {
                return Obstacle(
                    reason: "this daemon knows \(limits.functionsMax) functions already and takes no new names",
                    mayPass: false
                )
            }
            names.functionIsNew = true
        }
        if !store.knows(producer: event.producer), !names.producers.contains(event.producer) {
            if names.known.producers + names.producers.count >= limits.producersMax {
                return Obstacle(
                    reason: "this daemon knows \(limits.producersMax) producers already and takes no new ones",
                    mayPass: false
                )
            }
            names.producerIsNew = true
        }
        return nil
    }

    /// Why nobody at all can be taken now.
    func blocking(now: Moment) -> Obstacle? {
        if isLocked(now) { return .locked }
        return lockedUntil == nil && !heldUp.isEmpty ? .diskFull : nil
    }

    /// The answer to a repeat, which needs no room (P4); nil for a new event.
    mutating func knownAnswer(_ item: IntakeItem, now: Moment) throws(StoreError) -> AcceptAnswer? {
        guard item.event.dedupe != nil, !Planted.repeatNeedsRoom else { return nil }
        do throws(StoreError) {
            switch try store.lookUpRepeat(of: item.event, now: now.wall) {
            case .repeated(let id, let state)?:
                counts.repeats += 1
                tally(.repeat, item)
                return .repeated(id, state)
            case .conflict(let id)?:
                counts.refused += 1
                tally(.conflict, item)
                return .conflict(id)
            default: return nil
            }
        } catch .busy {
            return nil
        }
    }

    mutating func answerIntake(_ replies: [StoreReply]) {
        guard !admitted.isEmpty else { return }
        var answers: [(IntakeItem, AcceptAnswer)] = []
        answers.reserveCapacity(admitted.count)
        var fresh: [QueuedEvent] = []
        var bytes = 0
        var complete = true
        var earliestDue: WallTime?
        for (item, reply) in zip(admitted.map(\.item), replies) {
            switch reply {
            case .accepted(let event):
                counts.accepted += 1
                tally(.accepted, item)
                answers.append((item, .accepted(event.id)))
                bytes += event.payload.count
                bytesSinceMeasure += event.payload.count + Self.rowBytes
                if let due = event.dueAt {
                    earliestDue = min(earliestDue ?? due, due)
                } else if bytes <= limits.announcedBytesMax {
                    fresh.append(event)
                } else {
                    complete = false
                }
            case .repeated(let id, let state):
                counts.repeats += 1
                tally(.repeat, item)
                answers.append((item, .repeated(id, state)))
            case .conflict(let id):
                counts.refused += 1
                tally(.conflict, item)
                answers.append((item, .conflict(id)))
            case .done, .notFound, .moved, .found, .resumed, .trimmed, .forgotten, .broughtIn:
                preconditionFailure("the store answered an accept with something else")
            }
        }
        admitted = []
        answer(answers)
        if !fresh.isEmpty || !complete || earliestDue != nil {
            tellDelivery(
                .accepted(
                    events: complete ? fresh : [],
                    lastSequence: store.totals.lastSequence,
                    complete: complete,
                    earliestDue: earliestDue
                )
            )
        }
    }

    /// A name that was never accepted gets no row, and so no label: else whoever makes up names took them from others.
    mutating func tally(_ kind: AcceptKind, _ item: IntakeItem) {
        let function = item.event.function
        let opensRow = kind == .accepted || kind == .repeat
        measures.accepts.add(kind.rawValue, for: function, opensRow: opensRow, function)
    }

    /// About what a row takes beside its payload.
    static var rowBytes: Int { 200 }
}
