import OutboxCore

extension EventStoreConformance {
    static let deadLetters: [Behaviour] = [
        Behaviour("redrive and purge move so many bytes at a time, until none are left") { bench in
            var large = StoreBench.event()
            large.payload = Array(repeating: 0x20, count: 3 << 20)
            for _ in 0..<7 { try bench.deadLetter(large) }
            let orders: [StoreCommand] = [
                .redrive(.all, limit: 500), .purge(.all, limit: 500), .purge(.all, limit: 500),
                .purge(.all, limit: 500),
            ]
            let moved = try orders.map { try bench.commit($0)[0].short }
            try expectEqual(moved, ["moved [1, 2, 3]", "moved [4, 5, 6]", "moved [7]", "moved []"], "slices")
        },
        Behaviour("a dead letter keeps payload, options, condition, reason and history (P8)") { bench in
            var event = StoreBench.event(payload: "[1,2]", key: StoreBench.key())
            event.headers.tenantID = "t"
            let queued = try bench.accept(event)
            let failure = StoreBench.failure(at: bench.now)
            bench.wait(.seconds(9))
            try bench.resolve(queued, .dead(.exhausted, reason: "3 attempts"), attempt: failure, charged: 3)
            try bench.store.reopen()
            let detail = try bench.detail(queued)
            try expectEqual(detail.state, .deadLetter, "state")
            try expectEqual(detail.condition, .exhausted, "condition")
            try expectEqual(detail.reason, "3 attempts", "reason")
            try expectEqual(detail.diedAt, bench.now, "died at")
            try expectEqual(detail.attempts, [failure], "attempts")
            try expectEqual(detail.chargedAttempts, 3, "charged")
            try expectEqual(detail.headers.tenantID, "t", "tenant")
            try expectEqual(detail.idempotencyKey, "k1", "key")
            try expectEqual(try bench.store.payload(queued.id), event.payload, "payload")
            try expectEqual(try bench.fresh().events.count, 0, "queue")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("bury makes a queued event a dead letter without an attempt") { bench in
            let event = try bench.accept(StoreBench.event())
            let reply = try bench.commit(.bury(sequence: event.sequence, .expired, reason: "too old"))[0]
            try expectEqual(reply.short, "done", "reply")
            let detail = try bench.detail(event)
            try expectEqual(detail.condition, .expired, "condition")
            try expectEqual(detail.attemptCount, 0, "attempts")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a redriven event keeps id, sequence and history, and gets attempts and age back (P8)") { bench in
            let event = try bench.accept(StoreBench.event(payload: "[1]"))
            let failure = StoreBench.failure(at: bench.now)
            try bench.resolve(event, .dead(.exhausted, reason: "enough"), attempt: failure, charged: 3, uncertain: true)
            bench.wait(.hours(80))
            try expectEqual(try bench.commit(.redrive(.ids([event.id]), limit: 5))[0].short, "moved [1]", "reply")
            var wanted = event
            wanted.dueAt = bench.now
            wanted.ageFrom = bench.now
            wanted.attempts = 1
            wanted.uncertain = true
            wanted.redriven = 1
            try expectEqual(try bench.due().events, [wanted], "due")
            try expectEqual(try bench.fresh().events.count, 0, "fresh")
            let detail = try bench.detail(event)
            try expectEqual(detail.state, .queued, "state")
            try expectEqual(detail.attempts, [failure], "attempts")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a letter that dies again has both histories") { bench in
            let event = try bench.accept(StoreBench.event())
            let first = StoreBench.failure(at: bench.now, code: "A")
            try bench.resolve(event, .dead(.exhausted, reason: "one"), attempt: first)
            try bench.commit(.redrive(.all, limit: 5))
            let second = StoreBench.failure(at: bench.now, code: "B")
            try bench.resolve(event, .dead(.rejected, reason: "two"), attempt: second)
            let detail = try bench.detail(event)
            try expectEqual(detail.attempts, [first, second], "attempts")
            try expectEqual(detail.redriven, 1, "redriven")
            try expectEqual(detail.condition, .rejected, "condition")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("redrive drops a hard expiry that has passed and keeps one that has not") { bench in
            let soon = bench.now.advanced(by: .seconds(10))
            let later = bench.now.advanced(by: .hours(10))
            for expiry in [soon, later] { try bench.deadLetter(StoreBench.event(expiresAt: expiry)) }
            bench.wait(.seconds(10))
            try bench.commit(.redrive(.all, limit: 5))
            try expectEqual(try bench.due().events.map(\.expiresAt), [nil, later], "expiry")
        },
        Behaviour("redrive and purge go oldest first in slices until none are left") { bench in
            for _ in 1...5 {
                try bench.deadLetter(StoreBench.event())
                bench.wait(.seconds(1))
            }
            try expectEqual(try bench.commit(.redrive(.all, limit: 2))[0].short, "moved [1, 2]", "first slice")
            try expectEqual(try bench.commit(.purge(.all, limit: 2))[0].short, "moved [3, 4]", "second slice")
            try expectEqual(try bench.commit(.purge(.all, limit: 2))[0].short, "moved [5]", "third slice")
            try expectEqual(try bench.commit(.redrive(.all, limit: 2))[0].short, "moved []", "none left")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a function pattern means the functions it matches") { bench in
            for name in ["orders", "billing", "orders-eu", "orders"] { try bench.deadLetter(StoreBench.event(name)) }
            try bench.deadLetter(StoreBench.event("orders"), .expired)
            let orders = DeadLetterSelection.function(GlobPattern("orders"))
            try expectEqual(try bench.commit(.purge(orders, limit: 2))[0].short, "moved [1, 4]", "exact name")
            let all = DeadLetterSelection.function(GlobPattern("ord*"))
            try expectEqual(try bench.commit(.redrive(all, limit: 9))[0].short, "moved [3, 5]", "pattern")
            try expectEqual(bench.store.totals.dead, 1, "left")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("ids are looked up whole: one wrong bit finds nothing") { bench in
            let letter = try bench.deadLetter(StoreBench.event())
            let strangers = (0..<64).flatMap { bit in
                [
                    EventID(high: letter.id.high ^ 1 << UInt64(bit), low: letter.id.low),
                    EventID(high: letter.id.high, low: letter.id.low ^ 1 << UInt64(bit)),
                ]
            }
            try expectEqual(try bench.commit(.purge(.ids(strangers), limit: 500))[0].short, "moved []", "reply")
            for stranger in strangers {
                try expectEqual(try bench.store.event(stranger), nil, "event")
                try expectEqual(try bench.store.payload(stranger), nil, "payload")
            }
            let twice = DeadLetterSelection.ids([letter.id, letter.id])
            try expectEqual(try bench.commit(.redrive(twice, limit: 5))[0].short, "moved [1]", "named twice")
        },
        Behaviour("a purged letter is gone, with its history") { bench in
            let letter = try bench.deadLetter(StoreBench.event())
            try bench.commit(.purge(.ids([letter.id]), limit: 1))
            try expectEqual(try bench.store.event(letter.id), nil, "event")
            try expectEqual(try bench.store.payload(letter.id), nil, "payload")
            try bench.expectCountersToMatchRows()
        },
    ]

    static let asking: [Behaviour] = [
        Behaviour("queued events are listed in accept order, page by page") { bench in
            for index in 0..<7 { try bench.accept(StoreBench.event(index % 2 == 0 ? "a" : "b")) }
            let first = try bench.store.queued(EventFilter(), after: nil, limit: 4)
            try expectEqual(first.map(\.sequence), [1, 2, 3, 4], "first page")
            try expectEqual(
                try bench.store.queued(EventFilter(), after: 4, limit: 4).map(\.sequence),
                [5, 6, 7],
                "second"
            )
            let filter = EventFilter(function: GlobPattern("b"))
            try expectEqual(
                try bench.store.queued(filter, after: nil, limit: 9).map(\.sequence),
                [2, 4, 6],
                "filtered"
            )
            try expectEqual(try bench.store.queued(filter, after: 4, limit: 9).map(\.sequence), [6], "filtered, behind")
            let dead = EventFilter(condition: .expired)
            try expectEqual(try bench.store.queued(dead, after: nil, limit: 9), [], "condition")
        },
        Behaviour("dead letters are listed newest first, page by page, filtered by function and condition") { bench in
            let names = ["a", "b", "a", "b", "a"]
            for (index, name) in names.enumerated() {
                try bench.deadLetter(StoreBench.event(name), index < 3 ? .expired : .rejected)
                if index % 2 == 0 { bench.wait(.seconds(1)) }
            }
            let all = try bench.store.deadLetters(EventFilter(), after: nil, limit: 9)
            try expectEqual(all.map(\.sequence), [5, 4, 3, 2, 1], "all")
            let place = DeadPlace(diedAt: all[1].diedAt!, sequence: 4)
            try expectEqual(try bench.deadPage(EventFilter(), place, 2), [3, 2], "second page")
            let ofA = EventFilter(function: GlobPattern("a"))
            try expectEqual(try bench.deadPage(ofA, nil, 2), [5, 3], "of a function")
            try expectEqual(try bench.deadPage(ofA, place, 2), [3, 1], "of a function, behind")
            try expectEqual(try bench.deadPage(EventFilter(condition: .expired), nil, 9), [3, 2, 1], "of a condition")
            let both = EventFilter(function: GlobPattern("b"), condition: .rejected)
            try expectEqual(try bench.deadPage(both, nil, 9), [4], "of both")
        },
        Behaviour("dead letters are counted by function and condition") { bench in
            try expectEqual(try bench.store.deadLetterGroups(), [], "none")
            try bench.deadLetter(StoreBench.event("a"), .expired)
            try bench.deadLetter(StoreBench.event("b"), .expired)
            let newest = try bench.deadLetter(StoreBench.event("a"), .expired)
            let groups = try bench.store.deadLetterGroups()
            try expectEqual(groups.map(\.count), [2, 1], "counts")
            try expectEqual(groups.first?.newest, newest.id, "newest")
            try bench.commit(.purge(.all, limit: 9))
            try expectEqual(try bench.store.deadLetterGroups(), [], "purged")
        },
        Behaviour("the oldest queued event is the one whose age counts from the earliest time") { bench in
            try expectEqual(try bench.store.oldestQueued(), nil, "none")
            let redriven = try bench.deadLetter(StoreBench.event())
            try bench.accept(StoreBench.event(deliverAt: bench.now.advanced(by: .hours(1))))
            bench.wait(.seconds(5))
            let oldest = try bench.accept(StoreBench.event())
            bench.wait(.seconds(5))
            try bench.commit(.redrive(.ids([redriven.id]), limit: 1))
            try bench.accept(StoreBench.event())
            try expectEqual(try bench.store.oldestQueued()?.sequence, oldest.sequence, "oldest")
        },
    ]
}
