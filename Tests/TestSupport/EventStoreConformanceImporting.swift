import OutboxCore

extension EventStoreConformance {
    static let importing: [Behaviour] = [
        Behaviour("an imported event keeps its id, is due at once, uncertain, and leaves like any other (P2)") {
            bench in
            let own = try bench.accept(StoreBench.event())
            let past = [StoreBench.failure(at: bench.now.advanced(by: .hours(-2)))]
            let old = bench.elsewhere(5, attempts: 3, lines: past)
            try expectEqual(try bench.bringIn(.event(old)), "added", "reply")
            try expectEqual(try bench.fresh().events.map(\.id), [own.id], "the fresh lane")
            try expectEqual(try bench.fresh().throughSequence, own.sequence, "the fresh lane's end")
            let due = try bench.due().events
            try expectEqual(due.map(\.id), [old.id], "the due lane")
            try expectEqual(due[0].uncertain, true, "uncertain")
            try expectEqual(due[0].attempts, 3, "attempts")
            try expectEqual(due[0].ageFrom, bench.now, "age from")
            try expectEqual(due[0].payload, Array("[5]".utf8), "payload")
            try expectEqual(try bench.store.queued(old.id), due[0], "found by its id")
            try expectEqual(try bench.store.payload(old.id), Array("[5]".utf8), "its payload by its id")
            try expectEqual(try bench.detail(due[0]).attempts, past, "history")
            try bench.expectCountersToMatchRows()
            try bench.resolve(due[0], .waits(dueAt: nil))
            try expectEqual(try bench.due().events.map(\.id), [old.id], "still due after an attempt")
            try bench.resolve(due[0], .handedOver)
            try expectEqual(try bench.store.event(old.id)?.state, .handedOver, "state")
            try expectEqual(try bench.accept(StoreBench.event()).sequence, own.sequence + 1, "the next own number")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("an imported event and an own one of the same number are two") { bench in
            let own = try bench.accept(StoreBench.event(payload: "[0]"))
            let old = bench.elsewhere(own.sequence)
            try bench.bringIn(.event(old))
            try expectEqual(try bench.store.payload(own.id), Array("[0]".utf8), "own")
            try expectEqual(try bench.store.payload(old.id), Array("[1]".utf8), "imported")
            try expectEqual(try bench.commit(.cancel([old.id]))[0].short, "found [1]", "cancel")
            try expectEqual(try bench.store.event(old.id)?.state, .cancelled, "imported")
            try expectEqual(try bench.store.event(own.id)?.state, .queued, "own")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("what is here already is not added again, wherever it is") { bench in
            let events = (1...4).map { bench.elsewhere($0) }
            let records = events.map { ImportedRecord.event($0) }
            try expectEqual(try bench.bringIn(records), "added, added, added, added", "first")
            let due = try bench.due().events
            try bench.resolve(due[1], .handedOver)
            try bench.commit(.cancel([due[2].id]))
            try bench.resolve(due[3], .dead(.rejected, reason: "refused"))
            try expectEqual(
                try bench.bringIn(records),
                "here queued, here handed-over, here cancelled, here dead-letter",
                "again"
            )
            try expectEqual(try bench.bringIn([records[0], records[0]]), "here queued, here queued", "twice in one")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("what this store had and forgot is told, and what it never had comes in") { bench in
            let handedOver = try bench.accept(StoreBench.event())
            try bench.resolve(handedOver, .handedOver)
            let dead = try bench.deadLetter(StoreBench.event())
            try bench.commit(.purge(.all, limit: 10))
            _ = try bench.trim(bench.now.advanced(by: .hours(1)), .max, 10)
            let records = [handedOver, dead].map { event in
                ImportedRecord.event(ImportedEvent(id: event.id, event: StoreBench.event(), place: .queue))
            }
            try expectEqual(try bench.bringIn(records), "gone, gone", "own ones")
            try expectEqual(try bench.bringIn(.event(bench.elsewhere(1))), "added", "another's of the same number")
        },
        Behaviour("an imported letter keeps reason, time and history, can be redriven and purged (P8)") { bench in
            let at = bench.now.advanced(by: .hours(-5))
            let lines = [StoreBench.failure(at: at)]
            let place = ImportedEvent.Place.deadLetters(.exhausted, reason: "tried in vain", diedAt: at)
            let letters = [
                bench.elsewhere(1, place: place, attempts: 1, lines: lines), bench.elsewhere(2, place: place),
            ]
            try bench.bringIn(letters.map { .event($0) })
            let detail = try bench.store.event(letters[0].id)
            try expectEqual(detail?.state, .deadLetter, "state")
            try expectEqual(detail?.condition, .exhausted, "condition")
            try expectEqual(detail?.reason, "tried in vain", "reason")
            try expectEqual(detail?.diedAt, at, "died at")
            try expectEqual(detail?.uncertain, false, "uncertain")
            try expectEqual(detail?.attempts, lines, "attempts")
            try expectEqual(try bench.due().events.count, 0, "nothing is due")
            try bench.expectCountersToMatchRows()
            try expectEqual(
                try bench.commit(.redrive(.ids([letters[0].id]), limit: 9))[0].short,
                "moved [1]",
                "redrive"
            )
            try expectEqual(try bench.due().events.map(\.id), [letters[0].id], "due")
            try expectEqual(try bench.commit(.purge(.ids([letters[1].id]), limit: 9))[0].short, "moved [2]", "purge")
            try expectEqual(try bench.store.event(letters[1].id), nil, "purged")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("an imported event holds its key, and a key of this store stays (P4)") { bench in
            let key = StoreBench.key()
            let until = bench.now.advanced(by: .hours(1))
            let old = bench.elsewhere(1, key: key, keyUntil: until)
            try bench.bringIn(.event(old))
            let again = try bench.commit(.accept(StoreBench.event(payload: "[1]", key: key)))
            try expectEqual(again[0].short, "repeated 1 queued", "a repeat of it")
            let taken = StoreBench.key("k2")
            let own = try bench.accept(StoreBench.event(key: taken))
            let repeated = bench.elsewhere(2, key: taken, keyUntil: until)
            try expectEqual(try bench.bringIn(.event(repeated)), "repeats \(own.sequence)", "accepted anew meanwhile")
            let other = bench.elsewhere(3, key: StoreBench.key("k2", content: 2), keyUntil: until)
            try expectEqual(try bench.bringIn(.event(other)), "added", "other contents under the same key")
            try expectEqual(
                try bench.commit(.accept(StoreBench.event(key: taken)))[0].short,
                "repeated \(own.sequence) queued",
                "the key names whom it named"
            )
        },
        Behaviour("an imported key is remembered for its window, and for as long as its event is here") { bench in
            let gone = EventID(acceptedAt: bench.now, sequence: 9, generation: 99, random: 1)
            let open = StoreBench.importedKey("k1", gone, until: bench.now.advanced(by: .hours(1)))
            let over = StoreBench.importedKey("k2", gone, until: bench.now)
            let old = bench.elsewhere(4)
            let held = StoreBench.importedKey("k3", old.id, until: nil)
            try expectEqual(try bench.bringIn(.key(open), .key(over), .key(held)), "added, key over, key over", "keys")
            try bench.bringIn(.event(old))
            try expectEqual(try bench.bringIn(.key(open), .key(held)), "here handed-over, added", "again")
            try expectEqual(try bench.reply(to: "k1"), "repeated 9 handed-over", "in its window")
            try expectEqual(try bench.reply(to: "k3"), "repeated 4 queued", "while its event is queued")
            bench.wait(.hours(2))
            try expectEqual(try bench.reply(to: "k1"), "accepted 1", "behind its window")
            try expectEqual(
                try bench.bringIn(.key(StoreBench.importedKey("k1", gone, until: bench.now.advanced(by: .hours(1))))),
                "key taken 1",
                "a key of this store stays"
            )
        },
        Behaviour("a key that was freed here stays free, though it is imported again (P2)") { bench in
            let until = bench.now.advanced(by: .hours(1))
            let old = bench.elsewhere(1, key: StoreBench.key(), keyUntil: until)
            let key = StoreBench.importedKey("k1", old.id, until: until)
            try bench.bringIn(.event(old), .key(key))
            try bench.commit(.cancel([old.id]))
            try expectEqual(try bench.bringIn(.event(old), .key(key)), "here cancelled, gone", "again")
            try expectEqual(try bench.reply(to: "k1"), "accepted 1", "the key is free")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("an import is held to its room, and needs none for what is here (P7)") { bench in
            let events = (1...3).map { ImportedRecord.event(bench.elsewhere($0)) }
            var room = ImportRoom()
            room.events = 1
            try expectEqual(try bench.bringIn(events, room: room), "added, no room, no room", "events")
            room.events = 0
            try expectEqual(try bench.bringIn(events, room: room), "here queued, no room, no room", "again")
            room = ImportRoom()
            room.shares = [StoreBench.function(): FunctionUsage(events: 1, bytes: 100)]
            try expectEqual(try bench.bringIn(events, room: room), "here queued, added, no room", "a share")
            room = ImportRoom()
            room.functions = 0
            let named = ImportedRecord.event(bench.elsewhere(4, function: "billing"))
            try expectEqual(try bench.bringIn([events[2], named], room: room), "added, no room", "a new name")
            room.closed = "closed"
            try expectEqual(try bench.bringIn([events[2], named], room: room), "here queued, no room", "closed")
            try bench.expectCountersToMatchRows()
        },
        Behaviour("a trial changes nothing") { bench in
            let events = [ImportedRecord.event(bench.elsewhere(1)), .event(bench.elsewhere(2, function: "billing"))]
            try expectEqual(try bench.bringIn(events, isTrial: true), "added, added", "trial")
            try expectEqual(bench.store.totals, StoreTotals(), "totals")
            try expectEqual(bench.store.knows(StoreBench.function("billing")), false, "names")
            try expectEqual(try bench.bringIn(events), "added, added", "in earnest")
        },
        Behaviour("a promised time is kept, and imported events grow old like others") { bench in
            let promised = bench.now.advanced(by: .hours(3))
            try bench.bringIn(.event(bench.elsewhere(1, deliverAt: promised)), .event(bench.elsewhere(2)))
            try expectEqual(try bench.due().events.map(\.id.sequence), [2], "due")
            try expectEqual(try bench.due(until: promised).events.map(\.id.sequence), [2, 1], "later")
            bench.wait(.hours(1))
            let key = try bench.accept(StoreBench.event()).functionKey
            let limits = [key: AgeLimit(agedFrom: bench.now.advanced(by: .minutes(-1)), attemptedSince: nil)]
            var query = ExpiringQuery.aged(behind: 0, limits, ahead: bench.now.advanced(by: .hours(9)))
            var found: [Int64] = []
            while true {
                let page = try bench.store.expiring(query, limit: 1)
                found += page.rows.map { $0.sequence & (EventID.firstImportedRow - 1) }
                guard let next = page.next else { break }
                query = next
            }
            try expectEqual(found, [2], "too old, behind an own one that is younger")
        },
    ]
}

extension StoreBench {
    /// An event of another store.
    func elsewhere(
        _ sequence: Int64,
        function: String = "orders",
        place: ImportedEvent.Place = .queue,
        deliverAt: WallTime? = nil,
        key: DedupeKey? = nil,
        keyUntil: WallTime? = nil,
        attempts: Int = 0,
        lines: [AttemptRecord] = []
    ) -> ImportedEvent {
        ImportedEvent(
            id: EventID(acceptedAt: now.advanced(by: .hours(-6)), sequence: sequence, generation: 99, random: 3),
            event: Self.event(function, payload: "[\(sequence)]", deliverAt: deliverAt, key: key),
            place: place,
            keyUntil: keyUntil,
            attempts: attempts,
            lines: lines
        )
    }

    static func importedKey(_ text: String, _ event: EventID, until: WallTime?) -> ImportedKey {
        ImportedKey(
            digest: DedupeKey.digest(
                .idempotencyKey,
                text,
                producer: "uid:1001",
                function: function(),
                hash: testHash
            ),
            content: Digest128(digest(1)),
            event: event,
            rememberedUntil: until
        )
    }

    /// To an accept with this key.
    func reply(to key: String) throws -> String {
        try commit(.accept(Self.event(key: Self.key(key))))[0].short
    }

    @discardableResult
    func bringIn(_ records: ImportedRecord...) throws -> String {
        try bringIn(records)
    }

    @discardableResult
    func bringIn(
        _ records: [ImportedRecord],
        room: ImportRoom = ImportRoom(),
        isTrial: Bool = false
    ) throws -> String {
        try commit(.bringIn(records, room: room, isTrial: isTrial))[0].short
    }
}
