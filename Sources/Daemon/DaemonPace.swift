internal import Admin
internal import AdminAPI
internal import OutboxCore

/// How fast functions go, as operators see it.
extension DaemonService {
    /// Nil where the function can't be used now.
    static func paceStatus(
        of function: DispatchSnapshot.Function,
        queued: Int,
        on routes: [DispatchSnapshot.Route],
        _ now: Moment
    ) -> FunctionPaceStatus? {
        guard function.suspension == nil, function.pause == nil, routes[function.route.rawValue].suspension == nil
        else {
            return nil
        }
        let pace = function.pace
        var status = FunctionPaceStatus(
            handedOverPerSecond: pace.handedOverPerSecond,
            limitPerSecond: pace.brake?.perSecond,
            inFlightLimit: pace.inFlightLimit,
            secondsToEmpty: pace.secondsToEmpty(queued),
            rate: pace.rate,
            drainRate: pace.drainRate,
            maxInFlight: pace.inFlightMax
        )
        switch pace.brake {
        case nil: break
        case .rest(let until, let isRoute)?:
            status.limitedBy = isRoute ? .routeRest : .rest
            status.restsUntil = Timestamp(wall(until, now))
        case .throttle(_, let isRoute)?: status.limitedBy = isRoute ? .routeThrottle : .throttle
        case .rate?: status.limitedBy = .rate
        case .drainRate?: status.limitedBy = .drainRate
        case .inFlight(let limit, let ceiling)?: status.limitedBy = limit < ceiling ? .slowStart : .maxInFlight
        case .routeInFlight?: status.limitedBy = .routeSlowStart
        case .allInFlight?: status.limitedBy = .allInFlight
        }
        return status
    }
}
