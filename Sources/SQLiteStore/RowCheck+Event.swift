import OutboxCore

extension RowCheck {
    /// - Parameter function: of the event's function, from `part(of:)`.
    static func value(of event: QueuedEvent, _ function: UInt64) -> Int64 {
        value(
            event.sequence,
            event.acceptedAt,
            tail: event.id.tail,
            function,
            event.headers,
            event.payloadDigest
        )
    }
}
