import OutboxCore

/// What is checked as a commit is on disk.
extension Oracle {
    func committed(_ commands: [StoreCommand], _ replies: [StoreReply], _ now: WallTime) {
        maxWall = max(maxWall, now)
        guard commands.count == replies.count else {
            return violated("store", "a reply for each of \(commands.count) commands", "\(replies.count)")
        }
        watchCommitted(commands)
        for (command, reply) in zip(commands, replies) { carriedOut(command, reply, now) }
    }

    private func carriedOut(_ command: StoreCommand, _ reply: StoreReply, _ now: WallTime) {
        switch (command, reply) {
        case (.accept(let event), let reply): accepted(event, reply, now)
        case (.resolve(let resolution), .done): resolved(resolution)
        case (.bury(let sequence, let condition, let reason), .done): buried(sequence, condition, reason, now)
        case (.resolve(let resolution), .notFound):
            if entries[resolution.sequence]?.state == .queued {
                violated("I1", "the row of a queued event", "\(resolution.sequence) was not found")
            }
            removeFlight(resolution.sequence)
        case (.markUncertain(let ids), _): marked(ids)
        case (.redrive, .moved(let ids)): for id in ids { redriven(id, now) }
        case (.purge, .moved(let ids)): for id in ids { leave(id, from: .dead, to: .purged) }
        case (.cancel, .found(let ids)):
            for id in ids {
                if flights[id.sequence] != nil { violated("cancel", "no cancel of an event in flight", "\(id)") }
                leave(id, from: .queued, to: .cancelled)
            }
        case (.sendNow, .found(let ids)):
            for id in ids {
                guard let due = entries[id.sequence]?.dueAt, due > now else { continue }
                entries[id.sequence]!.dueAt = now
                if entries[id.sequence]!.promisedAt == due { entries[id.sequence]!.promisedAt = now }
                entries[id.sequence]!.ageFrom = min(entries[id.sequence]!.ageFrom, now.advanced(by: .milliseconds(-1)))
                entries[id.sequence]!.agesFrom = min(entries[id.sequence]!.agesFrom, record.nanoseconds - 1_000_000)
            }
        case (.pause(let rule), .done): storedPauses.insert(rule.pattern.text)
        case (.resume, .resumed(let rules)):
            for rule in rules { storedPauses.remove(rule.pattern.text) }
            // Also where nobody lives to be told of it.
            pauses.removeAll { pause in rules.contains { $0.pattern.text == pause.text } }
        case (.bringForward(let sequences), _):
            for sequence in sequences {
                guard let due = entries[sequence]?.dueAt, due > now else { continue }
                entries[sequence]!.dueAt = now
            }
        case (.forgetFunctions, .forgotten(let keys)):
            // The row stays where only the state was forgotten; a key is never given to another.
            for key in keys {
                guard let function = functionOfKey[key] else { continue }
                if queuedByFunction[function] > 0 {
                    violated("functions", "no function forgotten that holds events", name(function))
                }
            }
        default: break
        }
    }

    // MARK: In

    private func accepted(_ event: NewEvent, _ reply: StoreReply, _ now: WallTime) {
        let function = index(of: event.function)
        let key = event.dedupe.map { Key(function: function, text: $0.text) }
        switch reply {
        case .accepted(let queuedEvent):
            let message = Int(event.payloadDigest.words.0)
            if let key, let known = keys[key] { checkNew(event, known, now) }
            if entries[queuedEvent.sequence] != nil {
                violated("I1", "a sequence number of its own", "\(queuedEvent.id)")
            }
            entries[queuedEvent.sequence] = Entry(
                id: queuedEvent.id,
                function: function,
                message: message,
                payload: event.payload,
                acceptedAt: now,
                ageFrom: queuedEvent.ageFrom,
                storedAt: record.nanoseconds,
                agesFrom: record.nanoseconds + max(0, queuedEvent.ageFrom.since(now).milliseconds) * 1_000_000,
                dueAt: event.deliverAt.flatMap { $0 > now ? $0 : nil },
                promisedAt: event.deliverAt,
                expiresAt: event.expiresAt
            )
            if queuedEvent.payload != event.payload || queuedEvent.function != event.function {
                violated("P10", "the event that was sent", "\(queuedEvent)")
            }
            let holds = queuedByFunction[function] + deadByFunction[function]
            let budget = record.plan.budgets.eventsMax
            if queued + dead >= budget { violated("P7", "at most \(budget) events", "one more") }
            if Double(holds) >= Double(budget) * policy(function).share {
                violated("P7", "no more than its share of \(budget) for \(name(function))", "\(holds + 1)")
            }
            stored[message, default: 0] += 1
            queued += 1
            queuedByFunction[function] += 1
            turns[function].queued.insert(queuedEvent.sequence)
            functionOfKey[queuedEvent.functionKey] = function
            if let key, let dedupe = event.dedupe {
                keys[key] = (queuedEvent.id, dedupe.contentDigest, now.advanced(by: dedupe.window))
            }
            record.note(3, UInt64(queuedEvent.sequence), text: "accepted \(queuedEvent.sequence) for \(name(function))")
        case .repeated(let id, _):
            guard let key, let known = keys[key], known.id == id, known.digest == event.dedupe?.contentDigest else {
                return violated("P4", "a repeat of the event with this key and content", "\(id)")
            }
        case .conflict(let id):
            guard let key, let known = keys[key], known.id == id, known.digest != event.dedupe?.contentDigest else {
                return violated("P4", "a conflict with an event of this key and other content", "\(id)")
            }
        default: violated("store", "an answer to an accept", "\(reply)")
        }
    }

