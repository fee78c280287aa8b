/// The way in: what the door hands to the commit loop. Any thread; never blocks.
package protocol Intake: Sendable {
    /// Hands over events that passed every check of the door. Each gets exactly one result at its sink, later, from
    /// another thread; also those that are refused.
    func submit(_ items: [IntakeItem])
}

/// Takes results, once per commit for all of a sink's items in it. Called on the commit thread; must not block.
package protocol IntakeSink: AnyObject, Sendable {
    func deliver(_ results: [IntakeResult])
}

/// One event on its way in.
package struct IntakeItem: Sendable {
    package var event: NewEvent
    package var sink: any IntakeSink
    /// The sink's own mark, given back with the result.
    package var ticket: UInt64

    package init(event: NewEvent, sink: any IntakeSink, ticket: UInt64) {
        self.event = event
        self.sink = sink
        self.ticket = ticket
    }
}

/// What became of one `IntakeItem`: on its way back to the item's sink.
package struct IntakeResult: Sendable {
    /// The mark that the sink put on the item.
    package var ticket: UInt64
    package var answer: AcceptAnswer

    package init(ticket: UInt64, answer: AcceptAnswer) {
        self.ticket = ticket
        self.answer = answer
    }
}

/// What became of an accept request.
package enum AcceptAnswer: Hashable, Sendable {
    /// On disk.
    case accepted(EventID)
    /// A repeat of an event accepted before.
    case repeated(EventID, EventState)
    /// The producer's own key with other content.
    case conflict(EventID)
    /// 429: over a budget, or the disk is below its floor. The reason is for people.
    case overBudget(reason: String, retryAfter: Span)
    /// 503: the store can't commit, or the daemon is shutting down.
    case unavailable(reason: String, retryAfter: Span)
}
