/// What is read from the store next.
extension Dispatcher {
    /// What to read from the store next; nil if nothing, or while a page is on its way.
    package mutating func nextClaim(now: Moment) -> ClaimRequest? {
        guard outstanding == nil, !isDraining else { return nil }
        noticeStepBack(now.wall)
        for _ in 0..<3 {
            lanesTurn = (lanesTurn + 1) % 3
            let request: ClaimRequest? =
                switch lanesTurn {
                case 0: dueClaim(now: now)
                case 1: passedOverClaim(now: now)
                default: freshClaim()
                }
            if let request {
                outstanding = request
                return request
            }
        }
        return nil
    }

    /// What had come due and was passed over is to come again: it is read anew, else nobody would look at it then.
    private mutating func noticeStepBack(_ now: WallTime) {
        guard now < dueReadUntil else { return }
        dueReadUntil = now
        noteDue(WallTime(milliseconds: 0))
    }

    var hasRoomForPage: Bool {
        window.count + limits.claimEventsMax <= limits.windowEventsMax && windowBytes <= limits.windowBytesMax * 3 / 4
    }

    private mutating func dueClaim(now: Moment) -> ClaimRequest? {
        guard hasRoomForPage else { return nil }
        var place = duePlace
        if place == nil {
            guard let nextDue, nextDue <= now.wall else { return nil }
            // Whatever is due before that is in the window, or recorded as passed over.
            place = DuePlace(dueAt: nextDue.advanced(by: .milliseconds(-1)), sequence: .max)
        }
        dueReadUntil = max(dueReadUntil, now.wall)
        return claim(.due(after: place, until: now.wall, only: nil), held: Set(window.keys))
    }

    private func freshClaim() -> ClaimRequest? {
        guard hasRoomForPage, freshCursor < announced else { return nil }
        let held = freshCursor < freshHigh ? Set(window.keys.filter { $0 > freshCursor }) : []
        return claim(.fresh(after: freshCursor, through: .max, only: nil), held: held)
    }

    /// Rows of one function that were passed over, as soon as it can use them. Costs nothing for functions that can't.
    private mutating func passedOverClaim(now: Moment) -> ClaimRequest? {
        // They take turns: probes can be many, and those that work must not wait for them.
        readsProbesNext.toggle()
        return readsProbesNext
            ? probesClaim(now: now) ?? backlogClaim(now: now) : backlogClaim(now: now) ?? probesClaim(now: now)
    }

    /// For a blocked function whose probe is due, and which has nothing in memory to be probed with.
    private mutating func probesClaim(now: Moment) -> ClaimRequest? {
        while window.count < limits.windowEventsMax + limits.inFlightMax,
            let key = toProbe.popFirst().map(FunctionKey.init)
        {
            guard let function = functions[key], function.hasPassedOver, function.pause == nil, isBlocked(function),
                wantsCandidates(function)
            else { continue }
            return readPassedOver(key, upTo: FunctionState.candidatesMax, now: now)
        }
        return nil
    }

    private mutating func backlogClaim(now: Moment) -> ClaimRequest? {
        while hasRoomForPage, let key = toRead.popFirst().map(FunctionKey.init) {
            guard functions[key] != nil else { continue }
            functions[key]!.isToRead = false
            let function = functions[key]!
            guard function.hasPassedOver else {
                passedOver.remove(key)
                dropIfIdle(key)
                continue
            }
            let room = readableRoom(of: function)
            if room > 0 { return readPassedOver(key, upTo: min(limits.claimEventsMax, room), now: now) }
        }
        return nil
    }

    /// Rows of it were passed over: they are read as soon as there is room for enough of them.
    mutating func wantRows(of key: FunctionKey) {
        // Its probe may have come due before there was anything to probe with.
        if let function = functions[key], function.suspension != nil, function.waiting == 0 { probes.look(at: key) }
        guard let function = functions[key], !function.isToRead, readableRoom(of: function) > 0 else { return }
        functions[key]!.isToRead = true
        toRead.append(key.rawValue)
    }

    /// How many passed-over rows of a function may be read; 0 until at least half of its share is free.
    private func readableRoom(of function: FunctionState) -> Int {
        guard !isBlocked(function), !isHeld(function) else { return 0 }
        guard function.windowBytes <= limits.functionBytesMax / 2 else { return 0 }
        let room = room(of: function, forBacklog: true)
        return 2 * room >= share(of: function) || (function.isBehind && function.backlog.count < 4) ? room : 0
    }

    /// A suspended route has no event in memory to be probed with: one function's rows are read.
    mutating func readCandidate(for route: RouteKey) {
        routes[route.rawValue].lacksCandidate = true
        func rank(_ function: FunctionState) -> (Int, FunctionKey) {
            let isLast = function.key == routes[route.rawValue].lastProbedFunction
            return ((function.suspension == nil ? 0 : 2) + (isLast ? 1 : 0), function.key)
        }
        let best = passedOver.compactMap { functions[$0] }
            .filter { $0.route == route && $0.hasPassedOver && $0.pause == nil }
            .min { rank($0) < rank($1) }
        if let best { toProbe.append(best.key.rawValue) }
    }

    private mutating func readPassedOver(_ key: FunctionKey, upTo eventsMax: Int, now: Moment) -> ClaimRequest {
        let function = functions[key]!
        let held = Set(function.waitingSequences).union(
            window.filter { $0.value.event.functionKey == key && $0.value.place != .waiting }.keys
        )
        var request: ClaimRequest
        if let range = function.parked, !(function.duePassedOver && function.readsDueNext) || isBlocked(function) {
            request = page(.fresh(after: range.first - 1, through: range.last, only: key), held: held)
        } else {
            functions[key]!.isDueScanUnderWay = true
            dueReadUntil = max(dueReadUntil, now.wall)
            request = page(.due(after: function.duePlace, until: now.wall, only: key), held: held)
        }
        functions[key]!.readsDueNext.toggle()
        request.eventsMax = eventsMax
        request.perFunctionMax = .max
        return request
    }

    private func claim(_ lane: ClaimRequest.Lane, held: Set<Int64>) -> ClaimRequest {
        var skip: Set<FunctionKey> = []
        // Neither walks over functions that merely exist: what is full is in the window, or was passed over.
        for key in Set(window.values.map(\.event.functionKey)).union(passedOver) {
            guard let function = functions[key] else { continue }
            let fresh = if case .fresh = lane { function.parked != nil } else { false }
            if fresh || room(of: function, forBacklog: false) <= 0 { skip.insert(key) }
        }
        return page(lane, held: held, skip: skip)
    }

    private func page(
        _ lane: ClaimRequest.Lane,
        held: Set<Int64>,
        skip: Set<FunctionKey> = []
    ) -> ClaimRequest {
        ClaimRequest(
            lane: lane,
            skip: skip,
            held: held,
            eventsMax: limits.claimEventsMax,
            bytesMax: min(limits.claimBytesMax, max(1, limits.windowBytesMax - windowBytes)),
            scannedMax: limits.claimScannedMax,
            perFunctionMax: max(1, limits.functionEventsMax / 2)
        )
    }
}
