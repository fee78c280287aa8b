/// The options of an event as a producer wrote them, in headers or in the client context.
package struct OptionTexts: Hashable, Sendable {
    package var idempotencyKey: String?
    package var delay: String?
    package var deliverAt: String?
    package var expiresIn: String?
    package var expiresAt: String?

    package init(
        idempotencyKey: String? = nil,
        delay: String? = nil,
        deliverAt: String? = nil,
        expiresIn: String? = nil,
        expiresAt: String? = nil
    ) {
        self.idempotencyKey = idempotencyKey
        self.delay = delay
        self.deliverAt = deliverAt
        self.expiresIn = expiresIn
        self.expiresAt = expiresAt
    }

    package var isEmpty: Bool {
        idempotencyKey == nil && delay == nil && deliverAt == nil && expiresIn == nil && expiresAt == nil
    }
}

/// The options of an event, checked. A rule that is broken is a refusal: nothing is ignored in silence.
package struct EventOptions: Hashable, Sendable {
    /// How far ahead a delivery may lie.
    package static let delayMax = Span.days(30)
    package static let keyBytesMax = 255

    package var idempotencyKey: String?
    /// Nil where the event may go at once, also for a time that has passed.
    package var deliverAt: WallTime?
    package var expiresAt: WallTime?

    package init(idempotencyKey: String? = nil, deliverAt: WallTime? = nil, expiresAt: WallTime? = nil) {
        self.idempotencyKey = idempotencyKey
        self.deliverAt = deliverAt
        self.expiresAt = expiresAt
    }

    /// - Parameters:
    ///   - headers: from the request's headers.
    ///   - context: from `outbox` in the client context.
    ///   - now: the time of the accept.
    package init(headers: OptionTexts, context: OptionTexts = OptionTexts(), now: WallTime) throws(Refusal) {
        if headers.isEmpty, context.isEmpty { return }
        idempotencyKey = try Self.agreed("Idempotency-Key", headers.idempotencyKey, context.idempotencyKey, Self.key)
        let delay = try Self.agreed("Outbox-Delay", headers.delay, context.delay, Self.duration)
        let deliverAt = try Self.agreed("Outbox-Deliver-At", headers.deliverAt, context.deliverAt, Self.time)
        let expiresIn = try Self.agreed("Outbox-Expires-In", headers.expiresIn, context.expiresIn, Self.duration)
        let expiresAt = try Self.agreed("Outbox-Expires-At", headers.expiresAt, context.expiresAt, Self.time)
        guard delay == nil || deliverAt == nil else { throw Self.pair("Outbox-Delay", "Outbox-Deliver-At") }
        guard expiresIn == nil || expiresAt == nil else { throw Self.pair("Outbox-Expires-In", "Outbox-Expires-At") }

        let delivery = deliverAt ?? delay.map(now.advanced(by:)) ?? now
        guard delivery <= now.advanced(by: Self.delayMax) else {
            throw Self.refusal("The delivery lies more than 30 days ahead. Send the event later, or shorten the delay.")
        }
        self.deliverAt = delivery > now ? delivery : nil
        self.expiresAt = expiresAt ?? expiresIn.map(now.advanced(by:))
        if let expiry = self.expiresAt, expiry < max(now, delivery) {
            throw Self.refusal(
                "The event would expire before it may be delivered. Give a later expiry, or an earlier delivery."
            )
        }
    }

    /// Reads an option that may stand in both places; both must then mean the same.
    private static func agreed<Value: Equatable>(
        _ name: String,
        _ header: String?,
        _ context: String?,
        _ read: (String, String) throws(Refusal) -> Value
    ) throws(Refusal) -> Value? {
        var fromHeader: Value?
        if let header { fromHeader = try read(header, name) }
        guard let context else { return fromHeader }
        let fromContext = try read(context, name)
        guard let fromHeader, fromHeader != fromContext else { return fromContext }
        throw refusal(
            "The header \(name) and the client context give different values. Give one of them, or the same in both."
        )
    }

    private static func key(_ text: String, _ name: String) throws(Refusal) -> String {
        guard (1...keyBytesMax).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw refusal("\(name) must have 1 to \(keyBytesMax) printable ASCII characters.")
        }
        return text
    }

    private static func duration(_ text: String, _ name: String) throws(Refusal) -> Span {
        guard let span = Span(durationText: text) else {
            throw refusal("\(name) must be digits and one of ms, s, m, h, d, such as 30s.")
        }
        return span
    }

    private static func time(_ text: String, _ name: String) throws(Refusal) -> WallTime {
        guard let time = WallTime(timestampText: text) else {
            throw refusal("\(name) must be a time with its zone, such as 2026-11-22T12:00:00Z, or Unix seconds.")
        }
        return time
    }

    private static func pair(_ one: String, _ other: String) -> Refusal {
        refusal("\(one) and \(other) were both given. Give one of them.")
    }

    private static func refusal(_ text: String) -> Refusal { Refusal(.invalidParameterValue, text) }
}