    /// A second event was made where there was a key.
    private func checkNew(
        _ event: NewEvent,
        _ known: (id: EventID, digest: Digest256, until: WallTime),
        _ now: WallTime
    ) {
        guard let first = entries[known.id.sequence] else { return }
        // Where the clock has been past the window the key may be gone.
        let isRemembered =
            first.state == .queued || first.state == .dead || (now < known.until && maxWall < known.until)
        if isRemembered, first.state != .cancelled, first.state != .purged {
            violated("P4", "no second event for the key of \(known.id), which is \(first.state)", "a new event")
        }
    }

    // MARK: Out

    func leave(_ id: EventID, from state: Entry.State, to next: Entry.State) {
        guard let entry = entries[id.sequence], entry.id == id, entry.state == state else {
            let found = entries[id.sequence].map { "\($0.state)" } ?? "unknown"
            return violated("I1", "\(id) to be \(state) before it is \(next)", found)
        }
        entries[id.sequence]!.state = next
        if state == .queued {
            queued -= 1
            queuedByFunction[entry.function] -= 1
            turns[entry.function].queued.remove(id.sequence)
            turns[entry.function].left(id.sequence)
        } else {
            dead -= 1
            deadByFunction[entry.function] -= 1
        }
        if next == .dead {
            dead += 1
            deadByFunction[entry.function] += 1
            entries[id.sequence]!.dueAt = nil
        }
        if next == .cancelled || next == .purged {
            for (key, known) in keys where known.id == id { keys[key] = nil }
        }
        record.note(4, UInt64(id.sequence), text: "\(id.sequence) is \(next)")
    }

    private func redriven(_ id: EventID, _ now: WallTime) {
        guard let entry = entries[id.sequence], entry.id == id, entry.state == .dead else {
            return violated("I1", "a redrive of a dead letter", "\(id)")
        }
        dead -= 1
        deadByFunction[entry.function] -= 1
        queued += 1
        queuedByFunction[entry.function] += 1
        turns[entry.function].queued.insert(id.sequence)
        entries[id.sequence]!.state = .queued
        entries[id.sequence]!.dueAt = now
        entries[id.sequence]!.ageFrom = now
        entries[id.sequence]!.storedAt = record.nanoseconds
        entries[id.sequence]!.agesFrom = record.nanoseconds
        entries[id.sequence]!.charged = 0
        entries[id.sequence]!.unknown = 0
        entries[id.sequence]!.midway = 0
        entries[id.sequence]!.wasRefused = false
        watch.midway[id.sequence] = nil
        entries[id.sequence]!.redriven += 1
        entries[id.sequence]!.condition = nil
        if let expiry = entry.expiresAt, expiry <= now { entries[id.sequence]!.expiresAt = nil }
        idleSince[entry.function] = max(idleSince[entry.function], record.nanoseconds)
    }

    private func marked(_ ids: [EventID]) {
        for id in ids {
            if !mayMark.contains(id) { violated("P3", "marks only for what was in flight", "\(id)") }
            if let entry = entries[id.sequence], entry.id == id, entry.state == .queued {
                entries[id.sequence]!.uncertain = true
            }
        }
        toMark.subtract(ids)
    }

    func removeFlight(_ sequence: Int64) {
        guard let flight = flights.removeValue(forKey: sequence) else { return }
        inFlight[flight.function] -= 1
        sharesResolved(flight.function)
        idleSince[flight.function] = record.nanoseconds
    }

