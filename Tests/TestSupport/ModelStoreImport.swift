import OutboxCore

extension Model {
    /// Where the event of this id is, or would be numbered by this store.
    func row(_ id: EventID) -> Int64 {
        [id.sequence, id.importedRow].first { (events[$0] ?? dead[$0] ?? history[$0])?.id == id } ?? id.sequence
    }

    mutating func bringIn(
        _ records: [ImportedRecord],
        _ room: ImportRoom,
        isTrial: Bool,
        _ now: WallTime
    ) -> [ImportOutcome] {
        var room = room
        return records.map { record in
            let outcome = judge(record, &room, now)
            guard outcome == .added, !isTrial else { return outcome }
            switch record {
            case .event(let event): add(event, now)
            case .key(let key): add(key)
            }
            return outcome
        }
    }

    private func judge(_ record: ImportedRecord, _ room: inout ImportRoom, _ now: WallTime) -> ImportOutcome {
        let producer: String
        var payloadBytes: Int?
        switch record {
        case .event(let event):
            if let known = standing(event, now) { return known }
            (producer, payloadBytes) = (event.event.producer, event.event.payload.count)
        case .key(let key):
            let place = knownKey(key.function).map {
                KeyPlace(producer: key.producer, function: $0, kind: key.kind, text: key.text)
            }
            if let first = place.flatMap({ keys[$0] }) {
                return first.id == key.event ? .here(state(key.event)) : .keyTaken(first.id)
            }
            let isAlive = [.queued, .deadLetter].contains(state(key.event))
            if !isAlive, key.rememberedUntil.map({ $0 <= now }) ?? true { return .keyOver }
            producer = key.producer
        }
        let obstacle = room.take(
            record.function,
            payloadBytes: payloadBytes,
            isNewFunction: knownKey(record.function) == nil,
            isNewProducer: !producers.contains(producer)
        )
        return obstacle.map { .noRoom($0) } ?? .added
    }

    private func state(_ id: EventID) -> EventState {
        detail(id)?.state ?? .handedOver
    }

    private func standing(_ event: ImportedEvent, _ now: WallTime) -> ImportOutcome? {
        let id = event.id
        if let known = detail(id) { return .here(known.state) }
        func occupant(_ row: Int64) -> EventID? { (events[row] ?? dead[row] ?? history[row])?.id }
        if let other = occupant(id.importedRow) { return .clash(other) }
        if id.generation == generation, id.sequence > 0, id.sequence <= lastSequence, occupant(id.sequence) == nil {
            return .gone
        }
        if event.place == .queue, case .repeated(let first, _)? = repeated(event.event, now), first != id {
            return .repeats(first)
        }
        return nil
    }

    private mutating func add(_ imported: ImportedEvent, _ now: WallTime) {
        let new = imported.event
        let function = key(new.function)
        producers.insert(new.producer)
        let due = new.deliverAt.map { max($0, now) } ?? now
        var event = Event(
            sequence: imported.id.importedRow,
            id: imported.id,
            functionKey: function,
            new: new,
            acceptedAt: imported.id.acceptedAt,
            dueAt: due,
            ageFrom: imported.place == .queue ? due : imported.id.acceptedAt,
            expiresAt: new.expiresAt,
            keyUntil: new.dedupe == nil ? nil : imported.keyUntil
        )
        event.charged = imported.chargedAttempts
        event.attempts = imported.attempts
        event.uncertain = imported.uncertain || imported.place == .queue
        event.redriven = imported.redriven
        event.lines = imported.lines
        events[event.sequence] = event
        if imported.takesKey, let dedupe = new.dedupe {
            let place = KeyPlace(producer: new.producer, function: function, kind: dedupe.kind, text: dedupe.text)
            take(place, imported.id, event.sequence, dedupe.contentDigest, imported.keyUntil)
        }
        if case .deadLetters(let condition, let reason, let diedAt) = imported.place {
            die(event, condition, reason, diedAt)
        }
    }

    private mutating func add(_ imported: ImportedKey) {
        producers.insert(imported.producer)
        let place = KeyPlace(
            producer: imported.producer,
            function: key(imported.function),
            kind: imported.kind,
            text: imported.text
        )
        let row = detail(imported.event).map(\.sequence) ?? imported.event.importedRow
        take(place, imported.event, row, imported.contentDigest, imported.rememberedUntil)
    }

    private mutating func take(_ place: KeyPlace, _ id: EventID, _ row: Int64, _ digest: Digest256, _ until: WallTime?)
    {
        if keys[place] != nil { return }
        keys[place] = Key(
            sequence: row,
            id: id,
            digest: digest,
            until: until ?? WallTime(milliseconds: 0),
            isParked: until == nil
        )
    }
}
