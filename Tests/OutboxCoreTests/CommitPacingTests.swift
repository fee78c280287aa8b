import Foundation
import OutboxCore
import Testing

/// Waiting for the producers that were just answered, on a model of them; times in milliseconds.
struct CommitPacingTests {
    /// Producers that each send their next event some time after an answer, or events that come whatever happens.
    struct Model: Sendable {
        var producers = 0
        /// Each answer takes the machine so long, one after the other, and then its producer so long, in the mean.
        var answering = 0.005
        var thinking = 0.03
        /// Events a millisecond that wait for nothing.
        var openRate = 0.0
        var sync: Double

        struct Result {
            var rate: Double
            var waits: [Double]

            var mean: Double { waits.reduce(0, +) / Double(waits.count) }
            var p99: Double { waits.sorted()[waits.count * 99 / 100] }
        }

        func run(isPaced: Bool, commits: Int = 6_000) -> Result {
            var random = SplitMix(state: 42)
            var pacing = CommitPacing()
            var arrivals = (0..<producers).map { _ in random.fraction() * sync }.sorted()
            var waits: [Double] = []
            var nextOpen = 0.0
            var now = 0.0
            func come() {
                guard openRate > 0 else { return }
                while nextOpen < now + sync * 4 || arrivals.isEmpty {
                    arrivals.append(nextOpen)
                    nextOpen -= log(1 - random.fraction()) / openRate
                }
                arrivals.sort()
            }
            for _ in 0..<commits {
                come()
                if arrivals[0] > now { now = arrivals[0] + 0.02 }
                let batch = arrivals.filter { $0 <= now }
                arrivals.removeFirst(batch.count)
                let began = now
                now += sync * (0.95 + 0.1 * random.fraction()) + 0.003 * Double(batch.count)
                come()
                let waiting = arrivals.count { $0 <= now }
                pacing.committed(
                    events: batch.count,
                    waiting: waiting,
                    from: Int64(began * 1e6),
                    to: Int64(now * 1e6)
                )
                waits += batch.map { now - $0 }
                if openRate == 0 {
                    for place in 1...batch.count {
                        let thought = thinking * log(1 - random.fraction())
                        arrivals.append(now + answering * Double(place) - thought)
                    }
                    arrivals.sort()
                }
                if isPaced, let chance = pacing.chance() {
                    let deadline = now + Double(chance.nanoseconds) / 1e6
                    let enough = arrivals.count >= chance.events ? arrivals[chance.events - 1] : .infinity
                    now = max(now, min(deadline, enough))
                }
            }
            return Result(rate: Double(waits.count) / now, waits: waits)
        }
    }

    private struct SplitMix {
        var state: UInt64

        mutating func fraction() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
        }
    }

    @Test(arguments: [(2, 1.0), (16, 1.0), (64, 1.0), (2, 5.0), (16, 5.0), (64, 5.0)])
    func `producers that wait for each answer get more of them, sooner, where a sync is slow`(
        _ producers: Int,
        _ sync: Double
    ) {
        let model = Model(producers: producers, sync: sync)
        let (without, with) = (model.run(isPaced: false), model.run(isPaced: true))
        #expect(with.rate > without.rate * 1.3)
        #expect(with.mean < without.mean * 0.8)
        #expect(with.p99 < without.p99 * 1.05)
    }

    @Test(arguments: [0.15, 1, 5])
    func `one producer waits no longer`(_ sync: Double) {
        let model = Model(producers: 1, sync: sync)
        #expect(model.run(isPaced: true).waits == model.run(isPaced: false).waits)
    }

    @Test(arguments: [1, 16, 64])
    func `nothing changes where a sync is quick`(_ producers: Int) {
        let model = Model(producers: producers, sync: 0.15)
        #expect(model.run(isPaced: true).waits == model.run(isPaced: false).waits)
    }

    @Test(arguments: [0.2, 1, 5, 20], [1.0, 5.0])
    func `events that wait for no answer aren't put off for it`(_ rate: Double, _ sync: Double) {
        let model = Model(openRate: rate, sync: sync)
        let (without, with) = (model.run(isPaced: false), model.run(isPaced: true))
        #expect(with.mean < without.mean * 1.02)
        #expect(with.p99 < without.p99 * 1.08)
    }

    @Test(arguments: [2, 16, 64, 256], [0.5, 1.0, 5.0])
    func `where producers come back late or unevenly it costs next to nothing`(_ producers: Int, _ sync: Double) {
        let model = Model(producers: producers, answering: 0.02, thinking: 0.2, sync: sync)
        #expect(model.run(isPaced: true).rate > model.run(isPaced: false).rate * 0.97)
    }

    @Test func `it waits for as many as there were, and half a commit at most`() {
        var pacing = CommitPacing()
        var chances: Set<CommitPacing.Chance> = []
        var now: Int64 = 0
        for _ in 0..<200 {
            pacing.committed(events: 3, waiting: 2, from: now, to: now + 1_000_000)
            if let chance = pacing.chance() { chances.insert(chance) }
            now += 1_000_000
        }
        #expect(chances == [CommitPacing.Chance(events: 5, nanoseconds: 500_000)])
    }

    @Test(arguments: [1, 60, 28_800])
    func `a commit that stood still for seconds makes nobody wait longer than a slow one does`(_ seconds: Int64) {
        var pacing = CommitPacing()
        var longest: Int64 = 0
        var now: Int64 = 0
        for round in 0..<200 {
            let took = round == 190 ? seconds * 1_000_000_000 : 1_000_000
            pacing.committed(events: 3, waiting: 2, from: now, to: now + took)
            if let chance = pacing.chance() { longest = max(longest, chance.nanoseconds) }
            now += took
        }
        #expect((500_001...CommitPacing.commitMax / 2).contains(longest))
    }

    @Test func `it waits once, and for nobody behind a commit without new events`() {
        var pacing = CommitPacing()
        for round in Int64(0)..<Int64(CommitPacing.restMin + CommitPacing.trial) {
            pacing.committed(events: 1, waiting: 1, from: round, to: round + 1_000_000)
        }
        #expect(pacing.chance() != nil)
        #expect(pacing.chance() == nil)
        pacing.committed(events: 0, waiting: 4, from: 0, to: 1_000_000)
        #expect(pacing.chance() == nil)
    }
}
