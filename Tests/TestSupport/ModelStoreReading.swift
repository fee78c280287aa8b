import OutboxCore

extension Model.Event {
    var queued: QueuedEvent {
        QueuedEvent(
            sequence: sequence,
            id: id,
            functionKey: functionKey,
            function: new.function,
            payload: new.payload,
            payloadDigest: new.payloadDigest,
            headers: new.headers,
            acceptedAt: acceptedAt,
            dueAt: dueAt,
            ageFrom: ageFrom,
            expiresAt: expiresAt,
            chargedAttempts: charged,
            unknownAttempts: unknown,
            routeFailures: routeFailures,
            attempts: attempts,
            uncertain: uncertain,
            redriven: redriven
        )
    }

    /// Without history lines. Of a hand-over only what the history keeps.
    func detail(_ state: EventState) -> EventDetail {
        let isKept = state != .handedOver
        let state = isCancelled ? EventState.cancelled : state
        return EventDetail(
            sequence: sequence,
            id: id,
            functionKey: functionKey,
            function: new.function,
            state: state,
            producer: new.producer,
            headers: isKept ? new.headers : PassedHeaders(),
            idempotencyKey: isKept ? new.dedupe?.text : nil,
            keyKind: isKept ? new.dedupe?.kind.rawValue : nil,
            keyUntil: isKept ? keyUntil : nil,
            payloadBytes: new.payload.count,
            acceptedAt: acceptedAt,
            dueAt: isKept ? dueAt : nil,
            ageFrom: isKept ? ageFrom : acceptedAt,
            expiresAt: isKept ? expiresAt : nil,
            chargedAttempts: charged,
            uncertain: uncertain,
            redriven: redriven,
            condition: condition,
            reason: reason,
            diedAt: diedAt,
            handedOverAt: isCancelled ? nil : handedOverAt,
            cancelledAt: isCancelled ? handedOverAt : nil,
            requestID: requestID,
            attemptCount: attempts
        )
    }
}

extension Model {
    var totals: StoreTotals {
        var totals = StoreTotals()
        totals.queued = events.count
        totals.queuedBytes = events.bytes
        totals.dead = dead.count
        totals.deadBytes = dead.bytes
        totals.lastSequence = lastSequence
        return totals
    }

    func functionRecords() -> [FunctionRecord] {
        functions.indices.compactMap { index in
            guard let function = functions[index] else { return nil }
            let key = FunctionKey(Int64(index) + 1)
            let waiting = events.held(by: key)
            let letters = dead.held(by: key)
            guard waiting.events > 0 || letters.events > 0 || states[key] != nil else { return nil }
            return FunctionRecord(
                key: key,
                function: function,
                queued: waiting.events,
                dead: letters.events,
                bytes: waiting.bytes + letters.bytes,
                state: states[key]
            )
        }
    }

    func claim(_ request: ClaimRequest) -> ClaimPage {
        var limit: (FunctionKey) -> Int? = { _ in request.perFunctionMax }
        var wanted = Int.max
        var page = ClaimPage(
            request: request,
            events: [],
            throughSequence: 0,
            throughDue: nil,
            skipped: [:],
            exhausted: false
        )
        switch request.lane {
        case .fresh(let after, let through, let only):
            if let only {
                limit = { only[$0] }
                wanted = only.values.reduce(0) { $0 + min($1, .max - $0) }
            }
            page.throughSequence = after
            let lane = events.events(after: after, through: min(through, lastSequence))
            fill(&page, from: lane, eventsMax: min(request.eventsMax, wanted), limit)
        case .due(let after, let until, let only):
            if let only { limit = { $0 == only ? request.perFunctionMax : nil } }
            page.throughDue = after
            let lane = events.values.filter { event in
                guard let place = event.place, place.dueAt <= until else { return false }
                return after.map { $0 < place } ?? true
            }
            fill(&page, from: lane.sorted { $0.place! < $1.place! }, eventsMax: request.eventsMax, limit)
        }
        if page.exhausted, case .fresh(let after, let through, _) = request.lane {
            page.throughSequence = max(after, min(through, lastSequence))
        }
        return page
    }

