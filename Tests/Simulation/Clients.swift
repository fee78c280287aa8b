import OutboxCore

/// Producers: send in bursts, ask again with their keys after 429, 503 and lost answers, and remember what they were told.
final class Clients: IntakeSink {
    private struct Message {
        let function: Int
        let event: NewEvent
        let hasKey: Bool
        var tries = 0
        /// Events that the door named, and requests of which nothing is known.
        var accepted: Set<EventID> = []
        var unknown = 0
    }
    // Only the simulation's own thread calls them.
    nonisolated(unsafe) private let record: Record
    nonisolated(unsafe) private let oracle: Oracle
    nonisolated(unsafe) private var random: Seeded
    nonisolated(unsafe) private var messages: [Message] = []
    /// Requests that wait for an answer, by ticket.
    nonisolated(unsafe) private var asked: [UInt64: Int] = [:]
    /// Of these, requests whose key stands for a living event already.
    nonisolated(unsafe) private var repeats: [UInt64: EventID] = [:]
    nonisolated(unsafe) private var tickets: UInt64 = 0
    /// To be sent, by time. Nanoseconds.
    nonisolated(unsafe) private var later: [(at: Int64, message: Int)] = []
    nonisolated(unsafe) private var nextBurst: Int64 = 0
    nonisolated(unsafe) private var pace: Int64
    nonisolated(unsafe) var isCalm = false
    nonisolated(unsafe) var defects: Set<Int> = []
    nonisolated(unsafe) let curse: (Int) -> Void

    init(_ record: Record, oracle: Oracle, random: Seeded, curse: @escaping (Int) -> Void) {
        self.record = record
        self.oracle = oracle
        self.random = random
        self.curse = curse
        pace = max(50_000_000, record.plan.troubleEndsAt / Int64(self.random.int(10...80)))
        // Hours of outage are no hours of sending.
        pace = min(pace, 20_000_000_000)
    }

    /// Nothing more is sent, and nobody waits.
    var isQuiet: Bool { isCalm && later.isEmpty && asked.isEmpty }

    /// When a client acts next.
    var nextAt: Int64 {
        var next = isCalm ? Int64.max : nextBurst
        for entry in later { next = min(next, entry.at) }
        return next
    }

    // MARK: Sending

    /// What comes in now.
    func requests(now: Int64) -> [IntakeItem] {
        if now >= nextBurst, !isCalm { burst(now: now) }
        var items: [IntakeItem] = []
        var left: [(at: Int64, message: Int)] = []
        for entry in later {
            if entry.at <= now { items.append(request(entry.message)) } else { left.append(entry) }
        }
        later = left
        return items
    }

    private func burst(now: Int64) {
        nextBurst = now + Int64.random(in: 1...pace * 2, using: &random)
        // A pause in the sending, so that queues empty and fill.
        if random.oneIn(15) { nextBurst += random.seconds(1...60) }
        for _ in 0..<random.int(0...record.plan.weights.burst) where messages.count < record.plan.messagesMax {
            messages.append(message(now))
            later.append((now, messages.count - 1))
            if random.oneIn(record.plan.weights.cursed) { curse(messages.count - 1) }
            if random.oneIn(record.plan.weights.defect) { defects.insert(messages.count - 1) }
        }
    }

    private func message(_ now: Int64) -> Message {
        let plan = record.plan
        let number = messages.count
        // Keys are used again now and then: by a retry of another process, or for something else by mistake.
        if plan.weights.key < 5, random.oneIn(12), let old = messages.randomElement(using: &random), old.hasKey {
            return random.oneIn(3)
                ? message(number, old.function, key: old.event.dedupe?.text)
                : Message(function: old.function, event: old.event, hasKey: true)
        }
        let function = random.oneIn(5) ? 0 : random.int(0...plan.functions.count - 1)
        return message(number, function, key: random.oneIn(plan.weights.key) ? "key-\(number)" : nil)
    }

    private func message(_ number: Int, _ function: Int, key: String?) -> Message {
        let plan = record.plan
        let wall = record.world.now.wall
        let isHealthy = plan.functions[function].isHealthy
        var payload = Array("\(Oracle.payloadMark)\(number)/".utf8)
        let bytes = random.oneIn(plan.largeOneIn) ? random.int(1_000...70_000) : random.int(0...60)
        payload += repeatElement(UInt8(truncatingIfNeeded: number), count: bytes)
        var event = NewEvent(
            function: plan.functions[function].identity,
            payload: payload,
            payloadDigest: Digest256(words: (UInt64(number), 0, 0, 0)),
            producer: "uid:\(number % 3)",
            deliverAt: nil,
            expiresAt: nil,
            dedupe: key.map {
                DedupeKey(
                    kind: .idempotencyKey,
                    text: $0,
                    contentDigest: Digest256(words: (UInt64(number), 1, 0, 0)),
                    window: random.oneIn(4) ? .seconds(30) : .hours(24)
                )
            }
        )
        if key != nil { event.producer = "uid:0" }
        if random.oneIn(plan.weights.delay), !isHealthy {
            event.deliverAt = wall.advanced(by: .seconds(Int64(random.int(-5...90))))
            record.happened(.delayed)
        }
        if random.oneIn(plan.weights.expiry), !isHealthy {
            event.expiresAt = wall.advanced(by: .seconds(Int64(random.int(1...300))))
            record.happened(.expiring)
        }
        if key != nil { record.happened(.keyed) }
        return Message(function: function, event: event, hasKey: key != nil)
    }

