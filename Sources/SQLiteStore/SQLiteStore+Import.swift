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
        let producer: String
        var payloadBytes: Int?
        switch record {
        case .event(let event):
            if let known = try standing(event, now: now) { return known }
            producer = event.event.producer
            payloadBytes = event.event.payload.count
        case .key(let key):
            if let known = try standing(key, now: now) { return known }
            producer = key.producer
        }
        let obstacle = room.take(
            record.function,
            payloadBytes: payloadBytes,
            isNewFunction: functionTable.known(record.function) == nil,
            isNewProducer: producers.known(producer) == nil
        )
        return obstacle.map { .noRoom($0) } ?? .added
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
        guard event.place == .queue, let dedupe = event.event.dedupe, let place = place(of: event.event),
            let first = try keys.holder(of: place), first.id != event.id,
            case .repeated(let id, _)? = try answer(dedupe, first, now: now)
        else { return nil }
        return .repeats(id)
    }

    private func standing(_ key: ImportedKey, now: WallTime) throws(SQLiteError) -> ImportOutcome? {
        if let place = place(of: key), let first = try keys.holder(of: place) {
            return first.id == key.event ? .here(try state(of: key.event)) : .keyTaken(first.id)
        }
        if let until = key.rememberedUntil, until > now { return nil }
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

    /// nil: function or producer have no row yet, and so no key.
    private func place(of event: NewEvent) -> IdempotencyKeys.Place? {
        guard let key = event.dedupe else { return nil }
        return place(event.function, event.producer, Int64(key.kind.rawValue), key.text)
    }

    private func place(of key: ImportedKey) -> IdempotencyKeys.Place? {
        place(key.function, key.producer, Int64(key.kind.rawValue), key.text)
    }

    private func place(
        _ function: FunctionIdentity,
        _ producer: String,
        _ kind: Int64,
        _ text: String
    ) -> IdempotencyKeys.Place? {
        guard let function = functionTable.known(function), let producer = producers.known(producer) else { return nil }
        return IdempotencyKeys.Place(producer: producer, function: function, kind: kind, text: text)
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
        if event.takesKey, let key = new.dedupe, let place = place(of: new) {
            try take(place, for: event.id, row: row, key.contentDigest, until: event.keyUntil, now: now)
        }
        guard case .deadLetters(let condition, let reason, let diedAt) = event.place, let head = try events.head(row)
        else { return }
        try die(row, head, condition, reason: reason, lastError: event.lines.last, now: diedAt)
    }

    private mutating func add(_ key: ImportedKey, now: WallTime) throws(SQLiteError) {
        _ = try functionTable.key(key.function, connection)
        _ = try producers.id(key.producer, connection)
        guard let place = place(of: key) else { return }
        let row = try livingRow(key.event) ?? key.event.importedRow
        try take(place, for: key.event, row: row, key.contentDigest, until: key.rememberedUntil, now: now)
    }

    /// A key that names an event here already stays what it is.
    private func take(
        _ place: IdempotencyKeys.Place,
        for id: EventID,
        row: Int64,
        _ contentDigest: Digest256,
        until: WallTime?,
        now: WallTime
    ) throws(SQLiteError) {
        let holder = IdempotencyKeys.Holder(
            sequence: row,
            id: id,
            contentDigest: contentDigest,
            rememberedUntil: until.flatMap { $0 > now ? $0 : nil }
        )
        _ = try keys.take(place, for: holder)
    }
}
