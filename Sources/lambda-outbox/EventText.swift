import AdminAPI

/// One event as people read it.
enum EventText {
    static func lines(_ event: Event) -> [String] {
        var table = Table("", "")
        func add(_ name: String, _ value: String?) {
            if let value { table.add(name, value) }
        }
        add("id", event.id)
        add("function", event.functionText)
        add("region", event.arn == nil ? event.region : nil)
        add("state", event.condition.map { "\(event.state) (\($0))" } ?? event.state)
        add("reason", event.reason)
        add("producer", event.producer)
        add("payload", Amounts.size(Int64(event.payloadBytes)))
        add("idempotency key", event.idempotencyKey)
        add("durable name", event.durableExecutionName)
        add("tenant", event.tenantID)
        add("accepted", event.acceptedAt.description)
        add("handed over", event.handedOverAt?.description)
        add("cancelled", event.cancelledAt?.description)
        add("request id", event.requestID)
        add("died", event.diedAt?.description)
        add("next attempt", event.nextAttemptAt?.description)
        add("expires", event.expiresAt?.description)
        add("attempts", "\(event.attemptCount) (\(event.chargedAttempts) charged)")
        add("redriven", event.redriven > 0 ? times(event.redriven) : nil)
        add("uncertain", event.uncertain ? "an attempt may have reached Lambda without an answer" : nil)
        var lines = table.lines(withHeading: false)
        lines += (event.attempts ?? []).map { "  " + line($0) }
        if let explanation = event.explanation { lines.append(Printable.line(explanation)) }
        return lines
    }

    /// One line of the attempt history.
    static func line(_ attempt: Attempt) -> String {
        var text = attempt.at.description
        if attempt.count > 1 { text += " to \(attempt.lastAt ?? attempt.at), \(times(attempt.count))" }
        text += ": \(attempt.outcome)"
        if let status = attempt.status { text += ", HTTP \(status)" }
        if let code = attempt.code { text += " \(code)" }
        text += ", \(attempt.durationMilliseconds) ms"
        if let blame = attempt.blame { text += ", blamed on \(blame)\(attempt.charged ? "" : ", not charged")" }
        if attempt.uncertain { text += ", uncertain" }
        if let id = attempt.requestID { text += ", request \(id)" }
        if let message = attempt.message, !message.isEmpty { text += ": \(message)" }
        return Printable.line(text)
    }

    private static func times(_ count: Int) -> String { count == 1 ? "1 time" : "\(count) times" }
}
