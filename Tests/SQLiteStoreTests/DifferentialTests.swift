import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// The same random commands to the model and to SQLite: whatever one answers, the other must.
@Suite("Random commands")
struct DifferentialTests {
    @Test(arguments: 0..<8)
    func `the model and SQLite answer random command sequences alike`(_ block: UInt64) throws {
        for seed in block * 30..<(block + 1) * 30 {
            do {
                try runSequence(seed: seed)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
    }

    private func runSequence(seed: UInt64) throws {
        let folder = try TemporaryDirectory()
        let model = try ModelStore.underTest()
        let sqlite = try sqliteUnderTest(folder)
        var script = Script(seed: seed)
        for step in 0..<20 {
            let commands = script.commands()
            var replies: [String] = []
            var ids: (model: [EventID], sqlite: [EventID]) = ([], [])
            if case .accept(let event)? = commands.first.map({ script.command($0, \.model) }) {
                let repeats = (
                    try sqlite.lookUpRepeat(of: event, now: script.now),
                    try model.lookUpRepeat(of: event, now: script.now)
                )
                try expectEqual(repeats.0?.short, repeats.1?.short, "step \(step): repeat")
            }
            let modelReplies = try model.commit(commands.map { script.command($0, \.model) }, now: script.now)
            let sqliteReplies = try sqlite.commit(commands.map { script.command($0, \.sqlite) }, now: script.now)
            for (index, pair) in zip(modelReplies, sqliteReplies).enumerated() {
                try expectEqual(pair.1.short, pair.0.short, "step \(step): reply to \(commands[index])")
                if case (.accepted(let one), .accepted(let other)) = pair {
                    ids.model.append(one.id)
                    ids.sqlite.append(other.id)
                }
                replies.append(pair.0.short)
            }
            script.learn(ids)
            if script.chance(5) { try sqlite.reopen() }
            try compare(model, sqlite, &script, "step \(step) after \(replies)")
        }
        try compareEvents(model, sqlite, script.ids)
        try StoreBench(sqlite).expectCountersToMatchRows()
    }

    private func compare(
        _ model: any StoreUnderTest,
        _ sqlite: any StoreUnderTest,
        _ script: inout Script,
        _ what: String
    ) throws {
        try expectEqual(sqlite.totals, model.totals, "totals, \(what)")
        try expectEqual(try sqlite.functions(), try model.functions(), "functions, \(what)")
        try expectEqual(try sqlite.routes(), try model.routes(), "routes, \(what)")
        try expectEqual(try sqlite.nextDue(), try model.nextDue(), "next due, \(what)")
        try expectEqual(try sqlite.nextDue(after: script.now), try model.nextDue(after: script.now), "later due")
        let aged = ExpiringQuery.aged(
            behind: 0,
            [
                FunctionKey(1): AgeLimit(agedFrom: script.now.advanced(by: .seconds(-90)), attemptedSince: nil),
                FunctionKey(2): AgeLimit(
                    agedFrom: script.now.advanced(by: .seconds(-60)),
                    attemptedSince: script.now.advanced(by: .seconds(-30))
                ),
            ],
            ahead: script.now
        )
        for query in [.passed(behind: nil, until: script.now), aged] {
            let pages = (try sqlite.expiring(query, limit: 3), try model.expiring(query, limit: 3))
            try expectEqual(pages.0, pages.1, "expiring, \(what)")
        }
        try expectEqual(Set(try sqlite.cutOffs()), Set(try model.cutOffs()), "cut-offs, \(what)")
        let place = DuePlace(dueAt: script.now, sequence: 0)
        let retries = (try sqlite.retries(behind: place, limit: 4), try model.retries(behind: place, limit: 4))
        try expectEqual(retries.0, retries.1, "retries, \(what)")
        for _ in 0..<3 {
            let request = script.claim()
            let pages = (try sqlite.claim(request), try model.claim(request))
            try expectEqual(pages.0.events.map(Plain.init), pages.1.events.map(Plain.init), "\(request), \(what)")
            try expectEqual(pages.0.throughSequence, pages.1.throughSequence, "through of \(request), \(what)")
            try expectEqual(pages.0.throughDue, pages.1.throughDue, "through of \(request), \(what)")
            try expectEqual(pages.0.skipped, pages.1.skipped, "skipped of \(request), \(what)")
            try expectEqual(pages.0.exhausted, pages.1.exhausted, "exhausted of \(request), \(what)")
        }
        let filter = script.filter()
        let queued = (
            try sqlite.queued(filter, after: script.place(), limit: 4),
            try model.queued(filter, after: script.last, limit: 4)
        )
        try expectEqual(queued.0.map(Plain.init), queued.1.map(Plain.init), "queued, \(what)")
        let dead = (
            try sqlite.deadLetters(filter, after: nil, limit: 4), try model.deadLetters(filter, after: nil, limit: 4)
        )
        try expectEqual(dead.0.map(Plain.init), dead.1.map(Plain.init), "dead letters, \(what)")
    }

    private func compareEvents(
        _ model: any StoreUnderTest,
        _ sqlite: any StoreUnderTest,
        _ ids: Script.Ids
    ) throws {
        for (one, other) in zip(ids.sqlite, ids.model) {
            let details = (try sqlite.event(one).map(Plain.init), try model.event(other).map(Plain.init))
            try expectEqual(details.0, details.1, "event \(one.sequence)")
            try expectEqual(try sqlite.payload(one), try model.payload(other), "payload \(one.sequence)")
        }
    }
}

/// An event without what differs from store to store: the end of its id.
private struct Plain<Value: Hashable>: Hashable {
    var value: Value
}

extension Plain where Value == QueuedEvent {
    init(_ event: QueuedEvent) {
        value = event
        value.id.low &= ~0xFFFF_FFFF
    }
}

extension Plain where Value == EventDetail {
    init(_ detail: EventDetail) {
        value = detail
        value.id.low &= ~0xFFFF_FFFF
    }
}
