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
            case .key(let key):
                take(key.digest, for: Key(id: key.event, content: key.content, until: key.rememberedUntil), now)
            }
            return outcome
        }
    }

    private func judge(_ record: ImportedRecord, _ room: inout ImportRoom, _ now: WallTime) -> ImportOutcome {
        switch record {
        case .event(let event):
            if let known = standing(event, now) { return known }
            let obstacle = room.take(
                event.event.function,
                payloadBytes: event.event.payload.count,
                hasKey: event.event.dedupe != nil,
                isNewFunction: knownKey(event.event.function) == nil,
                isNewProducer: !producers.contains(event.event.producer)
            )
            return obstacle.map { .noRoom($0) } ?? .added
        case .key(let key):
            if let first = keys[key.digest], isRemembered(first, now) {
                return first.id == key.event ? .here(state(key.event)) : .keyTaken(first.id)
            }
            if keys[key.digest] == nil, let freed = freedKeys[key.digest], let until = key.rememberedUntil,
                until > now, until <= freed
            {
                return .gone
            }
            let isAlive = [.queued, .deadLetter].contains(state(key.event))
            if !isAlive, key.rememberedUntil.map({ $0 <= now }) ?? true { return .keyOver }
            return room.takeKey().map { .noRoom($0) } ?? .added
        }
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
        if imported.takesKey, let dedupe = new.dedupe, let digest = Self.digest(new) {
            let content = Digest128(dedupe.contentDigest)
            take(digest, for: Key(id: imported.id, content: content, until: imported.keyUntil), now)
        }
        if case .deadLetters(let condition, let reason, let diedAt) = imported.place {
            die(event, condition, reason, diedAt)
        }
    }

    private mutating func take(_ digest: Digest128, for key: Key, _ now: WallTime) {
        if let first = keys[digest], isRemembered(first, now) { return }
        keys[digest] = key
    }
}
