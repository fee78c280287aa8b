package import OutboxCore

/// How an attempt ends. Times in milliseconds.
package enum SimulatedAnswer {
    /// Lambda took it.
    case accepted(after: Int64)
    /// Lambda took it, but the answer was lost.
    case acceptedButCut(after: Int64)
    case failed(TransportFailure.Kind, sent: Bool, after: Int64)
    case answered(Answer, after: Int64)
}

/// Lambda as a simulation has it. Refuses what no transport may be asked for.
package struct ScriptedTransport: Transport, ~Copyable {
    let world: World
    private var running: [(endsAt: Int64, sequence: Int64, outcome: AttemptOutcome, startedAt: Int64)] = []

    package init(world: World) {
        self.world = world
    }

    package mutating func start(_ attempt: AttemptRequest) {
        let event = attempt.event
        precondition(!running.contains { $0.sequence == event.sequence }, "the event is in flight already")
        world.attempts += 1
        world.signingTime = attempt.signingTime
        let now = world.now
        let answer = world.judge?(attempt) ?? world.behaviour(event, now)
        let after: Int64
        let outcome: AttemptOutcome
        switch answer {
        case .accepted(let milliseconds):
            after = milliseconds
            take(event)
            outcome = .answered(Answer(status: 202, requestID: "r-\(world.attempts)", date: world.serverTime))
        case .acceptedButCut(let milliseconds):
            after = milliseconds
            take(event)
            outcome = .failed(TransportFailure(kind: .cut, sent: true, message: "cut"))
        case .failed(let kind, let sent, let milliseconds):
            after = milliseconds
            outcome = .failed(TransportFailure(kind: kind, sent: sent, message: kind.rawValue))
        case .answered(let reply, let milliseconds):
            after = milliseconds
            outcome = .answered(reply)
        }
        running.append((world.nanoseconds + after * 1_000_000, event.sequence, outcome, world.nanoseconds))
        world.maxInFlight = max(world.maxInFlight, running.count)
    }

    private func take(_ event: QueuedEvent) {
        if world.judge != nil { return }
        world.received[event.id, default: 0] += 1
        if event.payload != payload(of: event) { world.wrongBytes += 1 }
    }

    private func payload(of event: QueuedEvent) -> [UInt8] {
        Array("\(event.function.name)/\(event.payloadDigest.words.0)".utf8)
    }

    /// Virtual time passes here: until the next end of an attempt, or all of `wait`, or until something else happens.
    package mutating func poll(wait: Span, wakeDescriptor: Int32) -> [AttemptCompletion] {
        if world.toDelivery.isEmpty, world.isCommitting || world.toCommit.isEmpty {
            let (span, overflow) = wait.milliseconds.multipliedReportingOverflow(by: 1_000_000)
            var until = overflow ? world.wakeAt : min(world.wakeAt, world.nanoseconds + span)
            for attempt in running where attempt.endsAt < until { until = attempt.endsAt }
            world.nanoseconds = max(world.nanoseconds, until)
        }
        let now = world.nanoseconds
        let ended = running.filter { $0.endsAt <= now }
        if ended.isEmpty { return [] }
        running.removeAll { $0.endsAt <= now }
        return ended.map {
            world.ended?($0.sequence, $0.outcome)
            return AttemptCompletion(
                sequence: $0.sequence,
                outcome: $0.outcome,
                duration: .milliseconds(($0.endsAt - $0.startedAt) / 1_000_000)
            )
        }
    }
}
