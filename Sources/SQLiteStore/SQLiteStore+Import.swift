import OutboxCore

/// Events and keys that come in under the ids that they have.
extension SQLiteStore {
    mutating func bringIn(
        _ records: [ImportedRecord],
        room: ImportRoom,
        isTrial: Bool,
        now: WallTime
    ) throws(SQLiteError) -> StoreReply {
        var room = room
        var outcomes: [ImportOutcome] = []
        outcomes.reserveCapacity(records.count)
        for record in records {
            let outcome = try judge(record, &room, now: now)
            outcomes.append(outcome)
            guard outcome == .added, !isTrial else { continue }
            switch record {
            case .event(let event): try add(event, now: now)
            case .key(let key): try add(key, now: now)
            }
        }
        return .broughtIn(outcomes)
    }

    // MARK: What becomes of it

    private func judge(
        _ record: ImportedRecord,
        _ room: inout ImportRoom,
        now: WallTime
    ) throws(SQLiteError) -> ImportOutcome {
        switch record {
        case .event(let event):
            if let known = try standing(event, now: now) { return known }
            let obstacle = room.take(
                event.event.function,
                payloadBytes: event.event.payload.count,
                hasKey: event.event.dedupe != nil,
                isNewFunction: functionTable.known(event.event.function) == nil,
                isNewProducer: producers.known(event.event.producer) == nil
            )
            return obstacle.map { .noRoom($0) } ?? .added
        case .key(let key):
            if let known = try standing(key, now: now) { return known }
            return room.takeKey().map { .noRoom($0) } ?? .added
        }
    }

    /// Why the event doesn't come in; nil: it does, if there is room.
    private func standing(_ event: ImportedEvent, now: WallTime) throws(SQLiteError) -> ImportOutcome? {
        for row in event.id.rows {
            guard let (id, state) = try occupant(row) else { continue }
            if id == event.id { return .here(state) }
            if row == event.id.importedRow { return .clash(id) }
        }
        // A number that was given here, and whose row is empty.
        if event.id.generation == identity.generation,
            (1...max(1, counters.totals.lastSequence)).contains(event.id.sequence),
            try occupant(event.id.sequence) == nil
        {
            return .gone
        }
        guard event.place == .queue, let dedupe = event.event.dedupe,
            let first = try standing(of: dedupe, event.event).holder, first.event != event.id,
            case .repeated(let id, _)? = try answer(dedupe, first, now: now)
        else { return nil }
        return .repeats(id)
    }

    private func standing(_ key: ImportedKey, now: WallTime) throws(SQLiteError) -> ImportOutcome? {
        let known = try standing(of: key.digest)
        if let first = known.holder, try isRemembered(first, now: now) {
            return first.event == key.event ? .here(try state(of: key.event)) : .keyTaken(first.event)
        }
        if let until = key.rememberedUntil, until > now {
            // Freed here by a cancel or a purge: who sends its event anew must not be told that it came before.
            let isFreed = known.found.map { $0.entry.isFree && until.milliseconds <= $0.entry.until } ?? false
            return isFreed ? .gone : nil
        }
        return try livingRow(key.event) == nil ? .keyOver : nil
    }

    /// The event that a row number stands for, and where it is.
    private func occupant(_ row: Int64) throws(SQLiteError) -> (id: EventID, state: EventState)? {
        if let head = try events.head(row) { return (head.id(row), .queued) }
        if let head = try deadLetters.head(row) { return (head.event.id(row), .deadLetter) }
        return try history.line(row)
    }

    private func state(of id: EventID) throws(SQLiteError) -> EventState {
        for row in id.rows {
            if let (known, state) = try occupant(row), known == id { return state }
        }
        return .handedOver
    }

    private func livingRow(_ id: EventID) throws(SQLiteError) -> Int64? {
        if let (row, _) = try events.find(id) { return row }
        return try deadLetters.find(id)?.sequence
    }

    // MARK: Bringing it in

    private mutating func add(_ event: ImportedEvent, now: WallTime) throws(SQLiteError) {
        let new = event.event
        let row = event.id.importedRow
        let function = try functionTable.key(new.function, connection)
        let producer = try producers.id(new.producer, connection)
        // Never fresh: fresh rows are read in the order of their numbers.
        let due = new.deliverAt.map { max($0, now) } ?? now
        let isQueued = event.place == .queue
        let queued = QueuedEvent(
            sequence: row,
            id: event.id,
            functionKey: function,
            function: new.function,
            payload: new.payload,
            payloadDigest: new.payloadDigest,
            headers: new.headers,
            acceptedAt: event.id.acceptedAt,
            dueAt: due,
            ageFrom: isQueued ? due : event.id.acceptedAt,
            expiresAt: new.expiresAt
        )
        let check = RowCheck.value(of: queued, functionTable.check(function) ?? 0)
        try events.add(new, as: queued, producer: producer, keyUntil: event.keyUntil, check: check)
        try events.setPast(event, row)
        for line in event.lines { try attempts.append(line, to: row) }
        counters.totals.queued += 1
        counters.totals.queuedBytes += new.payload.count
        functionTable.count(function, queued: 1, bytes: new.payload.count)
        if event.takesKey, let key = new.dedupe {
            let holder = KeyHolder(
                event: event.id,
                content: Digest128(key.contentDigest),
                rememberedUntil: event.keyUntil
            )
            try takeIfFree(try standing(of: key, new), for: holder, now: now)
        }
        guard case .deadLetters(let condition, let reason, let diedAt) = event.place, let head = try events.head(row)
        else { return }
        try die(row, head, condition, reason: reason, lastError: event.lines.last, now: diedAt)
    }

    private mutating func add(_ key: ImportedKey, now: WallTime) throws(SQLiteError) {
        let holder = KeyHolder(event: key.event, content: key.content, rememberedUntil: key.rememberedUntil)
        try takeIfFree(try standing(of: key.digest), for: holder, now: now)
    }

    private func standing(of key: DedupeKey, _ event: NewEvent) throws(SQLiteError) -> KeyStanding {
        try standing(of: key, producer: event.producer, function: event.function)
    }

    /// A key that names an event here already stays what it is.
    private mutating func takeIfFree(
        _ standing: KeyStanding,
        for holder: KeyHolder,
        now: WallTime
    ) throws(SQLiteError) {
        if let first = standing.holder, try isRemembered(first, now: now) { return }
        try take(standing, for: holder, now: now)
    }
}
