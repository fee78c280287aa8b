import OutboxCore

extension EventStoreConformance {
    static let claiming: [Behaviour] = [
        Behaviour("the fresh lane gives events in accept order and says when there are no more") { bench in
            let events = try (1...5).map { try bench.accept(StoreBench.event(payload: "\($0)")) }
            let page = try bench.fresh()
            try expectEqual(page.events, events, "events")
            try expect(page.exhausted, "exhausted")
            try expectEqual(page.throughSequence, 5, "through")
            try expectEqual(try bench.fresh(after: 2, through: 4).events.map(\.sequence), [3, 4], "a part")
            try expectEqual(try bench.fresh(after: 2, through: 4).throughSequence, 4, "through a part")
            try expectEqual(try bench.fresh(after: 9).throughSequence, 9, "never before the start")
        },
        Behaviour("a claim changes nothing") { bench in
            try bench.accept(StoreBench.event())
            try expectEqual(try bench.fresh().events, try bench.fresh().events, "events")
        },
        Behaviour("pages go on where the last one ended") { bench in
            try bench.commit((1...7).map { .accept(StoreBench.event(payload: "\($0)")) })
            var seen: [Int64] = []
            var after: Int64 = 0
            for _ in 1...4 {
                let page = try bench.fresh(after: after, eventsMax: 2)
                seen += page.events.map(\.sequence)
                after = page.throughSequence
                try expectEqual(page.exhausted, seen.count == 7, "exhausted")
            }
            try expectEqual(seen, Array(1...7), "events")
        },
        Behaviour("bytesMax bounds a page, and one event is given however large it is") { bench in
            try bench.commit(
                [8, 4, 4, 9].map { .accept(StoreBench.event(payload: String(repeating: "1", count: $0))) }
            )
            try expectEqual(try bench.fresh(bytesMax: 3).events.map(\.sequence), [1], "smaller than the first")
            let page = try bench.fresh(after: 1, bytesMax: 8)
            try expectEqual(page.events.map(\.sequence), [2, 3], "two fit")
            try expectEqual(page.throughSequence, 3, "through")
            try expect(!page.exhausted, "not exhausted")
        },
        Behaviour("functions that are skipped are reported with their range") { bench in
            let names = ["a", "b", "a", "a", "b", "c"]
            let keys = try names.map { try bench.accept(StoreBench.event($0)).functionKey }
            let page = try bench.fresh(skip: [keys[0]])
            try expectEqual(page.events.map(\.sequence), [2, 5, 6], "events")
            try expectEqual(page.skipped, [keys[0]: ClaimPage.Skipped(first: 1, last: 4, count: 3)], "skipped")
        },
        Behaviour("what is held is passed over without report") { bench in
            let key = try bench.accept(StoreBench.event()).functionKey
            try bench.commit((2...4).map { _ in .accept(StoreBench.event()) })
            try expectEqual(try bench.fresh(held: [1, 3]).events.map(\.sequence), [2, 4], "events")
            let page = try bench.fresh(skip: [key], held: [1, 3])
            try expectEqual(page.skipped[key], ClaimPage.Skipped(first: 2, last: 4, count: 2), "skipped")
        },
        Behaviour("perFunctionMax bounds each function and reports the rest of it") { bench in
            let names = ["a", "a", "b", "a", "b", "a"]
            let keys = try names.map { try bench.accept(StoreBench.event($0)).functionKey }
            let page = try bench.fresh(perFunctionMax: 2)
            try expectEqual(page.events.map(\.sequence), [1, 2, 3, 5], "events")
            try expectEqual(page.skipped, [keys[0]: ClaimPage.Skipped(first: 4, last: 6, count: 2)], "skipped")
            try expect(page.exhausted, "exhausted")
        },
        Behaviour("scannedMax bounds the rows looked at, skipped ones included") { bench in
            let key = try bench.accept(StoreBench.event("a")).functionKey
            try bench.commit((2...9).map { .accept(StoreBench.event($0 < 9 ? "a" : "b")) })
            let page = try bench.fresh(skip: [key], scannedMax: 5)
            try expectEqual(page.events.count, 0, "events")
            try expectEqual(page.throughSequence, 5, "through")
            try expectEqual(page.skipped[key]?.count, 5, "skipped")
            try expect(!page.exhausted, "not exhausted")
            try expectEqual(
                try bench.fresh(after: 5, skip: [key], scannedMax: 5).events.map(\.sequence),
                [9],
                "next page"
            )
        },
        Behaviour("a claim for some functions gives their events only") { bench in
            let keys = try ["a", "b", "a", "c"].map { try bench.accept(StoreBench.event($0)).functionKey }
            let page = try bench.fresh(only: [keys[0]: .max])
            try expectEqual(page.events.map(\.sequence), [1, 3], "of one")
            try expectEqual(page.skipped.count, 0, "skipped")
            try expect(page.exhausted, "exhausted")
            let two = try bench.fresh(only: [keys[0]: .max, keys[3]: .max])
            try expectEqual(two.events.map(\.sequence), [1, 3, 4], "of two")
        },
        Behaviour("a claim for some functions bounds each of them, reports the rest, and ends with what was asked") {
            bench in
            let names = ["a", "a", "b", "a", "c", "b", "a"]
            let keys = try names.map { try bench.accept(StoreBench.event($0)).functionKey }
            let page = try bench.fresh(only: [keys[0]: 2, keys[2]: 2])
            try expectEqual(page.events.map(\.sequence), [1, 2, 3, 6], "events")
            try expectEqual(page.skipped, [keys[0]: ClaimPage.Skipped(first: 4, last: 4, count: 1)], "skipped")
            try expectEqual(page.throughSequence, 6, "through")
            try expect(!page.exhausted, "not exhausted")
        },
        Behaviour("the due lane gives events in order of due time and sequence") { bench in
            let delays: [Int64] = [30, 10, 20, 10, 90]
            for delay in delays {
                try bench.accept(StoreBench.event(deliverAt: bench.now.advanced(by: .seconds(delay))))
            }
            try bench.accept(StoreBench.event())
            try expectEqual(try bench.due().events.count, 0, "due now")
            bench.wait(.seconds(30))
            let page = try bench.due()
            try expectEqual(page.events.map(\.sequence), [2, 4, 3, 1], "events")
            try expect(page.exhausted, "exhausted")
            let first = try bench.due(eventsMax: 2)
            try expectEqual(first.throughDue?.sequence, 4, "through")
            try expectEqual(try bench.due(after: first.throughDue).events.map(\.sequence), [3, 1], "next page")
            try expectEqual(try bench.due(after: page.throughDue).throughDue, page.throughDue, "nothing behind")
        },
        Behaviour("the next due time is the earliest, and the earliest later than a time") { bench in
            let start = bench.now
            for delay: Int64 in [30, 10] {
                try bench.accept(StoreBench.event(deliverAt: start.advanced(by: .seconds(delay))))
            }
            try expectEqual(try bench.store.nextDue(), start.advanced(by: .seconds(10)), "earliest")
            let ten = start.advanced(by: .seconds(10))
            try expectEqual(try bench.store.nextDue(after: ten), start.advanced(by: .seconds(30)), "later than 10 s")
            try expectEqual(try bench.store.nextDue(after: start.advanced(by: .seconds(30))), nil, "later than all")
        },
        Behaviour("retries that are due later are found page by page, promised times are not among them") { bench in
            func later(_ seconds: Int64) -> WallTime { bench.now.advanced(by: .seconds(seconds)) }
            try bench.accept(StoreBench.event(deliverAt: later(20)))
            let retried = try [30, 10, 40].map { seconds in
                let event = try bench.accept(StoreBench.event())
                try bench.resolve(event, .waits(dueAt: later(Int64(seconds))), charged: 1)
                return event
            }
            let letter = try bench.deadLetter(StoreBench.event())
            try bench.accept(StoreBench.event())
            let place = DuePlace(dueAt: later(10), sequence: .max)
            try bench.commit(.redrive(.ids([letter.id]), limit: 1))
            bench.now = later(-3600)
            let page = try bench.store.retries(behind: place, limit: 2)
            try expectEqual(page.rows.map(\.place.sequence), [retried[0].sequence], "the first two, one promised")
            try expectEqual(page.rows.first?.function, retried[0].function, "function")
            let next = try bench.store.retries(behind: page.next ?? place, limit: 2)
            try expectEqual(next.rows.map(\.place.sequence), [retried[2].sequence], "behind them")
            try expectEqual(next.next, nil, "no more")
            let all = try bench.store.retries(behind: DuePlace(dueAt: bench.now, sequence: .max), limit: 10)
            try expectEqual(all.rows.first?.place.sequence, letter.sequence, "a redriven one")
        },
        Behaviour("what an operator sent now is a retry for a clock that steps back, though it was never tried") {
            bench in
            let later = bench.now.advanced(by: .hours(48))
            let hurried = try bench.accept(StoreBench.event(deliverAt: later))
            try bench.accept(StoreBench.event(deliverAt: later))
            bench.wait(.hours(24))
            try bench.commit(.sendNow([hurried.id], force: false))
            bench.wait(.hours(-24))
            let page = try bench.store.retries(behind: DuePlace(dueAt: bench.now, sequence: .max), limit: 10)
            try expectEqual(page.rows.map(\.place.sequence), [hurried.sequence], "not the promised one")
            try bench.commit(.bringForward([hurried.sequence]))
            bench.wait(.hours(-24))
            let again = try bench.store.retries(behind: DuePlace(dueAt: bench.now, sequence: .max), limit: 10)
            try expectEqual(again.rows.map(\.place.sequence), [hurried.sequence], "at the next step back")
        },
        Behaviour("what is brought forward is due now, unless it is already, and its age stays") { bench in
            let events = try [60, -60].map { seconds in
                let event = try bench.accept(StoreBench.event())
                try bench.resolve(event, .waits(dueAt: bench.now.advanced(by: .seconds(Int64(seconds)))), charged: 1)
                return event
            }
            let fresh = try bench.accept(StoreBench.event())
            bench.wait(.seconds(1))
            try expectEqual(try bench.commit(.bringForward([1, 2, 3, 99]))[0].short, "done", "reply")
            let found = try bench.due().events
            try expectEqual(found.map(\.sequence), [events[1].sequence, events[0].sequence], "due")
            try expectEqual(found.last?.dueAt, bench.now, "due now")
            try expectEqual(found.map(\.ageFrom), [events[1].ageFrom, events[0].ageFrom], "ages")
            try expectEqual(try bench.fresh().events.map(\.sequence), [fresh.sequence], "a fresh one stays fresh")
        },
        Behaviour("events whose hard expiry has passed are found, earliest first") { bench in
            for delay: Int64? in [30, nil, 10, 60] {
                try bench.accept(StoreBench.event(expiresAt: delay.map { bench.now.advanced(by: .seconds($0)) }))
            }
            bench.wait(.seconds(30))
            let query = ExpiringQuery.passed(behind: nil, until: bench.now)
            let all = try bench.store.expiring(query, limit: 9)
            try expectEqual(all.rows.map(\.sequence), [3, 1], "expired")
            try expectEqual(all.rows.first?.function, StoreBench.function(), "function")
            try expectEqual(all.next, nil, "no more")
            let first = try bench.store.expiring(query, limit: 1)
            try expectEqual(first.rows.map(\.sequence), [3], "a slice")
            let second = try bench.store.expiring(first.next!, limit: 1)
            try expectEqual(second.rows.map(\.sequence), [1], "the next slice")
            try expectEqual(try bench.store.expiring(second.next!, limit: 1).rows, [], "behind the last")
        },
    ]
}
