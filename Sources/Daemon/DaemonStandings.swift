internal import Admin
internal import Engine
internal import OutboxCore

/// Where events stand with the delivery side.
extension DaemonService {
    /// In the order asked. The delivery side is asked once, and only where one of them is in the queue (P6).
    func standings(of details: [EventDetail]) async throws -> ([EventStanding], now: WallTime) {
        let queued = details.filter { $0.state == .queued }
        guard !queued.isEmpty else { return (details.map { _ in .active }, clock.now().wall) }
        let places = queued.map {
            QueuedPlace(
                sequence: $0.sequence,
                functionKey: $0.functionKey,
                route: routes.knownRoute(for: $0.function)
            )
        }
        guard let report = await delivery.standings(of: places) else {
            throw AdminError(.unavailable, "the daemon is stopping")
        }
        var answers = report.standings.makeIterator()
        let standings = details.map { detail in
            guard detail.state == .queued, let standing = answers.next() else { return EventStanding.active }
            return Self.standing(standing, pause: report.pauses.meaning(detail.function), report.now)
        }
        return (standings, report.now.wall)
    }

    private static func standing(
        _ standing: DispatchStanding,
        pause: PauseRule?,
        _ now: Moment
    ) -> EventStanding {
        if let since = standing.inFlightSince { return .inFlight(since: since) }
        if let pause { return .paused(pause) }
        if let suspension = standing.functionSuspension { return .functionSuspended(Self.suspension(suspension, now)) }
        if let suspension = standing.routeSuspension { return .routeSuspended(Self.suspension(suspension, now)) }
        // A rate of the configuration holds it back more than the throttle does.
        if let brake = standing.brake, brake.isSetting { return .slowed(brake) }
        guard let throttle = standing.throttle else { return standing.brake.map { .slowed($0) } ?? .active }
        return .throttled(
            EventStanding.Throttle(
                isRoute: throttle.isRoute,
                until: throttle.until.map { Self.wall($0, now) },
                perSecond: throttle.perSecond
            )
        )
    }
}
