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
        totals.queuedBytes = events.values.reduce(0) { $0 + $1.new.payload.count }
        totals.dead = dead.count
        totals.deadBytes = dead.values.reduce(0) { $0 + $1.new.payload.count }
        totals.lastSequence = lastSequence
        return totals
    }

    func functionRecords() -> [FunctionRecord] {
        functions.indices.compactMap { index in
            guard let function = functions[index] else { return nil }
            let key = FunctionKey(Int64(index) + 1)
            let waiting = events.values.filter { $0.functionKey == key }
            let letters = dead.values.filter { $0.functionKey == key }
            guard !waiting.isEmpty || !letters.isEmpty || states[key] != nil else { return nil }
            return FunctionRecord(
                key: key,
                function: function,
                queued: waiting.count,
                dead: letters.count,
                bytes: (waiting + letters).reduce(0) { $0 + $1.new.payload.count },
                state: states[key]
            )
        }
    }

    func claim(_ request: ClaimRequest) -> ClaimPage {
        let lane: [Event]
        let only: FunctionKey?
        var page = ClaimPage(
            request: request,
            events: [],
            throughSequence: 0,
            throughDue: nil,
            skipped: [:],
            exhausted: false
        )
        switch request.lane {
        case .fresh(let after, let through, let function):
            only = function
            page.throughSequence = after
            lane = events.values.filter { $0.sequence > after && $0.sequence <= through }
                .sorted { $0.sequence < $1.sequence }
        case .due(let after, let until, let function):
            only = function
            page.throughDue = after
            lane = events.values.filter { event in
                guard let place = event.place, place.dueAt <= until else { return false }
                return after.map { $0 < place } ?? true
            }.sorted { $0.place! < $1.place! }
        }
        fill(&page, from: lane, only)
        if page.exhausted, case .fresh(let after, let through, _) = request.lane {
            page.throughSequence = max(after, min(through, lastSequence))
        }
        return page
    }

    private func fill(_ page: inout ClaimPage, from lane: [Event], _ only: FunctionKey?) {
        let request = page.request
        let isFresh = if case .fresh = request.lane { true } else { false }
        var bytes = 0
        var taken: [FunctionKey: Int] = [:]
        var scanned = 0
        for event in lane {
            if page.events.count >= request.eventsMax || scanned >= request.scannedMax { return }
            scanned += 1
            let isCandidate =
                (!isFresh || event.dueAt == nil) && (only == nil || only == event.functionKey)
                && !request.held.contains(event.sequence)
            if isCandidate {
                let count = taken[event.functionKey, default: 0]
                if request.skip.contains(event.functionKey) || count >= request.perFunctionMax {
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
        page.exhausted = page.events.count < request.eventsMax && scanned < request.scannedMax
    }

    func detail(_ id: EventID) -> EventDetail? {
        let places: [([Int64: Event], EventState)] = [(events, .queued), (dead, .deadLetter), (history, .handedOver)]
        for (place, state) in places {
            guard let event = place[id.sequence], event.id == id else { continue }
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
