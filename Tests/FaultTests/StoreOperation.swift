import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// One thing that is done with an open store.
struct StoreOperation: Sendable, CustomTestStringConvertible {
    let name: String
    /// Changes the queue, in one transaction.
    let isCommit: Bool
    /// Returns the answer, in short.
    let run: @Sendable (inout SQLiteStore, FullQueue) throws(StoreError) -> String

    var testDescription: String { name }

    private static func commit(
        _ name: String,
        _ commands: @escaping @Sendable (FullQueue) -> [StoreCommand]
    ) -> StoreOperation {
        StoreOperation(name: name, isCommit: true) { (store, queue) throws(StoreError) in
            try store.commit(commands(queue), now: FullQueue.now).map(\.short).joined(separator: ", ")
        }
    }

    private static func question<Answer>(
        _ name: String,
        _ ask: @escaping @Sendable (inout SQLiteStore, FullQueue) throws(StoreError) -> Answer
    ) -> StoreOperation {
        StoreOperation(name: name, isCommit: false) { (store, queue) throws(StoreError) in
            "\(try ask(&store, queue))"
        }
    }

    static let all = commits + questions + upkeep

    private static let commits: [StoreOperation] = [
        commit("accept") { _ in [.accept(StoreBench.event("b", payload: String(repeating: "z", count: 5_000)))] },
        commit("accept with new names") { _ in
            let key = StoreBench.key("new")
            return [.accept(StoreBench.event("c", producer: "uid:9", key: key)), .accept(StoreBench.event("d"))]
        },
        commit("accept repeats") { _ in
            [
                .accept(StoreBench.event("b", key: StoreBench.key("fresh"))),
                .accept(StoreBench.event("b", key: StoreBench.key("dead", content: 2))),
            ]
        },
        commit("accept with a key that has passed") { _ in
            [.accept(StoreBench.event("a", key: StoreBench.key("handed over")))]
        },
        commit("hand over") { _ in [2, 8, 13].map { FullQueue.resolve($0, .handedOver) } },
        commit("wait") { _ in
            [2, 8].map { FullQueue.resolve($0, .waits(dueAt: FullQueue.now.advanced(by: .seconds(5)))) }
        },
        commit("die") { _ in [2, 13].map { FullQueue.resolve($0, .dead(.exhausted, reason: "enough")) } },
        commit("bury") { _ in [.bury(sequence: 2, .expired, reason: "too old")] },
        commit("mark uncertain") { queue in [.markUncertain(queue.ids)] },
        commit("redrive by id") { queue in [.redrive(.ids(queue.ids), limit: 9, keepExpiry: true)] },
        commit("redrive by function") { _ in [.redrive(.function(GlobPattern("b")), limit: 9)] },
        commit("redrive by condition") { _ in [.redrive(.matching(EventFilter(condition: .rejected)), limit: 2)] },
        commit("purge") { _ in [.purge(.all, limit: 9)] },
        commit("purge by function") { _ in [.purge(.function(GlobPattern("a")), limit: 9)] },
        commit("save states") { queue in
            let up = SavedState(reason: "slow", since: FullQueue.now, failedProbes: 1)
            return [
                .saveFunctionState(queue.functions[0], nil), .saveFunctionState(queue.functions[1], up),
                .saveRouteState("r1", nil), .saveRouteState("r2", up), .saveClock(FullQueue.clock),
            ]
        },
        commit("begin") { _ in [.begin(FullQueue.clock)] },
        commit("pause") { _ in [.pause(PauseRule(pattern: GlobPattern("c"), reason: "later", since: FullQueue.now))] },
        commit("resume") { _ in [.resume(GlobPattern("*"))] },
        commit("cancel") { queue in [.cancel(queue.ids)] },
        commit("send now") { queue in [.sendNow(queue.ids, force: true)] },
        commit("bring forward") { _ in [.bringForward([2, 9, 10])] },
        commit("trim") { _ in [.trim(historyBefore: FullQueue.now, historyMax: 0, limit: 100)] },
        commit("forget functions") { _ in
            [
                .trim(historyBefore: FullQueue.now, historyMax: 0, limit: 100),
                .forgetFunctions(troubleBefore: FullQueue.now, limit: 100),
            ]
        },
    ]

    private static let questions: [StoreOperation] = [
        question("claim fresh") { (store, _) throws(StoreError) in
            let lane = ClaimRequest.Lane.fresh(after: 0, through: .max, only: nil)
            return try store.claim(ClaimRequest(lane: lane, eventsMax: 99)).events
        },
        question("claim fresh of one") { (store, queue) throws(StoreError) in
            let lane = ClaimRequest.Lane.fresh(after: 0, through: .max, only: [queue.functions[1]: 9])
            return try store.claim(ClaimRequest(lane: lane, eventsMax: 99)).events
        },
        question("claim due") { (store, queue) throws(StoreError) in
            let lane = ClaimRequest.Lane.due(after: nil, until: FullQueue.now, only: nil)
            return try store.claim(ClaimRequest(lane: lane, eventsMax: 99)).events
        },
        question("next due") { (store, _) throws(StoreError) in "\(try store.nextDue() as Any)" },
        question("expiring by time") { (store, _) throws(StoreError) in
            try store.expiring(.passed(behind: nil, until: FullQueue.now), limit: 99)
        },
        question("expiring by age") { (store, queue) throws(StoreError) in
            let limit = AgeLimit(agedFrom: FullQueue.now, attemptedSince: FullQueue.start.advanced(by: .hours(-1)))
            let limits = Dictionary(uniqueKeysWithValues: queue.functions.map { ($0, limit) })
            let page = try store.expiring(.aged(behind: 0, limits, ahead: FullQueue.now), limit: 99)
            return page.rows
        },
        question("retries") { (store, _) throws(StoreError) in
            try store.retries(behind: DuePlace(dueAt: FullQueue.start, sequence: 0), limit: 99)
        },
        question("look up a repeat") { (store, _) throws(StoreError) in
            let event = StoreBench.event("b", key: StoreBench.key("dead"))
            return try store.lookUpRepeat(of: event, now: FullQueue.now).map(\.short) ?? "none"
        },
        question("an event") { (store, queue) throws(StoreError) in "\(try store.queued(queue.ids[7]) as Any)" },
        question("routes") { (store, _) throws(StoreError) in try store.routes() },
        question("pauses") { (store, _) throws(StoreError) in try store.pauses() },
        question("cut-offs") { (store, _) throws(StoreError) in try store.cutOffs() },
        question("clock") { (store, _) throws(StoreError) in "\(try store.clockRecord() as Any)" },
    ]

    /// What a check finds where a read fails is damage, too.
    private static func sound(_ problems: [String]) throws(StoreError) -> String {
        if let first = problems.first { throw .damaged(first) }
        return "sound"
    }

    private static let upkeep: [StoreOperation] = [
        question("size") { (store, _) throws(StoreError) in try store.size() },
        question("quick check") { (store, _) throws(StoreError) in try sound(try store.quickCheck()) },
        question("integrity check") { (store, _) throws(StoreError) in try sound(try store.integrityCheck()) },
        question("checkpoint") { (store, _) throws(StoreError) in try store.checkpoint() },
        question("give back space") { (store, _) throws(StoreError) in _ = try store.giveBackSpace(pages: 10) { true }
        },
        question("limit pages") { (store, _) throws(StoreError) in try store.limitPages(to: 1_000) },
        question("copy") { (store, _) throws(StoreError) in
            let path = try store.beginCopy()
            while !(try store.copy(pages: 5).isDone) {}
            store.endCopy()
            return path.isEmpty
        },
    ]
}
