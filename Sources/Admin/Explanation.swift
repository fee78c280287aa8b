import AdminAPI
import OutboxCore

/// Says in words why an event is where it is and what will move it next. Holds no text from the network.
enum Explanation {
    static func words(for detail: EventDetail, standing: EventStanding, now: WallTime) -> String {
        switch detail.state {
        case .handedOver: handedOver(detail)
        case .deadLetter: deadLetter(detail)
        case .cancelled:
            "An operator cancelled it" + (detail.cancelledAt.map { " at \(Timestamp($0))" } ?? "")
                + ". It is not sent any more." + marks(detail, now: now)
        case .inFlight: "An attempt is under way." + marks(detail, now: now)
        case .queued: waiting(detail, standing: standing, now: now) + marks(detail, now: now)
        }
    }

    private static func handedOver(_ detail: EventDetail) -> String {
        var text = "Lambda took it"
        if let time = detail.handedOverAt { text += " at \(Timestamp(time))" }
        if let id = detail.requestID { text += " as request \(id)" }
        text += detail.attemptCount > 1 ? ", at attempt \(detail.attemptCount)." : "."
        return text + " What the function made of it is in its own log, under that request id."
    }

    private static func deadLetter(_ detail: EventDetail) -> String {
        let reason = detail.reason.map { ": \($0)" } ?? ""
        let condition = detail.condition?.rawValue ?? "unknown"
        return "It is a dead letter (\(condition))\(reason). It isn't tried again by itself: once the cause is mended, "
            + "`lambda-outbox dead redrive \(detail.id)` puts it back into the queue."
    }

    private static func waiting(_ detail: EventDetail, standing: EventStanding, now: WallTime) -> String {
        switch standing {
        case .inFlight(let since): return "An attempt is under way, since \(Timestamp(since))."
        case .paused(let pause):
            let reason = pause.reason.map { ": \($0)" } ?? ""
            let what = pause.pattern == GlobPattern("*") ? "everything" : "\(pause.pattern)"
            return "It waits because an operator paused \(what) at \(Timestamp(pause.since))\(reason). It goes on with "
                + "`lambda-outbox functions resume \(Pause.argument(pause.pattern.text))`. Waiting costs the event nothing."
        case .functionSuspended(let suspension):
            return "It waits because the function is suspended" + since(suspension, now: now)
                + " Waiting isn't charged, but the event's age goes on towards max_age."
        case .routeSuspended(let suspension):
            return "It waits because the route to Lambda is suspended" + since(suspension, now: now)
                + " Waiting costs the event nothing."
        case .active, .throttled, .slowed: break
        }
        if let dueAt = detail.dueAt, dueAt > now {
            if detail.attemptCount == 0 { return "It waits for its delivery time, \(Timestamp(dueAt))." }
            return "\(lastAttempt(detail)) It is tried again at \(Timestamp(dueAt))."
        }
        if case .throttled(let throttle) = standing, let words = words(for: throttle, now: now) { return words }
        let turn = "waits for its turn: \(turn(standing))"
        return detail.attemptCount == 0 ? "It is due and \(turn)" : "\(lastAttempt(detail)) It is due again and \(turn)"
    }

    /// When its turn comes.
    private static func turn(_ standing: EventStanding) -> String {
        guard case .slowed(let brake) = standing else { return "it is sent as soon as its function has a free slot." }
        switch brake {
        case .rate(let rate): return "the configuration's rate lets \(Wording.rate(rate)) a second of its function out."
        case .drainRate(let rate):
            return "its function has a backlog, of which the configuration's drain_rate lets \(Wording.rate(rate)) a "
                + "second out."
        case .inFlight(let limit, let ceiling):
            let attempts = Wording.count(limit, "attempt")
            return limit < ceiling
                ? "its function may have \(attempts) in flight now, and has; more as these "
                    + "succeed, up to max_in_flight, \(ceiling)."
                : "its function has as many attempts in flight as max_in_flight allows, \(limit)."
        case .routeInFlight(let limit):
            return
                "its route was in trouble a moment ago and may have \(Wording.count(limit, "attempt")) in flight now; "
                + "more as these succeed."
        case .allInFlight(let limit):
            return "as many attempts are in flight as delivery.max_in_flight allows, \(limit)."
        case .rest, .throttle: return "it is sent as soon as AWS allows it."
        }
    }

    private static func words(for throttle: EventStanding.Throttle, now: WallTime) -> String? {
        let what = "It waits because AWS throttles \(throttle.isRoute ? "all functions of its route" : "the function")"
        if let until = throttle.until, until > now {
            return "\(what): nothing is sent before \(Timestamp(until)). Waiting costs the event nothing."
        }
        return throttle.perSecond.map {
            "\(what): \(Wording.rate($0)) a second go out for now. Waiting costs the event nothing."
        }
    }

    private static func since(_ suspension: EventStanding.Suspension, now: WallTime) -> String {
        var text = ", since \(Timestamp(suspension.since)): \(suspension.reason)."
        if let probe = suspension.nextProbeAt {
            text += probe > now ? " The next probe is at \(Timestamp(probe))." : " A probe is due now."
        }
        return text
    }

    private static func lastAttempt(_ detail: EventDetail) -> String {
        guard let last = detail.attempts.last else { return "It was tried \(detail.attemptCount) times." }
        var cause = last.outcome
        if let status = last.status { cause = "HTTP \(status)" }
        if let code = last.code { cause += " \(code)" }
        return "Attempt \(detail.attemptCount) failed (\(cause))."
    }

    private static func marks(_ detail: EventDetail, now: WallTime) -> String {
        var text = ""
        if detail.uncertain { text += " An earlier attempt may have reached Lambda without an answer." }
        if let expiry = detail.expiresAt {
            text += expiry > now ? " It expires at \(Timestamp(expiry))." : " Its expiry has passed."
        }
        return text
    }
}
