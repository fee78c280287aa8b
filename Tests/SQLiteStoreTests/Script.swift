import OutboxCore
import TestSupport

/// Random commands and questions, the same for the same seed.
struct Script {
    /// The ids that each store gave, in the order of their sequence numbers.
    typealias Ids = (model: [EventID], sqlite: [EventID])

    private(set) var now = WallTime(milliseconds: 1_700_000_000_000)
    private(set) var ids: Ids = ([], [])
    /// The place that `place` gave last.
    private(set) var last: Int64?
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed &+ 1)
    }

    /// A command before the ids of a store are put into it.
    enum Draft {
        case fixed(StoreCommand)
        case markUncertain([Int])
        case redrive([Int], Int)
        case purge([Int], Int)
        case cancel([Int])
        case sendNow([Int])
    }

    mutating func learn(_ new: Ids) {
        ids.model += new.model
        ids.sqlite += new.sqlite
    }

    mutating func chance(_ percent: Int) -> Bool {
        pick(100) < percent
    }

    private mutating func pick(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &random)
    }

    mutating func commands() -> [Draft] {
        now = now.advanced(by: .milliseconds(Int64(pick(40_000))))
        return (0...pick(6)).map { _ in draft() }
    }

    func command(_ draft: Draft, _ store: KeyPath<Ids, [EventID]>) -> StoreCommand {
        let own = ids[keyPath: store]
        return switch draft {
        case .fixed(let command): command
        case .markUncertain(let which): .markUncertain(which.map { own[$0] })
        case .redrive(let which, let limit): .redrive(.ids(which.map { own[$0] }), limit: limit)
        case .purge(let which, let limit): .purge(.ids(which.map { own[$0] }), limit: limit)
        case .cancel(let which): .cancel(which.map { own[$0] })
        case .sendNow(let which): .sendNow(which.map { own[$0] }, force: false)
        }
    }

    private mutating func draft() -> Draft {
        switch pick(24) {
        case 0..<8: return .fixed(.accept(event()))
        case 8..<13: return .fixed(.resolve(resolution()))
        case 13: return .fixed(.bury(sequence: sequence(), .expired, reason: "too old"))
        case 14: return .markUncertain(some())
        case 15: return chance(50) ? .redrive(some(), pick(4)) : .fixed(.redrive(selection(), limit: pick(4)))
        case 16: return chance(50) ? .purge(some(), pick(3)) : .fixed(.purge(selection(), limit: pick(3)))
        case 17: return .fixed(.saveFunctionState(FunctionKey(Int64(pick(5))), state()))
        case 18: return .fixed(.saveRouteState(["r1", "r2"][pick(2)], state()))
        case 19: return .cancel(some())
        case 20: return .sendNow(some())
        case 21: return .fixed(.bringForward([sequence(), sequence()]))
        case 22:
            let pattern = GlobPattern(["a", "a*", "*"][pick(3)])
            return .fixed(chance(50) ? .resume(pattern) : .pause(PauseRule(pattern: pattern, since: now)))
        default:
            let before = now.advanced(by: .milliseconds(-Int64(pick(200_000))))
            if chance(30) { return .fixed(.forgetFunctions(troubleBefore: before, limit: 1_000)) }
            // Keys that expire together have no order among them: take all.
            return .fixed(.trim(historyBefore: before, historyMax: pick(2) == 0 ? .max : pick(8), limit: 1_000))
        }
    }

    private mutating func event() -> NewEvent {
        var event = StoreBench.event(
            ["a", "b", "ab"][pick(3)],
            payload: String(repeating: "7", count: pick(40)),
            producer: ["uid:1", "uid:2"][pick(2)]
        )
        if chance(20) { event.deliverAt = now.advanced(by: .milliseconds(Int64(pick(120_000)) - 20_000)) }
        if chance(20) { event.expiresAt = now.advanced(by: .milliseconds(Int64(pick(200_000)))) }
        if chance(10) { event.headers.tenantID = "t" }
        if chance(60) {
            let kind = DedupeKey.Kind(rawValue: pick(4) + 1)!
            event.dedupe = StoreBench.key(
                "k\(pick(4))",
                kind,
                content: UInt64(pick(2)),
                window: .milliseconds(Int64(pick(100_000)))
            )
        }
        return event
    }

    private mutating func resolution() -> Resolution {
        let fates: [Resolution.Fate] = [
            .handedOver, .handedOver, .waits(dueAt: nil), .waits(dueAt: now.advanced(by: .seconds(Int64(pick(90))))),
            .dead(.rejected, reason: "refused"), .dead(.exhausted, reason: "enough"),
        ]
        let fate = fates[pick(fates.count)]
        let isHandOver = fate == .handedOver
        return Resolution(
            sequence: sequence(),
            attempt: isHandOver
                ? StoreBench.handOver(at: now) : StoreBench.failure(at: now, code: chance(70) ? "E" : "E\(pick(9))"),
            fate: fate,
            chargedAttempts: pick(5),
            unknownAttempts: pick(2),
            routeFailures: pick(3),
            uncertain: chance(10)
        )
    }

    private mutating func sequence() -> Int64 {
        Int64(pick(ids.model.count + 2))
    }

    private mutating func some() -> [Int] {
        ids.model.isEmpty ? [] : (0...pick(4)).map { _ in pick(ids.model.count) }
    }

    private mutating func selection() -> DeadLetterSelection {
        if chance(30) { return .matching(filter()) }
        return chance(50) ? .all : .function(GlobPattern(["a", "a*", "*b", "nobody"][pick(4)]))
    }

    private mutating func state() -> SavedState? {
        chance(30) ? nil : SavedState(reason: "down", since: now, failedProbes: pick(9))
    }

    mutating func claim() -> ClaimRequest {
        let only = chance(20) ? FunctionKey(Int64(pick(4))) : nil
        let place = DuePlace(dueAt: now.advanced(by: .milliseconds(-Int64(pick(60_000)))), sequence: Int64(pick(9)))
        let lane: ClaimRequest.Lane =
            chance(50)
            ? .fresh(after: Int64(pick(6)), through: chance(50) ? .max : Int64(pick(30)), only: quotas())
            : .due(after: chance(50) ? nil : place, until: now, only: only)
        return ClaimRequest(
            lane: lane,
            skip: chance(40) ? [FunctionKey(Int64(pick(4)))] : [],
            held: chance(40) ? Set((0..<3).map { _ in Int64(pick(20)) }) : [],
            eventsMax: chance(50) ? 1_000 : pick(4),
            bytesMax: chance(50) ? .max : pick(80),
            scannedMax: chance(70) ? .max : pick(10),
            perFunctionMax: chance(70) ? .max : pick(3)
        )
    }

    private mutating func quotas() -> [FunctionKey: Int]? {
        if chance(70) { return nil }
        return Dictionary((0...pick(2)).map { _ in (FunctionKey(Int64(pick(4))), pick(6)) }) { first, _ in first }
    }

    mutating func filter() -> EventFilter {
        EventFilter(
            function: chance(50) ? nil : GlobPattern(["a", "a*", "*b", "nobody"][pick(4)]),
            condition: chance(70) ? nil : [.rejected, .expired][pick(2)]
        )
    }

    mutating func place() -> Int64? {
        last = chance(50) ? nil : Int64(pick(10))
        return last
    }
}
