package import OutboxCore

/// Tells producers about their own events: what `GET /outbox/v1/events/{id}` is answered from.
package protocol EventLookup: Sendable {
    /// JSON of the event as the admin API shows it; nil: nothing is known of it, or it is another producer's.
    ///
    /// - Parameter producer: `uid:1001` or `tcp`, as events carry it.
    /// - Throws: where it can't be told now; the producer is asked to come again.
    func eventJSON(_ id: EventID, producer: String) async throws -> [UInt8]?
}

/// How many look-ups may be under way: each is a question to the store's reader.
struct LookupBounds: Sendable {
    /// Of one event loop.
    var loopMax: Int
    /// Of one connection.
    var connectionMax = 4

    init(doorMax: Int = 64, eventLoopThreads: Int) {
        loopMax = max(1, doorMax / max(1, eventLoopThreads))
    }

    func allows(onLoop: Int, onConnection: Int) -> Bool { onLoop < loopMax && onConnection < connectionMax }
}

extension Answer {
    /// The same for an id that nobody knows and for another producer's event, so that ids can't be tried out.
    static var unknownEvent: Answer {
        .refused(Refusal(.resourceNotFound, "There is no event of yours with this id, or no trace of it is left."))
    }

    static var tooManyLookups: Answer {
        .refused(
            Refusal(.tooManyRequests, "Too many events are being looked up at once.", retryAfter: .seconds(1))
        )
    }

    static var lookupFailed: Answer {
        .refused(
            Refusal(.serviceUnavailable, "The event can't be looked up now. Try again.", retryAfter: .seconds(1))
        )
    }
}
