import OutboxCore
import SQLiteStore
import TestSupport
import Testing

/// What it costs to read a function's waiting events while others wait that can't be used (P6): counted, not timed.
@Suite("The cost of a refill")
struct RefillCostTests {
    private struct OneRoute: DispatchDirectory {
        var routeNames = ["test"]
        func policy(for function: FunctionIdentity) -> FunctionPolicy {
            var policy = FunctionPolicy()
            policy.drainRate = nil
            return policy
        }
        func route(for function: FunctionIdentity) -> RouteKey { RouteKey(0) }
    }

    /// The store and the dispatcher, without threads: events are handed over as soon as they are started.
    private struct Bench: ~Copyable {
        var store: SQLiteStore
        var dispatcher: Dispatcher
        /// Pages of the database that each claim looked at.
        var pages: [Int] = []
        var delivered: [String: Int] = [:]
        let folder: TemporaryDirectory
        private let now = Moment(wall: startOfTest, monotonic: MonotonicTime(nanoseconds: 1_000_000_000))

        init() throws {
            let folder = try TemporaryDirectory()
            let store = try openStore(folder.file("queue.db"))
            self.folder = folder
            self.store = store
            dispatcher = Dispatcher(limits: DispatchLimits(), directory: OneRoute(), lastSequence: 0, nextDue: nil)
        }

        mutating func accept(_ names: [String]) throws {
            for start in stride(from: 0, to: names.count, by: 500) {
                let part = names[start..<min(start + 500, names.count)]
                let replies = try store.commit(part.map { .accept(StoreBench.event($0)) }, now: startOfTest)
                let events = replies.compactMap { if case .accepted(let event) = $0 { event } else { nil } }
                dispatcher.accepted(events, lastSequence: store.totals.lastSequence)
            }
        }

        /// Until nothing is started and nothing read any more.
        mutating func run() throws {
            var random = SeededGenerator(seed: 3)
            while true {
                let action = dispatcher.wake(now: now, clockTrusted: true)
                var outcomes: [StoreCommand] = []
                for start in action.starts {
                    delivered[start.event.function.name, default: 0] += 1
                    let answer = AttemptOutcome.answered(Answer(status: 202, requestID: "r"))
                    let ended = AttemptCompletion(
                        sequence: start.event.sequence,
                        outcome: answer,
                        duration: .milliseconds(5)
                    )
                    let done = dispatcher.completed(ended, now: now, clockTrusted: true, using: &random)
                    outcomes.append(.resolve(done.resolution))
                }
                if !outcomes.isEmpty { _ = try store.commit(outcomes, now: startOfTest) }
                dispatcher.committed(action.starts.map(\.event.sequence))
                let request = dispatcher.nextClaim(now: now)
                if let request {
                    let before = store.pageLookUps
                    let page = try store.claim(request)
                    pages.append(store.pageLookUps - before)
                    dispatcher.claimed(page, nextDue: nil)
                }
                if action.starts.isEmpty, request == nil { return }
            }
        }

        mutating func pause(_ patterns: String...) {
            let rules = patterns.map { PauseRule(pattern: GlobPattern($0), reason: nil, since: startOfTest) }
            dispatcher.paused(by: rules, now: now)
        }
    }

    /// Pages of each refill for 3,000 events of `b`, with so many of `a` stopped before them.
    private func refills(stopped: Int, among: Bool) throws -> [Int] {
        var bench = try Bench()
        bench.pause("a")
        // Among those of b, which leave: what remains lies in front of the next ones.
        let mixed = (0..<stopped).flatMap { _ in among ? ["a", "b"] : ["a"] }
        try bench.accept(mixed)
        try bench.run()
        #expect(bench.delivered["b"] ?? 0 == (among ? stopped : 0))
        bench.pause("a", "b")
        try bench.accept(Array(repeating: "b", count: 3000))
        try bench.run()
        bench.pages = []
        bench.delivered = [:]
        bench.pause("a")
        try bench.run()
        #expect(bench.delivered == ["b": 3000])
        return bench.pages
    }

    @Test(arguments: [false, true])
    func `a function's refills look at as many pages with another one stopped before it as without (P6)`(
        among: Bool
    ) throws {
        let alone = try refills(stopped: 0, among: false)
        let beside = try refills(stopped: 20_000, among: among)
        #expect(beside.count == alone.count)
        // A larger file has a deeper tree: one page more on the way down to each event, and no page beyond that.
        let (fewest, most) = (alone.reduce(0, +), beside.reduce(0, +))
        #expect(most <= fewest + 3000 + 100, "\(most) pages instead of \(fewest)")
    }

    @Test func `many functions whose rows lie among each other are read in one walk (P6)`() throws {
        var bench = try Bench()
        bench.pause("*")
        let (functions, each) = (1000, 10)
        try bench.accept((0..<functions * each).map { "f\($0 % functions)" })
        try bench.run()
        bench.pages = []
        bench.pause()
        try bench.run()
        #expect(bench.delivered.count == functions && bench.delivered.values.allSatisfy { $0 == each })
        // A few pages on the way down to each event; a walk for each function would look at a hundred.
        let total = bench.pages.reduce(0, +)
        #expect(total < 6 * functions * each, "\(total) page look-ups for \(functions * each) events")
        #expect(bench.pages.count < 100, "\(bench.pages.count) claims")
    }
}
