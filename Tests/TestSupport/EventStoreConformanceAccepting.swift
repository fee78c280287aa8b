import OutboxCore

extension EventStoreConformance {
    static let accepting: [Behaviour] = [
        Behaviour("an accepted event is in the queue with everything that was asked for (P1, P10)") { bench in
            let headers = PassedHeaders(
                durableExecutionName: "run-1",
                tenantID: "tenant",
                traceID: "Root=1-2",
                clientContext: "e30="
            )
            var event = StoreBench.event(payload: #"{"a":"ü\u0000"}"#, key: StoreBench.key())
            event.headers = headers
            event.expiresAt = bench.now.advanced(by: .hours(1))
            let queued = try bench.accept(event)
            try expectEqual(queued.id.sequence, queued.sequence, "sequence in the id")
            try expectEqual(queued.id.acceptedAt, bench.now, "time in the id")
            let claimed = try bench.fresh().events
            try expectEqual(claimed, [queued], "claimed")
            try expectEqual(claimed.first?.payload, event.payload, "payload")
            try expectEqual(claimed.first?.payloadDigest, event.payloadDigest, "digest")
            let detail = try bench.detail(queued)
            try expectEqual(detail.state, .queued, "state")
            try expectEqual(detail.headers, headers, "headers")
            try expectEqual(detail.producer, "uid:1001", "producer")
            try expectEqual(detail.idempotencyKey, "k1", "key")
            try expectEqual(detail.expiresAt, event.expiresAt, "expiry")
            try expectEqual(detail.payloadBytes, event.payload.count, "size")
            try expectEqual(try bench.store.payload(queued.id), event.payload, "payload by id")
        },
        Behaviour("empty payloads and payloads of a megabyte come back byte for byte (P10)") { bench in
            var large = StoreBench.event()
            large.payload = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let events = [StoreBench.event(payload: ""), large]
            for event in events {
                let queued = try bench.accept(event)
                try expectEqual(try bench.store.payload(queued.id), event.payload, "payload by id")
            }
            try expectEqual(try bench.fresh().events.map(\.payload), events.map(\.payload), "claimed payloads")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a delivery time in the future makes an event due then, and its age counts from there") { bench in
            let later = bench.now.advanced(by: .minutes(5))
            let delayed = try bench.accept(StoreBench.event(deliverAt: later))
            try expectEqual(delayed.dueAt, later, "due")
            try expectEqual(delayed.ageFrom, later, "age from")
            try expectEqual(try bench.fresh().events.count, 0, "fresh events")
            try expectEqual(try bench.store.nextDue(), later, "next due")
        },
        Behaviour("a delivery time that has passed makes a fresh event") { bench in
            let earlier = bench.now.advanced(by: .minutes(-5))
            let event = try bench.accept(StoreBench.event(deliverAt: earlier))
            try expectEqual(event.dueAt, nil, "due")
            try expectEqual(event.ageFrom, bench.now, "age from")
            try expectEqual(try bench.store.nextDue(), nil, "next due")
        },
        Behaviour("name, qualifier and account make functions different, and each has its counters") { bench in
            var live = StoreBench.event(payload: "12345")
            live.function.qualifier = "live"
            var account = StoreBench.event(payload: "1234567")
            account.function.account = "123456789012"
            let keys = try [StoreBench.event(), live, account].map { try bench.accept($0).functionKey }
            try expectEqual(Set(keys).count, 3, "functions")
            try expectEqual(try bench.store.functions().map(\.bytes), [2, 5, 7], "bytes")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("an empty commit does nothing") { bench in
            try expectEqual(try bench.commit([]).count, 0, "replies")
            try expectEqual(bench.store.totals, StoreTotals(), "totals")
        },
        Behaviour("commands of one commit are carried out in order") { bench in
            let first = try bench.accept(StoreBench.event())
            let resolution = Resolution(
                sequence: first.sequence + 1,
                attempt: StoreBench.handOver(at: bench.now),
                fate: .handedOver,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            let replies = try bench.commit(.resolve(resolution), .accept(StoreBench.event()), .resolve(resolution))
            try expectEqual(replies.map(\.short), ["not found", "accepted 2", "done"], "replies")
        },
    ]

    static let repeats: [Behaviour] = [
        Behaviour("a repeat makes no second event and gets the first id (P4)") { bench in
            let event = StoreBench.event(key: StoreBench.key())
            let first = try bench.accept(event)
            let replies = try bench.commit(.accept(event), .accept(event))
            try expectEqual(replies.map(\.short), ["repeated 1 queued", "repeated 1 queued"], "replies")
            guard case .repeated(let id, _) = replies[0] else { return }
            try expectEqual(id, first.id, "the whole id")
            try expectEqual(bench.store.totals.queued, 1, "events")
        },
        Behaviour("two events with the same key in one commit are one event (P4)") { bench in
            let event = StoreBench.event(key: StoreBench.key())
            let other = StoreBench.event(key: StoreBench.key(content: 2))
            let replies = try bench.commit(.accept(event), .accept(event), .accept(other))
            try expectEqual(replies.map(\.short), ["accepted 1", "repeated 1 queued", "conflict 1"], "replies")
            try expectEqual(bench.store.totals.lastSequence, 1, "sequence numbers given")
        },
        Behaviour("a producer's own key with other content is a conflict (P4)") { bench in
            for kind in [DedupeKey.Kind.idempotencyKey, .durableExecutionName] {
                let first = try bench.accept(StoreBench.event(key: StoreBench.key("own", kind)))
                let reply = try bench.commit(.accept(StoreBench.event(key: StoreBench.key("own", kind, content: 2))))[0]
                try expectEqual(reply.short, "conflict \(first.sequence)", "reply")
            }
            try expectEqual(bench.store.totals.queued, 2, "events")
        },
        Behaviour("a hint with other content is a new event, which takes the key over (P4)") { bench in
            for (index, kind) in [DedupeKey.Kind.sdkInvocation, .content].enumerated() {
                let first = Int64(index) * 2 + 1
                let replies = try bench.commit(
                    .accept(StoreBench.event(key: StoreBench.key("hint", kind))),
                    .accept(StoreBench.event(key: StoreBench.key("hint", kind, content: 2))),
                    .accept(StoreBench.event(key: StoreBench.key("hint", kind, content: 2)))
                )
                let wanted = ["accepted \(first)", "accepted \(first + 1)", "repeated \(first + 1) queued"]
                try expectEqual(replies.map(\.short), wanted, "replies")
            }
        },
        Behaviour("a key belongs to its producer, function and kind") { bench in
            let replies = try bench.commit(
                .accept(StoreBench.event(key: StoreBench.key())),
                .accept(StoreBench.event(producer: "uid:1002", key: StoreBench.key())),
                .accept(StoreBench.event("billing", key: StoreBench.key())),
                .accept(StoreBench.event(key: StoreBench.key("k1", .sdkInvocation)))
            )
            try expectEqual(replies.map(\.short), (1...4).map { "accepted \($0)" }, "replies")
        },
        Behaviour("a key is remembered for its window after the accept, though the event is handed over") { bench in
            let event = StoreBench.event(key: StoreBench.key(window: .minutes(15)))
            try bench.resolve(try bench.accept(event), .handedOver)
            bench.wait(.minutes(15))
            bench.now.milliseconds -= 1
            try expectEqual(try bench.commit(.accept(event))[0].short, "repeated 1 handed-over", "inside the window")
            bench.now.milliseconds += 1
            try expectEqual(try bench.commit(.accept(event))[0].short, "accepted 2", "behind the window")
        },
        Behaviour("a key is remembered as long as its event is queued or a dead letter, whatever its window") { bench in
            let event = StoreBench.event(key: StoreBench.key(window: .minutes(15)))
            let first = try bench.accept(event)
            let trim = StoreCommand.trim(historyBefore: bench.now, historyMax: .max, limit: 100)
            bench.wait(.hours(48))
            try bench.commit(trim)
            try expectEqual(try bench.commit(.accept(event))[0].short, "repeated 1 queued", "while queued")
            try bench.resolve(first, .dead(.exhausted, reason: "enough"))
            try bench.commit(trim)
            try expectEqual(try bench.commit(.accept(event))[0].short, "repeated 1 dead-letter", "while dead")
            try bench.commit(.redrive(.all, limit: 1))
            try expectEqual(try bench.commit(.accept(event))[0].short, "repeated 1 queued", "redriven")
            try bench.resolve(first, .handedOver)
            try expectEqual(try bench.commit(.accept(event))[0].short, "accepted 2", "once it is gone")
        },
        Behaviour("purge frees the key") { bench in
            let event = StoreBench.event(key: StoreBench.key())
            try bench.deadLetter(event)
            try bench.commit(.purge(.all, limit: 1))
            try expectEqual(try bench.commit(.accept(event))[0].short, "accepted 2", "reply")
        },
        Behaviour("purging an event whose hint was taken over leaves the other's key") { bench in
            let first = StoreBench.event(key: StoreBench.key("hint", .content))
            let second = StoreBench.event(key: StoreBench.key("hint", .content, content: 2))
            try bench.deadLetter(first)
            try bench.accept(second)
            try bench.commit(.purge(.all, limit: 1))
            try expectEqual(try bench.commit(.accept(second))[0].short, "repeated 2 queued", "reply")
        },
    ]
}
