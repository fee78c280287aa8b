/// What is read from the store next.
extension Dispatcher {
    /// Functions whose passed-over rows one page may hold: bounds what a page costs.
    static let readTogetherMax = 2048
    /// Rows that such a page looks at behind the last known one: those that come while it is on its way, without which it
    /// would never catch up with a busy producer.
    static let readBehind: Int64 = 1024

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
                rewoundTo = nil
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
        let until = Planted.sendsEarly ? now.wall.advanced(by: .minutes(1)) : now.wall
        dueReadUntil = max(dueReadUntil, until)
        return claim(.due(after: place, until: until, only: nil), held: Set(window.keys))
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
            else {
                // Asked for its route's probe, and its rows have gone meanwhile: another function may have some.
                for index in routes.indices { routes[index].lacksCandidate = false }
                continue
            }
            return readPassedOver(key, upTo: FunctionState.candidatesMax, now: now)
        }
        return nil
    }

    private mutating func backlogClaim(now: Moment) -> ClaimRequest? {
        while hasRoomForPage, let (key, room) = nextToRead() {
            if readsDue(functions[known: key]) { return readPassedOver(key, upTo: room, now: now) }
            return readTogether(key, room)
        }
        return nil
    }

    /// The function whose turn it is to have its passed-over rows read, and how many of them.
    private mutating func nextToRead() -> (FunctionKey, Int)? {
        while let key = toRead.popFirst().map(FunctionKey.init) {
            guard functions.contains(key) else { continue }
            functions[known: key].isToRead = false
            guard functions[known: key].hasPassedOver else {
                passedOver.remove(key)
                dropIfIdle(key)
                continue
            }
            let room = min(limits.claimEventsMax, readableRoom(of: functions[known: key]))
            if room > 0 { return (key, room) }
        }
        return nil
    }

    /// Rows of this function, and with them those of others that begin no earlier: where many functions have rows
    /// among each other, one walk serves all of them. Each is first in its turn, so that none waits for the others'.
    private mutating func readTogether(_ key: FunctionKey, _ room: Int) -> ClaimRequest {
        let first = functions[known: key].parked!.first
        var last = functions[known: key].parked!.last
        var wanted = [key: room]
        for _ in 0..<min(toRead.count, Self.readTogetherMax) {
            guard let (other, room) = nextToRead() else { break }
            keepsTurnToRead(other)
            let function = functions[known: other]
            guard let range = function.parked, range.first >= first, !readsDue(function) else { continue }
            wanted[other] = room
            last = max(last, range.last)
        }
        keepsTurnToRead(key)
        for key in wanted.keys { functions[known: key].readsDueNext.toggle() }
        let lane = ClaimRequest.Lane.fresh(after: first - 1, through: last + Self.readBehind, only: wanted)
        return page(lane, held: wanted.count == 1 ? held(of: key) : Set(window.keys.filter { $0 >= first }))
    }

    /// It comes up again as long as it has rows to be read and room for them.
    private mutating func keepsTurnToRead(_ key: FunctionKey) {
        functions[known: key].isToRead = true
        toRead.append(key.rawValue)
    }

    /// Whether those with a due time are next.
    private func readsDue(_ function: FunctionState) -> Bool {
        function.parked == nil || (function.duePassedOver && function.readsDueNext && !isBlocked(function))
    }

    /// What of a function's rows is in memory.
    private func held(of key: FunctionKey) -> Set<Int64> {
        underWay.union(functions[known: key].waitingSequences)
    }

    /// Rows of it were passed over: they are read as soon as there is room for enough of them.
    mutating func wantRows(of key: FunctionKey) {
        // Its probe may have come due before there was anything to probe with.
        guard functions.contains(key) else { return }
        if functions[known: key].suspension != nil, functions[known: key].waiting == 0 { probes.look(at: key) }
        guard !functions[known: key].isToRead, readableRoom(of: functions[known: key]) > 0 else { return }
        functions[known: key].isToRead = true
        toRead.append(key.rawValue)
    }

    /// How many passed-over rows of a function may be read; 0 until at least half of its share is free.
    private func readableRoom(of function: FunctionState) -> Int {
        guard !isBlocked(function), !isHeld(function) else { return 0 }
        guard function.windowBytes <= limits.functionBytesMax / 2 else { return 0 }
        let room = room(of: function, forBacklog: true)
        return 2 * room >= share(of: function) || (function.isBehind && function.backlog.count < 4) ? room : 0
    }

    /// A suspended route has no event in memory to be probed with, or none that is untried: one function's rows are read.
    mutating func readCandidate(for route: RouteKey) {
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
        let function = functions[known: key]
        functions[known: key].readsDueNext.toggle()
        if !readsDue(function), let range = function.parked {
            return page(
                .fresh(after: range.first - 1, through: range.last, only: [key: eventsMax]),
                held: held(of: key)
            )
        }
        functions[known: key].isDueScanUnderWay = true
        dueReadUntil = max(dueReadUntil, now.wall)
        var request = page(.due(after: function.duePlace, until: now.wall, only: key), held: held(of: key))
        request.eventsMax = eventsMax
        request.perFunctionMax = .max
        return request
    }

    private func claim(_ lane: ClaimRequest.Lane, held: Set<Int64>) -> ClaimRequest {
        func isFull(_ key: FunctionKey) -> Bool {
            functions[key].map { room(of: $0, forBacklog: false) <= 0 } ?? false
        }
        // Neither walks over functions that merely exist: what is full is in the window, or was passed over.
        if case .due = lane { return page(lane, held: held, skip: crowding.union(passedOver).filter(isFull)) }
        return page(lane, held: held, skip: passedOver.union(crowding.filter(isFull)))
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
