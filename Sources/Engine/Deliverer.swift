package import OutboxCore

/// A route as the delivery loop uses it.
package struct DeliveryRoute: Sendable {
    package var target: RouteTarget
    package var credentials: any CredentialSource

    package init(target: RouteTarget, credentials: any CredentialSource) {
        self.target = target
        self.credentials = credentials
    }
}

/// The delivery loop's body: carries out what the `Dispatcher` decides, with a transport that it owns.
///
/// One thread. `turn` is synchronous: messages in, attempts started, completions handled, outcomes posted.
package struct Deliverer<Network: Transport & ~Copyable, Random: RandomNumberGenerator>: ~Copyable {
    private var network: Network
    private var dispatcher: Dispatcher
    private var random: Random
    private let routes: [DeliveryRoute]
    private var flight: FlightFile
    private let post: (CommitMessage) -> Void
    private let log: (StateChange) -> Void
    /// Told of each attempt that has ended; nil: nobody wants to know.
    package var attemptEnded: ((AttemptReport) -> Void)?
    /// How often credential files are looked at, at least.
    private static var credentialsInterval: Span { .seconds(30) }
    private var nextCredentials = MonotonicTime(nanoseconds: .min)
    private var clockTrust: ClockTrust
    /// AWS's clock, by route.
    private var clocks: [ServerClock]
    private let clockChanged: (ClockNotice) -> Void
    private struct Signed {
        var route: RouteKey
        var credentials: Credentials?
        var id: EventID
        var time: WallTime
        var at: MonotonicTime
    }
    /// By route: when others took the place of an expired token; nil once AWS has accepted credentials again.
    private var renewedAt: [MonotonicTime?]
    /// What the attempts under way were signed with.
    private var started: [Int64: Signed] = [:]
    private var draining: (deadline: MonotonicTime, drained: @Sendable () -> Void)?
    private var measures: DeliveryMeasures

    package init(
        network: consuming Network,
        dispatcher: Dispatcher,
        random: Random,
        routes: [DeliveryRoute],
        flight: consuming FlightFile,
        clockTrust: ClockTrust,
        post: @escaping (CommitMessage) -> Void,
        log: @escaping (StateChange) -> Void,
        clockChanged: @escaping (ClockNotice) -> Void = { _ in }
    ) {
        self.network = network
        self.dispatcher = dispatcher
        self.random = random
        self.routes = routes
        self.flight = flight
        self.clockTrust = clockTrust
        self.post = post
        self.log = log
        self.clockChanged = clockChanged
        clocks = Array(repeating: ServerClock(), count: routes.count)
        renewedAt = Array(repeating: nil, count: routes.count)
        measures = DeliveryMeasures(routes: routes.count)
    }

    /// One round: takes the messages, starts what may start, waits at most `dispatcher.wait` for the network or
    /// `wakeDescriptor`, and handles what has ended. False: drained, the thread may end.
    package mutating func turn(messages: [DeliveryMessage], wakeDescriptor: Int32, clock: some TimeSource) -> Bool {
        var now = clock.now()
        for message in messages { take(message, now: now) }
        reloadCredentials(now: now)

        let trusted = clockTrust.isTrusted(now)
        let action = dispatcher.wake(now: now, clockTrusted: trusted)
        for start in action.starts { begin(start, now: now) }
        if !action.commands.isEmpty { post(.outcomes(action.commands)) }
        let claim = dispatcher.nextClaim(now: now)
        if let claim { post(.claim(claim)) }
        if let query = dispatcher.nextExpiring(now: now, clockTrusted: trusted) { post(.findExpiring(query)) }

        let completions = network.poll(wait: wait(now: now), wakeDescriptor: wakeDescriptor)
        now = clock.now()
        if !completions.isEmpty { handle(completions, now: now) }
        measures.rate.sample(dispatcher.counters.handedOver, at: now.monotonic)
        return !isDrained(now: now)
    }

    private func wait(now: Moment) -> Span {
        var wait = dispatcher.wait(now: now)
        if let draining { wait = min(wait, max(.zero, draining.deadline.since(now.monotonic))) }
        return wait
    }

    private mutating func take(_ message: DeliveryMessage, now: Moment) {
        switch message {
        case .accepted(let events, let lastSequence, let complete, let earliestDue):
            dispatcher.accepted(events, lastSequence: lastSequence, complete: complete)
            if let earliestDue { dispatcher.dueChanged(earliestDue) }
        case .committed(let sequences):
            for sequence in sequences { flight.clear(sequence) }
            dispatcher.committed(sequences)
        case .claimed(let page, let nextDue):
            dispatcher.claimed(page, nextDue: nextDue)
        case .dueChanged(let due):
            dispatcher.dueChanged(due)
        case .expiring(let page):
            let commands = dispatcher.expiring(page, now: now, clockTrusted: clockTrust.isTrusted(now))
            if !commands.isEmpty { post(.outcomes(commands)) }
        case .forgotten(let keys):
            dispatcher.forgotten(keys)
        case .diskBlocked(let blocked):
            dispatcher.isBlockedByDisk = blocked
        case .pauses(let rules, let resumed):
            dispatcher.paused(by: rules, now: now)
            if let resumed { dispatcher.probeSoon(functions: resumed, now: now, using: &random) }
        case .withdraw(let sequences, let tell):
            tell(dispatcher.withdraw(sequences))
        case .returned(let gone, let kept):
            dispatcher.returned(gone: gone, kept: kept)
        case .force(let event):
            dispatcher.force(event, now: now)
        case .reload:
            nextCredentials = now.monotonic
            probeAllSoon(now: now)
        case .reconfigure(let directory):
            dispatcher.reconfigure(directory)
        case .snapshot(let tell):
            tell(report(now: now))
        case .standings(let places, let tell):
            let standings = dispatcher.standings(of: places, now: now.monotonic)
            tell(StandingReport(standings: standings, pauses: dispatcher.pauses, now: now))
        case .drain(let deadline, let drained):
            dispatcher.isDraining = true
            draining = (deadline, drained)
        }
    }

    private mutating func begin(_ start: Start, now: Moment) {
        flight.set(start.event.sequence, start.event.id)
        let route = routes[start.route.rawValue]
        let time = clocks[start.route.rawValue].signingTime(now)
        started[start.event.sequence] = Signed(
            route: start.route,
            credentials: nil,
            id: start.event.id,
            time: time,
            at: now.monotonic
        )
        var request = AttemptRequest(event: start.event, route: route.target, credentials: nil, signingTime: time)
        switch route.credentials.credentials(now: now.wall) {
        case .success(let credentials):
            request.credentials = credentials
            started[start.event.sequence]!.credentials = credentials
        case .failure(let problem): request.credentialsProblem = problem.reason
        }
        if Planted.deletesBeforeAnswer { post(.outcomes([.cancel([start.event.id])])) }
        request.wire = dispatcher.wireForm(of: start.event.functionKey)
        network.start(request)
    }

    private mutating func handle(_ completions: [AttemptCompletion], now: Moment) {
        var commands: [StoreCommand] = []
        commands.reserveCapacity(completions.count)
        for completion in completions {
            lookAtClock(completion, now: now)
            if case .answered = completion.outcome, let id = started[completion.sequence]?.id { flight.answered(id) }
            measures.ended(completion.duration)
            let action = dispatcher.completed(
                completion,
                now: now,
                clockTrusted: clockTrust.isTrusted(now),
                signsAnew: signsAnew(after: completion, now: now),
                using: &random
            )
            commands.append(.resolve(action.resolution))
            if let attemptEnded, let event = dispatcher.attempted(completion.sequence) {
                attemptEnded(AttemptReport(id: event.id, function: event.function, attempt: action.resolution.attempt))
            }
            for change in action.changes {
                log(change)
                commands.append(change.command)
            }
        }
        post(.outcomes(commands))
    }

    /// What AWS says of the time. Only its own answers count: a page out of some cache has an old date.
    private mutating func lookAtClock(_ completion: AttemptCompletion, now: Moment) {
        guard case .answered(let answer) = completion.outcome, let date = answer.date, answer.requestID != nil,
            let route = started[completion.sequence]?.route, routes[route.rawValue].target.isProven
        else { return }
        let agreed = clocks[route.rawValue].agrees(now)
        clocks[route.rawValue].saw(date, now: now)
        clockTrust.saw(date, now: now)
        let agrees = clocks[route.rawValue].agrees(now)
        if agreed != agrees, agrees == false || agreed == false, let skew = clocks[route.rawValue].skew(now) {
            clockChanged(ClockNotice(route: dispatcher.routeName(route), skew: skew, isCorrected: agrees == false))
        }
    }

    /// After an expired token, or a refusal for the clock: whether the next try would be signed with something else.
    private mutating func signsAnew(after completion: AttemptCompletion, now: Moment) -> Bool {
        guard let signed = started.removeValue(forKey: completion.sequence) else { return false }
        let route = signed.route.rawValue
        let verdict = ResponseClassifier.verdict(for: completion.outcome)
        let isAccepted = if case .answered = completion.outcome { verdict.blame != .route } else { false }
        if isAccepted, renewedAt[route].map({ $0 <= signed.at }) ?? false { renewedAt[route] = nil }
        if verdict.clock, clocks[route].signsAnew(signed.time, signedAt: signed.at, now: now) { return true }
        guard verdict.refreshesCredentials else { return false }
        let source = routes[route].credentials
        // Once: a source that hands out one expired token after another is trouble that has to be shown. Probes go on.
        if let renewal = renewedAt[route] { return signed.at < renewal }
        if source.reload() { probeAllSoon(now: now) }
        guard case .success(let current) = source.credentials(now: now.wall), current != signed.credentials else {
            return false
        }
        renewedAt[route] = now.monotonic
        return true
    }

    private mutating func probeAllSoon(now: Moment) {
        for index in routes.indices { dispatcher.probeSoon(route: RouteKey(index), now: now, using: &random) }
    }

    private mutating func reloadCredentials(now: Moment) {
        let isDue = now.monotonic >= nextCredentials
        var changed = false
        for index in routes.indices where isDue || dispatcher.isProbing(route: RouteKey(index), now: now) {
            if routes[index].credentials.reload() { changed = true }
        }
        // Routes share sources: the first to read again speaks for all.
        if changed { probeAllSoon(now: now) }
        if isDue { nextCredentials = now.monotonic.advanced(by: Self.credentialsInterval) }
    }

    private mutating func isDrained(now: Moment) -> Bool {
        guard let draining else { return false }
        guard dispatcher.inFlight == 0 || now.monotonic >= draining.deadline else { return false }
        flight.endInOrder()
        draining.drained()
        return true
    }

    private func report(now: Moment) -> DeliveryReport {
        var measures = measures
        measures.clockSkew = clocks.map { $0.skew(now) }
        return DeliveryReport(
            dispatch: dispatcher.snapshot(now: now),
            credentials: routes.map { route in
                switch route.credentials.credentials(now: now.wall) {
                case .success(let credentials):
                    .success(UsedCredentials(source: credentials.source, expiresAt: credentials.expiration))
                case .failure(let problem): .failure(problem)
                }
            },
            measures: measures,
            now: now
        )
    }
}
