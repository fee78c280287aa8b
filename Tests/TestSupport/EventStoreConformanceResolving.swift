import OutboxCore

extension EventStoreConformance {
    static let resolving: [Behaviour] = [
        Behaviour("a handed over event leaves the queue and stays in the history") { bench in
            let event = try bench.accept(StoreBench.event(payload: "123"))
            bench.wait(.seconds(2))
            try expectEqual(try bench.resolve(event, .handedOver).short, "done", "reply")
            try expectEqual(try bench.fresh().events.count, 0, "queue")
            let detail = try bench.detail(event)
            try expectEqual(detail.state, .handedOver, "state")
            try expectEqual(detail.handedOverAt, bench.now, "handed over at")
            try expectEqual(detail.requestID, "11111111-2222-3333-4444-555555555555", "request id")
            try expectEqual(detail.payloadBytes, 3, "size")
            try expectEqual(detail.attempts, [StoreBench.handOver(at: bench.now)], "attempts")
            try expectEqual(try bench.store.payload(event.id), nil, "payload")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("the history of a handed over event shows the failures before") { bench in
            let event = try bench.accept(StoreBench.event())
            let failure = StoreBench.failure(at: bench.now)
            try bench.resolve(event, .waits(dueAt: bench.now.advanced(by: .seconds(1))), attempt: failure, charged: 1)
            bench.wait(.seconds(1))
            try bench.resolve(event, .handedOver, charged: 1, uncertain: true)
            let detail = try bench.detail(event)
            try expectEqual(detail.attempts, [failure, StoreBench.handOver(at: bench.now)], "attempts")
            try expectEqual(detail.attemptCount, 2, "attempt count")
            try expectEqual(detail.chargedAttempts, 1, "charged")
            try expect(detail.uncertain, "uncertain")
        },
        Behaviour("an event that waits keeps its counters and comes when it is due") { bench in
            let event = try bench.accept(StoreBench.event())
            let dueAt = bench.now.advanced(by: .seconds(4))
            let resolution = Resolution(
                sequence: event.sequence,
                attempt: StoreBench.failure(at: bench.now),
                fate: .waits(dueAt: dueAt),
                chargedAttempts: 3,
                unknownAttempts: 2,
                routeFailures: 1,
                uncertain: true
            )
            try bench.commit(.resolve(resolution))
            try expectEqual(try bench.fresh().events.count, 0, "fresh")
            var wanted = event
            wanted.dueAt = dueAt
            (wanted.chargedAttempts, wanted.unknownAttempts, wanted.routeFailures) = (3, 2, 1)
            wanted.attempts = 1
            wanted.uncertain = true
            try expectEqual(try bench.due(until: dueAt).events, [wanted], "due")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("waiting without a due time leaves the place in line") { bench in
            let fresh = try bench.accept(StoreBench.event())
            let dueAt = bench.now.advanced(by: .seconds(4))
            let delayed = try bench.accept(StoreBench.event(deliverAt: dueAt))
            try bench.resolve(fresh, .waits(dueAt: nil))
            try bench.resolve(delayed, .waits(dueAt: nil))
            try expectEqual(try bench.fresh().events.map(\.sequence), [1], "fresh")
            try expectEqual(try bench.due(until: dueAt).events.map(\.dueAt), [dueAt], "due")
        },
        Behaviour("the mark uncertain is never taken back (P3)") { bench in
            let event = try bench.accept(StoreBench.event())
            try bench.resolve(event, .waits(dueAt: nil), uncertain: true)
            try bench.resolve(event, .waits(dueAt: nil), uncertain: false)
            try expectEqual(try bench.fresh().events.map(\.uncertain), [true], "uncertain")
        },
        Behaviour("marking events uncertain skips those that aren't there") { bench in
            let events = try (1...2).map { _ in try bench.accept(StoreBench.event()) }
            let stranger = EventID(high: events[1].id.high, low: events[1].id.low ^ 1)
            let elsewhere = EventID(acceptedAt: bench.now, sequence: 99, generation: 1, random: 1)
            let reply = try bench.commit(.markUncertain([events[0].id, stranger, elsewhere, EventID(high: 0, low: 0)]))
            try expectEqual(reply[0].short, "done", "reply")
            try expectEqual(try bench.fresh().events.map(\.uncertain), [true, false], "uncertain")
        },
        Behaviour("equal attempts in a row are one line, and the first 3 and last 10 lines stay") { bench in
            let event = try bench.accept(StoreBench.event())
            var wanted: [AttemptRecord] = []
            for index in 0..<20 {
                for _ in 0...(index % 3) {
                    bench.wait(.seconds(1))
                    let record = StoreBench.failure(at: bench.now, code: "E\(index)")
                    AttemptHistory.append(record, to: &wanted)
                    try bench.resolve(event, .waits(dueAt: nil), attempt: record)
                }
            }
            let detail = try bench.detail(event)
            try expectEqual(detail.attempts, wanted, "lines")
            try expectEqual(detail.attempts.count, 13, "how many lines")
            try expectEqual(detail.attemptCount, 39, "attempts made")
        },
        Behaviour("resolving or burying an event that isn't queued touches nothing") { bench in
            let gone = try bench.accept(StoreBench.event())
            try bench.resolve(gone, .handedOver)
            let letter = try bench.deadLetter(StoreBench.event())
            let before = try [gone, letter].map { try bench.detail($0) }
            for fate: Resolution.Fate in [.handedOver, .waits(dueAt: bench.now), .dead(.rejected, reason: "again")] {
                for event in [gone, letter] {
                    try expectEqual(try bench.resolve(event, fate).short, "not found", "reply to \(fate)")
                }
            }
            for sequence: Int64 in [1, 2, 3, -1] {
                let reply = try bench.commit(.bury(sequence: sequence, .expired, reason: "too old"))[0]
                try expectEqual(reply.short, "not found", "reply to bury")
            }
            let after = try [gone, letter].map { try bench.detail($0) }
            try expectEqual(after, before, "events")
            try bench.expectCountersToMatchRows()
        },
    ]

    static let keeping: [Behaviour] = [
        Behaviour("a sequence number is never given again, though everything was deleted") { bench in
            for round: Int64 in 1...3 {
                let event = try bench.accept(StoreBench.event())
                try expectEqual(event.sequence, round, "sequence")
                try bench.resolve(event, .handedOver)
                try bench.commit(.trim(historyBefore: .init(milliseconds: .max), historyMax: 0, limit: 10))
                try bench.store.reopen()
                try expectEqual(bench.store.totals.lastSequence, round, "last sequence")
            }
        },
        Behaviour("trim forgets the oldest history, and no more than asked for") { bench in
            for _ in 1...5 {
                try bench.resolve(try bench.accept(StoreBench.event()), .handedOver)
                bench.wait(.seconds(1))
            }
            let third = bench.now.advanced(by: .seconds(-3))
            try expectEqual(try bench.trim(third, .max, 1), "trimmed 1", "one slice")
            try expectEqual(try bench.trim(third, .max, 5), "trimmed 1", "the rest before the time")
            try expectEqual(try bench.trim(third, 2, 5), "trimmed 1", "down to the maximum")
            try expectEqual(try bench.trim(third, 2, 5), "trimmed 0", "nothing left to do")
            let before = try bench.accept(StoreBench.event())
            try expectEqual(try bench.detail(before).state, .queued, "the queue is left alone")
        },
        Behaviour("a trimmed event is known no longer") { bench in
            let event = try bench.accept(StoreBench.event())
            try bench.resolve(event, .waits(dueAt: bench.now))
            try bench.resolve(event, .handedOver)
            bench.wait(.seconds(1))
            try bench.commit(.trim(historyBefore: bench.now, historyMax: .max, limit: 10))
            try expectEqual(try bench.store.event(event.id), nil, "event")
        },
        Behaviour("keys are forgotten once their window has passed and their event is gone") { bench in
            let event = StoreBench.event(key: StoreBench.key(window: .minutes(1)))
            try bench.resolve(try bench.accept(event), .handedOver)
            let waiting = StoreBench.event(key: StoreBench.key("k2", window: .minutes(1)))
            try bench.accept(waiting)
            let trim = StoreCommand.trim(historyBefore: .init(milliseconds: 0), historyMax: .max, limit: 10)
            try bench.commit(trim)
            try expectEqual(bench.store.keysRemembered, 2, "inside the window")
            bench.wait(.hours(1))
            for _ in 0..<100 { try bench.commit(trim) }
            try expectEqual(bench.store.keysRemembered, 1, "behind the window")
            try expectEqual(try bench.commit(.accept(waiting))[0].short, "repeated 2 queued", "its event is there")
            try expectEqual(try bench.commit(.accept(event))[0].short, "accepted 3", "its event is gone")
        },
        Behaviour("the state of a function survives, and can be taken away") { bench in
            let event = try bench.accept(StoreBench.event())
            let state = SavedState(reason: "not found", since: bench.now, failedProbes: 4)
            try bench.commit(.saveFunctionState(event.functionKey, state))
            try bench.resolve(event, .handedOver)
            try bench.store.reopen()
            let record = FunctionRecord(
                key: event.functionKey,
                function: event.function,
                queued: 0,
                dead: 0,
                bytes: 0,
                state: state
            )
            try expectEqual(try bench.store.functions(), [record], "functions")
            try bench.commit(.saveFunctionState(event.functionKey, nil))
            try expectEqual(try bench.store.functions(), [], "functions")
            try expectEqual(try bench.accept(StoreBench.event()).functionKey, event.functionKey, "key")
        },
        Behaviour("the state of a route survives, is replaced, and can be taken away") { bench in
            let state = SavedState(reason: "dns", since: bench.now, failedProbes: 1)
            let later = SavedState(reason: "connect", since: bench.now, failedProbes: 2)
            try bench.commit(.saveRouteState("b", state), .saveRouteState("a", state), .saveRouteState("b", later))
            try bench.store.reopen()
            let records = [RouteRecord(name: "a", state: state), RouteRecord(name: "b", state: later)]
            try expectEqual(try bench.store.routes(), records, "routes")
            try bench.commit(.saveRouteState("a", nil), .saveRouteState("b", nil))
            try expectEqual(try bench.store.routes(), [], "routes")
        },
        Behaviour("saving the state of an unknown function does nothing") { bench in
            let state = SavedState(reason: "?", since: bench.now, failedProbes: 0)
            try expectEqual(try bench.commit(.saveFunctionState(FunctionKey(9), state))[0].short, "done", "reply")
            try expectEqual(try bench.store.functions(), [], "functions")
        },
    ]
}