    private func resolved(_ resolution: Resolution) {
        let sequence = resolution.sequence
        guard let entry = entries[sequence], let flight = flights[sequence], flight.hasEnded else {
            return violated("I1", "an outcome of an attempt that has ended", "one for event \(sequence)")
        }
        if entry.state != .queued { violated("I1", "an outcome for a queued event", "\(entry.id), \(entry.state)") }
        checkCharge(resolution, entry, flight)
        checkMark(resolution, entry, flight)
        removeFlight(sequence)
        entries[sequence]!.charged = resolution.chargedAttempts
        entries[sequence]!.unknown = resolution.unknownAttempts
        entries[sequence]!.uncertain = entry.uncertain || resolution.uncertain
        switch resolution.fate {
        case .handedOver:
            if flight.cause != .handedOver { violated("I1", "no hand-over: \(flight.cause.rawValue)", "\(entry.id)") }
            leave(entry.id, from: .queued, to: .handedOver)
        case .waits(let due):
            if flight.cause == .handedOver { violated("I1", "a hand-over", "\(entry.id) goes on waiting") }
            watchWait(resolution, entry, flight)
            if let due {
                checkBackoff(due, resolution, entry, flight)
                entries[sequence]!.dueAt = due
            }
        case .dead(let condition, let reason):
            checkDeath(condition, resolution, entry, flight, reason)
            die(entry.id, condition)
        }
    }

    /// P5: what costs an attempt, and what doesn't.
    private func checkCharge(_ resolution: Resolution, _ entry: Entry, _ flight: Flight) {
        let charged = resolution.attempt.charged
        let expected = entry.charged + (charged ? 1 : 0)
        if resolution.chargedAttempts != expected {
            violated("P5", "\(expected) charged attempts of \(entry.id)", "\(resolution.chargedAttempts)")
        }
        switch flight.cause.blame {
        case nil, .throttle, .route:
            if charged { violated("P5", "nothing charged for '\(flight.cause.rawValue)'", "\(entry.id)") }
            if resolution.attempt.blame != flight.cause.blame {
                violated(
                    "blame",
                    "\(flight.cause.rawValue) is \(word(flight.cause.blame))",
                    word(resolution.attempt.blame)
                )
            }
        case .event:
            if charged, !flight.isProbe { violated("P5", "an event refused is not charged", "\(entry.id)") }
            if resolution.attempt.blame != .event { violated("blame", "event", word(resolution.attempt.blame)) }
        case .function?, .unknown?:
            if resolution.attempt.blame == .route, flight.mayBeShared {
                if charged { violated("P5", "nothing charged for what the route is blamed for", "\(entry.id)") }
            } else {
                if resolution.attempt.blame != flight.cause.blame {
                    violated(
                        "blame",
                        "\(flight.cause.rawValue) is \(word(flight.cause.blame))",
                        word(resolution.attempt.blame)
                    )
                }
                if !charged { violated("charge", "a charge for '\(flight.cause.rawValue)'", "none, \(entry.id)") }
                if flight.isProbe { scopes.functions[flight.function].failedProbes += 1 }
            }
        }
        if case .waits(let due?) = resolution.fate, flight.cause.blame == .throttle {
            violated(
                "throttle",
                "no backoff of its own after a throttle",
                "\(entry.id) waits until \(due.milliseconds)"
            )
        }
    }

    private func word(_ blame: Blame?) -> String { blame?.rawValue ?? "none" }

    private func checkMark(_ resolution: Resolution, _ entry: Entry, _ flight: Flight) {
        if flight.cause.isUncertain || entry.uncertain {
            if !resolution.uncertain, flight.cause.isUncertain {
                violated("P3", "the mark uncertain after '\(flight.cause.rawValue)'", "\(entry.id) without it")
            }
        } else if resolution.uncertain {
            violated("P3", "no mark after '\(flight.cause.rawValue)'", "\(entry.id) is uncertain")
        }
    }

    /// The bounds of the delay, and that it is drawn from all of them.
    private func checkBackoff(_ due: WallTime, _ resolution: Resolution, _ entry: Entry, _ flight: Flight) {
        let policy = flight.policy
        let delay = due.since(flight.endWall).milliseconds
        let rest = min(flight.retryAfter ?? .zero, .minutes(15)).milliseconds
        if flight.cause == .eventCode {
            // A trial's wait is its own.
            if delay > max(5_000, policy.maxDelay.milliseconds) {
                violated("backoff", "at most 5 s on trial", "\(delay) ms")
            }
            return
        }
        if delay < 0 || delay > max(policy.maxDelay.milliseconds, rest) {
            violated("backoff", "0…\(max(policy.maxDelay.milliseconds, rest)) ms", "\(delay) ms for \(entry.id)")
        }
        guard flight.cause.blame == .function || flight.cause.blame == .unknown, resolution.attempt.charged else {
            return
        }
        let n = max(1, resolution.chargedAttempts + resolution.routeFailures)
        let doubled = n > 30 ? Double.infinity : Double(policy.baseDelay.milliseconds) * Double(1 << (n - 1))
        let bound = min(Double(policy.maxDelay.milliseconds), doubled)
        if Double(delay) > max(bound, Double(rest)) {
            violated("backoff", "at most \(bound) ms after \(n) failures", "\(delay) ms for \(entry.id)")
        }
        if bound >= 100 { jitter.append(Double(delay) / bound) }
    }
}
