import OutboxCore

extension SQLiteStore {
    /// Stores an event, unless its key names one that is remembered.
    mutating func accept(_ event: NewEvent, now: WallTime) throws(SQLiteError) -> StoreReply {
        let function = try functionTable.key(event.function, connection)
        let producer = try producers.id(event.producer, connection)
        let queued = queuedEvent(event, function, now: now)
        var keyUntil: WallTime?
        if let dedupe = event.dedupe {
            let until = now.advanced(by: dedupe.window)
            keyUntil = until
            if let answer = try repeated(dedupe, of: producer, function, by: queued, until: until, now: now) {
                return answer
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

    /// Decides whether a key makes the event a repeat (door: "Repeats"); if not, the key names the new event now.
    private mutating func repeated(
        _ key: DedupeKey,
        of producer: Int64,
        _ function: FunctionKey,
        by event: QueuedEvent,
        until: WallTime,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply? {
        let place = IdempotencyKeys.Place(
            producer: producer,
            function: function,
            kind: Int64(key.kind.rawValue),
            text: key.text
        )
        let claimant = IdempotencyKeys.Holder(
            sequence: event.sequence,
            id: event.id,
            contentDigest: key.contentDigest,
            rememberedUntil: until
        )
        #if PLANTED_BUGS
            if Planted.keyOutsideTransaction, try keys.holder(of: place) == nil {
                lateKeys.append((place, claimant))
                return nil
            }
        #endif
        guard let first = try keys.take(place, for: claimant) else { return nil }
        if let answer = try answer(key, first, now: now) { return answer }
        try keys.takeOver(place, for: claimant)
        return nil
    }

    /// What an event is answered whose key names another one already; nil if it is a new event all the same.
    func answer(
        _ key: DedupeKey,
        _ first: IdempotencyKeys.Holder,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply? {
        let state = try whereabouts(first.sequence)
        let isInWindow = first.rememberedUntil.map { now < $0 } ?? false
        guard isInWindow || state != .handedOver else { return nil }
        if first.contentDigest == key.contentDigest { return .repeated(first.id, state) }
        return key.kind.isProducersOwn ? .conflict(first.id) : nil
    }

    /// Where an event is that was accepted before; purged ones leave no key that could ask.
    private func whereabouts(_ sequence: Int64) throws(SQLiteError) -> EventState {
        if try events.head(sequence) != nil { return .queued }
        return try deadLetters.head(sequence) != nil ? .deadLetter : .handedOver
    }

    /// Whether an event is queued or a dead letter.
    func isAlive(_ sequence: Int64) throws(SQLiteError) -> Bool {
        try whereabouts(sequence) != .handedOver
    }
}
