import OutboxCore

extension SQLiteStore {
    /// Stores an event, unless its key names one that is remembered.
    mutating func accept(_ event: NewEvent, now: WallTime) throws(SQLiteError) -> StoreReply {
        var standing: KeyStanding?
        if let dedupe = event.dedupe {
            let known = try self.standing(of: dedupe, producer: event.producer, function: event.function)
            if let first = known.holder, let answer = try answer(dedupe, first, now: now) { return answer }
            standing = known
        }
        let function = try functionTable.key(event.function, connection)
        let producer = try producers.id(event.producer, connection)
        let queued = queuedEvent(event, function, now: now)
        let keyUntil = (event.dedupe?.window).map { now.advanced(by: $0) }
        if let standing, let dedupe = event.dedupe {
            let holder = KeyHolder(
                event: queued.id,
                content: Digest128(dedupe.contentDigest),
                rememberedUntil: keyUntil
            )
            if Planted.keyOutsideTransaction {
                #if PLANTED_BUGS
                    lateKeys.append((standing.digest, holder))
                #endif
            } else {
                try take(standing, for: holder, now: now)
            }
        }
        let check = RowCheck.value(of: queued, functionTable.check(function) ?? 0)
        try events.add(event, as: queued, producer: producer, keyUntil: keyUntil, check: check)
        counters.totals.lastSequence = queued.sequence
        counters.totals.queued += 1
        counters.totals.queuedBytes += event.payload.count
        functionTable.count(function, queued: 1, bytes: event.payload.count)
        return .accepted(queued)
    }

    /// The event as it will stand in the queue, under the next sequence number; nothing is stored yet.
    private mutating func queuedEvent(_ event: NewEvent, _ function: FunctionKey, now: WallTime) -> QueuedEvent {
        let sequence = counters.totals.lastSequence + 1
        // A delivery time that has come is none: the event is fresh.
        let dueAt = event.deliverAt.flatMap { $0 > now ? $0 : nil }
        return QueuedEvent(
            sequence: sequence,
            id: EventID(
                acceptedAt: now,
                sequence: sequence,
                generation: identity.generation,
                random: UInt16(truncatingIfNeeded: random.next())
            ),
            functionKey: function,
            function: event.function,
            payload: event.payload,
            payloadDigest: event.payloadDigest,
            headers: event.headers,
            acceptedAt: now,
            dueAt: dueAt,
            ageFrom: dueAt ?? now,
            expiresAt: event.expiresAt
        )
    }

    /// What an event is answered whose key names another one already; nil if it is a new event all the same.
    func answer(
        _ key: DedupeKey,
        _ first: KeyHolder,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply? {
        let state = try whereabouts(first.event)
        let isInWindow = first.rememberedUntil.map { now < $0 } ?? false
        guard isInWindow || state != .handedOver else { return nil }
        if first.content == Digest128(key.contentDigest) { return .repeated(first.event, state) }
        return key.kind.isProducersOwn ? .conflict(first.event) : nil
    }

    /// Where an event is that was accepted before; purged ones leave no key that could ask.
    private func whereabouts(_ id: EventID) throws(SQLiteError) -> EventState {
        if try events.find(id) != nil { return .queued }
        return try deadLetters.find(id) != nil ? .deadLetter : .handedOver
    }

    /// Whether an event is queued or a dead letter.
    func isAlive(_ id: EventID) throws(SQLiteError) -> Bool {
        try whereabouts(id) != .handedOver
    }
}
