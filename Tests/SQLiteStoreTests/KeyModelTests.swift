import Foundation
import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

/// Segments of a few entries, so that in a short time all that ever happens to them does: whatever a dictionary answers,
/// the store must.
@Suite("Idempotency keys")
struct KeyModelTests {
    static let small: KeyOptions = {
        var options = KeyOptions()
        options.capacityMin = 3
        options.capacityMax = 40
        options.ageMin = .milliseconds(1)
        options.sliceMin = 8
        return options
    }()

    static func open(_ path: String, _ options: KeyOptions = small) throws(StoreError) -> SQLiteStore {
        var random = SeededGenerator(seed: 5)
        let options = SQLiteStoreOptions(path: path, bootID: "boot-1", keys: options)
        return try SQLiteStore.open(options, now: startOfTest, hash: testHash, using: &random)
    }

    /// What happened over all seeds: a run in which something never happens shows nothing of it.
    private struct Happened {
        var repeats = 0
        var indexed = 0
        var forgotten = 0
        var held = 0
        var refused = 0
        var reopened = 0
    }

    @Test func `answer as a dictionary does, whatever happens to their segments (P4)`() throws {
        var happened = Happened()
        for seed in 0..<60 as Range<UInt64> {
            do {
                try run(seed, steps: 150, &happened)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        #expect(happened.repeats > 100 && happened.indexed > 100, "\(happened)")
        #expect(happened.forgotten > 100 && happened.held > 50, "\(happened)")
        #expect(happened.refused > 50 && happened.reopened > 50, "\(happened)")
    }

    private func run(_ seed: UInt64, steps: Int, _ happened: inout Happened) throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let path = folder.file("queue.db")
        var store = try Self.open(path)
        var model = ModelStore()
        var script = KeyScript(seed: seed)
        for step in 0..<steps {
            let commands = script.commands()
            if script.chance(4) {
                // What a full disk refuses is as if it had never been.
                try store.limitPages(to: 1)
                let large = StoreCommand.accept(StoreBench.event(payload: String(repeating: "1", count: 3_000_000)))
                guard case .full = failure(&store, commands.map(\.sqlite) + [large], script.now) else {
                    throw StoreError.failed("step \(step): the commit found room")
                }
                try store.limitPages(to: 1 << 30)
                happened.refused += 1
            }
            let segments = store.keys.segments.map(\.number)
            let held = store.keys.segments.filter { $0.lane == KeyLane.held }.reduce(0) { $0 + $1.count }
            let replies = try store.commit(commands.map(\.sqlite), now: script.now)
            let expected = try model.commit(commands.map(\.model), now: script.now)
            for (index, pair) in zip(replies, expected).enumerated() {
                try expectEqual(pair.0.short, pair.1.short, "step \(step): \(commands[index].sqlite)")
                if case .repeated = pair.0 { happened.repeats += 1 }
                if case (.accepted(let one), .accepted(let other)) = pair { script.learn(one.id, other.id) }
            }
            happened.indexed += store.keys.segments.contains { $0.state == .indexed } ? 1 : 0
            happened.forgotten += segments.count { number in !store.keys.segments.contains { $0.number == number } }
            let heldNow = store.keys.segments.filter { $0.lane == KeyLane.held }.reduce(0) { $0 + $1.count }
            happened.held += max(0, heldNow - held)
            for event in script.questions() {
                let pair = (
                    try store.lookUpRepeat(of: event, now: script.now),
                    try model.lookUpRepeat(of: event, now: script.now)
                )
                try expectEqual(pair.0?.short, pair.1?.short, "step \(step): \(event.dedupe!.text)")
            }
            if script.chance(5) {
                try store.close(clean: script.chance(50))
                let found = try Verification.of(
                    path,
                    bootID: "boot-1",
                    quick: true,
                    hash: { StoreBench.digest(UInt64($0.count)) }
                )
                try expectEqual(found.counters, [], "step \(step): verification")
                store = try Self.open(path)
                happened.reopened += 1
            }
        }
        try store.close(clean: true)
    }
}

private func failure(_ store: inout SQLiteStore, _ commands: [StoreCommand], _ now: WallTime) -> StoreError? {
    do throws(StoreError) {
        _ = try store.commit(commands, now: now)
        return nil
    } catch {
        return error
    }
}

/// Random commands that have to do with keys, the same for the same seed.
private struct KeyScript {
    struct Command {
        var sqlite: StoreCommand
        var model: StoreCommand
    }

    private(set) var now = startOfTest
    private var ids: [(sqlite: EventID, model: EventID)] = []
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed &* 77 &+ 1)
    }

    mutating func learn(_ sqlite: EventID, _ model: EventID) {
        ids.append((sqlite, model))
    }

    mutating func chance(_ percent: Int) -> Bool { pick(100) < percent }

    private mutating func pick(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    private static let windows: [Span] = [.zero, .seconds(1), .seconds(20), .minutes(5), .hours(5), .days(9)]

    private mutating func event() -> NewEvent {
        let kinds: [DedupeKey.Kind] = [.idempotencyKey, .idempotencyKey, .sdkInvocation]
        let key = StoreBench.key(
            "k\(pick(chance(50) ? 12 : 400))",
            kinds[pick(3)],
            content: UInt64(pick(5) == 0 ? 2 : 1),
            window: Self.windows[pick(Self.windows.count)]
        )
        return StoreBench.event(producer: ["uid:1", "uid:2"][pick(2)], key: chance(90) ? key : nil)
    }

    mutating func questions() -> [NewEvent] {
        (0..<4).map { _ in event() }.filter { $0.dedupe != nil }
    }

    mutating func commands() -> [Command] {
        let steps: [Int64] = [0, 10, 1_000, 10_000, 100_000]
        now = now.advanced(by: .milliseconds(chance(3) ? 86_400_000 * 2 : steps[pick(steps.count)]))
        return (0...pick(chance(10) ? 60 : 6)).map { _ in command() }
    }

    private mutating func command() -> Command {
        let choice = pick(20)
        guard choice >= 11, !ids.isEmpty else {
            let event = event()
            return Command(sqlite: .accept(event), model: .accept(event))
        }
        // Mostly the latest: they are what is still queued.
        let (sqlite, model) = ids[max(0, ids.count - 1 - pick(chance(70) ? 20 : ids.count))]
        switch choice {
        case 11..<16:
            let dies = chance(20)
            let resolution = Resolution(
                sequence: sqlite.sequence,
                attempt: dies ? StoreBench.failure(at: now) : StoreBench.handOver(at: now),
                fate: dies ? .dead(.rejected, reason: "refused") : .handedOver,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            return Command(sqlite: .resolve(resolution), model: .resolve(resolution))
        case 16: return Command(sqlite: .cancel([sqlite]), model: .cancel([model]))
        case 17: return Command(sqlite: .purge(.ids([sqlite]), limit: 1), model: .purge(.ids([model]), limit: 1))
        case 18: return Command(sqlite: .redrive(.ids([sqlite]), limit: 1), model: .redrive(.ids([model]), limit: 1))
        default:
            let trim = StoreCommand.trim(historyBefore: startOfTest, historyMax: .max, limit: 100)
            return Command(sqlite: trim, model: trim)
        }
    }
}