    private func request(_ message: Int) -> IntakeItem {
        tickets += 1
        asked[tickets] = message
        messages[message].tries += 1
        repeats[tickets] = oracle.living(messages[message].event)
        return IntakeItem(event: messages[message].event, sink: self, ticket: tickets)
    }

    private func again(_ message: Int, after span: Span) {
        // Whoever gives up has been told so; nothing is promised to him.
        guard messages[message].tries < 12, !isCalm || messages[message].tries < 3 else { return }
        let jitter = Int64.random(in: 0...1_000, using: &random)
        later.append((record.nanoseconds + (span.milliseconds + jitter) * 1_000_000, message))
        record.happened(.clientRetry)
    }

    // MARK: Answers

    func deliver(_ results: [IntakeResult]) {
        record.tell { [self] in take(results) }
    }

    private func take(_ results: [IntakeResult]) {
        for result in results {
            guard let message = asked.removeValue(forKey: result.ticket) else {
                oracle.violated("answers", "one answer to each request", "another for request \(result.ticket)")
                continue
            }
            let first = repeats.removeValue(forKey: result.ticket)
            if case .overBudget = result.answer, let first, first == oracle.living(messages[message].event) {
                oracle.violated("P4", "202 for a repeat, which needs no room", "429 for a repeat of \(first)")
            }
            take(result.answer, message)
        }
    }

    private func take(_ answer: AcceptAnswer, _ message: Int) {
        if random.oneIn(record.plan.weights.lostAnswer), !isCalm {
            messages[message].unknown += 1
            record.happened(.answerLost)
            return again(message, after: .seconds(1))
        }
        switch answer {
        case .accepted(let id):
            guard let entry = oracle.entries[id.sequence], entry.id == id,
                entry.payload == messages[message].event.payload
            else { return oracle.violated("P1", "202 for what is on disk", "\(id), of which the store knows nothing") }
            messages[message].accepted.insert(id)
        case .repeated(let id, _):
            record.happened(.repeated)
            guard let entry = oracle.entries[id.sequence], entry.id == id, messages[message].hasKey,
                entry.payload == messages[message].event.payload
            else { return oracle.violated("P4", "a repeat of an event with the same content", "\(id)") }
            messages[message].accepted.insert(id)
        case .conflict(let id):
            record.happened(.conflict)
            guard let entry = oracle.entries[id.sequence], entry.id == id, messages[message].hasKey,
                entry.payload != messages[message].event.payload
            else { return oracle.violated("P4", "a conflict with an event of other content", "\(id)") }
        case .overBudget(_, let span):
            record.happened(.refused)
            checkRefused(message)
            again(message, after: span)
        case .unavailable(_, let span):
            record.happened(.refused)
            // After a failed commit nobody knows.
            messages[message].unknown += 1
            again(message, after: span)
        }
    }

    /// I3: refused means not there.
    private func checkRefused(_ message: Int) {
        let known = messages[message]
        guard !known.hasKey, let stored = oracle.stored[message] else { return }
        let open = asked.values.count { $0 == message }
        if stored > known.accepted.count + known.unknown + open {
            oracle.violated("I3", "nothing in the store of what was refused", "\(stored) events of request \(message)")
        }
    }

    /// The process has gone, and the connections with it.
    func disconnected() {
        for message in asked.values.sorted() {
            messages[message].unknown += 1
            record.happened(.clientGone)
            again(message, after: .seconds(1))
        }
        asked = [:]
        repeats = [:]
    }

    /// The end: what was accepted is known, and what is known was accepted or may have been.
    func checkEnd() {
        for (number, message) in messages.enumerated() where !message.hasKey {
            let stored = oracle.stored[number] ?? 0
            if stored < message.accepted.count || stored > message.accepted.count + message.unknown {
                oracle.violated(
                    "I3",
                    "\(message.accepted.count) to \(message.accepted.count + message.unknown) events of request \(number)",
                    "\(stored)"
                )
            }
        }
    }
}