    /// - Parameter limit: events of a function; nil: it isn't asked for.
    private func fill(
        _ page: inout ClaimPage,
        from lane: some Sequence<Event>,
        eventsMax: Int,
        _ limit: (FunctionKey) -> Int?
    ) {
        let request = page.request
        let isFresh = if case .fresh = request.lane { true } else { false }
        var bytes = 0
        var taken: [FunctionKey: Int] = [:]
        var scanned = 0
        for event in lane {
            if page.events.count >= eventsMax || scanned >= request.scannedMax { return }
            scanned += 1
            let isCandidate = (!isFresh || event.dueAt == nil) && !request.held.contains(event.sequence)
            if isCandidate, let limit = limit(event.functionKey) {
                let count = taken[event.functionKey, default: 0]
                if request.skip.contains(event.functionKey) || count >= limit {
                    let old = page.skipped[event.functionKey]
                    page.skipped[event.functionKey] = ClaimPage.Skipped(
                        first: min(old?.first ?? .max, event.sequence),
                        last: max(old?.last ?? .min, event.sequence),
                        count: (old?.count ?? 0) + 1
                    )
                } else {
                    if !page.events.isEmpty, bytes + event.new.payload.count > request.bytesMax { return }
                    page.events.append(event.queued)
                    bytes += event.new.payload.count
                    taken[event.functionKey] = count + 1
                }
            }
            if isFresh { page.throughSequence = event.sequence } else { page.throughDue = event.place }
        }
        page.exhausted = page.events.count < eventsMax && scanned < request.scannedMax
    }

    func detail(_ id: EventID) -> EventDetail? {
        let places: [(ModelShelf, EventState)] = [(events, .queued), (dead, .deadLetter), (history, .handedOver)]
        for (place, state) in places {
            guard let event = place[row(id)], event.id == id else { continue }
            var detail = event.detail(state)
            detail.attempts = event.lines
            return detail
        }
        return nil
    }

    func queuedPage(_ filter: EventFilter, after: Int64?, limit: Int) -> QueuedPage {
        guard filter.condition == nil else { return QueuedPage(events: [], next: nil) }
        let meant = events.values.filter { event in
            event.sequence > after ?? .min && (filter.function?.matches(event.new.function) ?? true)
        }
        let page = meant.sorted { $0.sequence < $1.sequence }.prefix(limit).map { $0.detail(.queued) }
        return QueuedPage(events: page, next: page.count < limit ? nil : page.last?.sequence)
    }

    func deadPage(_ filter: EventFilter, after: DeadPlace?, limit: Int) -> [EventDetail] {
        let meant = dead.values.filter { letter in
            if let after, (letter.diedAt!, letter.sequence) >= (after.diedAt, after.sequence) { return false }
            if let condition = filter.condition, condition != letter.condition { return false }
            return filter.function?.matches(letter.new.function) ?? true
        }
        return meant.sorted { ($0.diedAt!, $0.sequence) > ($1.diedAt!, $1.sequence) }.prefix(limit)
            .map { $0.detail(.deadLetter) }
    }

    func deadGroups() -> [DeadLetterGroup] {
        struct Group: Hashable {
            var function: FunctionKey
            var condition: DeadLetterCondition
        }
        let groups = Dictionary(grouping: dead.values) { Group(function: $0.functionKey, condition: $0.condition!) }
        let ordered = groups.sorted {
            ($0.key.function, $0.key.condition.rawValue) < ($1.key.function, $1.key.condition.rawValue)
        }
        return ordered.map { group, letters in
            let newest = letters.max { ($0.diedAt!, $0.sequence) < ($1.diedAt!, $1.sequence) }!
            return DeadLetterGroup(
                function: newest.new.function,
                condition: group.condition,
                count: letters.count,
                newest: newest.id
            )
        }
    }
}

extension Model.Event {
    var place: DuePlace? { dueAt.map { DuePlace(dueAt: $0, sequence: sequence) } }
}
