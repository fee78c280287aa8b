import OutboxCore

extension EventStoreConformance {
    static let orders: [Behaviour] = [
        Behaviour("a cancelled event leaves the queue, frees its key, and is still known (P2)") { bench in
            let key = StoreBench.key(window: .hours(1))
            let event = try bench.accept(StoreBench.event(payload: "[1]", key: key))
            let other = try bench.accept(StoreBench.event())
            bench.wait(.seconds(5))
            try expectEqual(try bench.commit(.cancel([event.id, event.id]))[0].short, "found [1]", "reply")
            let detail = try bench.detail(event)
            try expectEqual(detail.state, .cancelled, "state")
            try expectEqual(detail.cancelledAt, bench.now, "cancelled at")
            try expectEqual(detail.handedOverAt, nil, "handed over at")
            try expectEqual(detail.payloadBytes, 3, "payload bytes")
            try expectEqual(detail.attempts, [], "attempts")
            try expectEqual(try bench.store.payload(event.id), nil, "payload")
            try expectEqual(try bench.fresh().events.map(\.sequence), [other.sequence], "queue")
            let again = try bench.accept(StoreBench.event(payload: "[1]", key: key))
            try expectEqual(again.sequence, 3, "the key is free")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a cancelled event keeps its attempts, which are trimmed with it") { bench in
            let event = try bench.accept(StoreBench.event())
            let failure = StoreBench.failure(at: bench.now)
            try bench.resolve(event, .waits(dueAt: bench.now.advanced(by: .hours(1))), attempt: failure, charged: 1)
            try bench.commit(.cancel([event.id]))
            try expectEqual(try bench.detail(event).attempts, [failure], "attempts")
            try expectEqual(try bench.detail(event).attemptCount, 1, "attempt count")
            bench.wait(.hours(2))
            try expectEqual(try bench.trim(bench.now, .max, 10), "trimmed 1", "trim")
            try expectEqual(try bench.store.event(event.id), nil, "event")
        },
        Behaviour("only queued events can be cancelled or sent now") { bench in
            let dead = try bench.deadLetter(StoreBench.event())
            let gone = try bench.accept(StoreBench.event())
            try bench.resolve(gone, .handedOver)
            let ids = [dead.id, gone.id, EventID(acceptedAt: bench.now, sequence: 9, generation: 1, random: 1)]
            try expectEqual(try bench.commit(.cancel(ids))[0].short, "found []", "cancel")
            try expectEqual(try bench.commit(.sendNow(ids, force: false))[0].short, "found []", "send now")
            try expectEqual(try bench.detail(dead).state, .deadLetter, "dead letter")
            try expectEqual(try bench.detail(gone).state, .handedOver, "handed over")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("sending now clears a delay and a backoff, and its age counts from now") { bench in
            let later = bench.now.advanced(by: .hours(5))
            let delayed = try bench.accept(StoreBench.event(deliverAt: later))
            let failed = try bench.accept(StoreBench.event())
            let fresh = try bench.accept(StoreBench.event())
            try bench.resolve(failed, .waits(dueAt: later), charged: 2)
            bench.wait(.seconds(9))
            let ids = [delayed.id, failed.id, fresh.id]
            try expectEqual(try bench.commit(.sendNow(ids, force: false))[0].short, "found [1, 2, 3]", "reply")
            let due = try bench.due().events
            try expectEqual(due.map(\.sequence), [1, 2], "due")
            try expectEqual(due.map(\.dueAt), [bench.now, bench.now], "due at")
            let justNow = bench.now.advanced(by: .milliseconds(-1))
            try expectEqual(due.map(\.ageFrom), [justNow, failed.ageFrom], "age from")
            try expectEqual(due.map(\.chargedAttempts), [0, 2], "charged attempts")
            try expectEqual(try bench.fresh().events, [fresh], "a fresh row is left as it is")
        },
        Behaviour("what has been due for a while keeps its place when it is sent now") { bench in
            let event = try bench.accept(StoreBench.event())
            let due = bench.now.advanced(by: .seconds(1))
            try bench.resolve(event, .waits(dueAt: due))
            bench.wait(.hours(1))
            try bench.commit(.sendNow([event.id], force: true))
            try expectEqual(try bench.due().events.map(\.dueAt), [due], "due at")
        },
        Behaviour("a queued event is read whole by its id, and no other") { bench in
            let event = try bench.accept(StoreBench.event(payload: "[7]"))
            let dead = try bench.deadLetter(StoreBench.event())
            try expectEqual(try bench.store.queued(event.id), event, "event")
            try expectEqual(try bench.store.queued(dead.id), nil, "dead letter")
            let stranger = EventID(acceptedAt: bench.now, sequence: 1, generation: 9, random: 9)
            try expectEqual(try bench.store.queued(stranger), nil, "another id")
        },
        Behaviour("pauses are kept by pattern; a second one of the same pattern has a new reason and the old time") {
            bench in
            let first = PauseRule(pattern: GlobPattern("orders*"), reason: "release", since: bench.now)
            let second = PauseRule(pattern: GlobPattern("billing"), since: bench.now)
            try expectEqual(try bench.commit(.pause(first), .pause(second)).map(\.short), ["done", "done"], "replies")
            bench.wait(.hours(1))
            try bench.commit(.pause(PauseRule(pattern: first.pattern, reason: "still", since: bench.now)))
            try bench.store.reopen()
            let kept = PauseRule(pattern: first.pattern, reason: "still", since: first.since)
            try expectEqual(try bench.store.pauses(), [second, kept], "pauses")
        },
        Behaviour("resuming takes back the pauses whose pattern it matches, and no other") { bench in
            for text in ["orders", "orders-*", "billing"] {
                try bench.commit(.pause(PauseRule(pattern: GlobPattern(text), since: bench.now)))
            }
            let answers = try ["orders-eu", "orders*", "*"].map { try bench.commit(.resume(GlobPattern($0)))[0].short }
            let wanted = ["resumed []", #"resumed ["orders", "orders-*"]"#, #"resumed ["billing"]"#]
            try expectEqual(answers, wanted, "narrower, wider, all")
            try expectEqual(try bench.store.pauses(), [], "pauses")
        },
        Behaviour("past so many pauses no further pattern is taken") { bench in
            let rules = (0..<PauseRule.rulesMax).map { number in
                StoreCommand.pause(PauseRule(pattern: GlobPattern("f\(number)"), since: bench.now))
            }
            try bench.commit(rules)
            let more = PauseRule(pattern: GlobPattern("more"), since: bench.now)
            try expectEqual(try bench.commit(.pause(more))[0].short, "not found", "one more")
            try expectEqual(try bench.commit(rules[7])[0].short, "done", "one that is there")
        },
        Behaviour("a redrive by condition moves those of it, of one function or of all") { bench in
            try bench.deadLetter(StoreBench.event("a"), .rejected)
            try bench.deadLetter(StoreBench.event("b"), .expired)
            try bench.deadLetter(StoreBench.event("a"), .expired)
            let one = EventFilter(function: GlobPattern("a"), condition: .expired)
            try expectEqual(try bench.commit(.redrive(.matching(one), limit: 9))[0].short, "moved [3]", "both")
            let all = EventFilter(condition: .expired)
            try expectEqual(try bench.commit(.purge(.matching(all), limit: 9))[0].short, "moved [2]", "condition")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a redrive that keeps expiries leaves letters whose expiry has passed") { bench in
            let soon = bench.now.advanced(by: .seconds(10))
            let passed = try bench.deadLetter(StoreBench.event(expiresAt: soon))
            let valid = try bench.deadLetter(StoreBench.event(expiresAt: soon.advanced(by: .hours(1))))
            bench.wait(.seconds(10))
            let ids = DeadLetterSelection.ids([passed.id, valid.id])
            let reply = try bench.commit(.redrive(ids, limit: 9, keepExpiry: true))[0]
            try expectEqual(reply.short, "moved [2]", "reply")
            try expectEqual(try bench.due().events.map(\.expiresAt), [soon.advanced(by: .hours(1))], "expiry")
            try expectEqual(try bench.detail(passed).state, .deadLetter, "the other one")
        },
    ]
}
