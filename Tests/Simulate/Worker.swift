import Foundation
import OutboxCore
import Simulation

/// What a worker says, one line of JSON each.
struct WorkerLine: Codable {
    /// A seed has begun.
    var begun: UInt64?
    var seed: UInt64?
    var steps: Int?
    /// Virtual seconds.
    var seconds: Double?
    var violation: Failure?
    /// Run again, it had the same fingerprint; true where it was run once.
    var isRepeated: Bool?
    /// Of all its seeds, at the end.
    var counts: [String: Int]?
    var fingerprint: UInt64?

    struct Failure: Codable {
        var check: String
        var step: Int
        var seconds: Double
        var expected: String
        var found: String

        init(_ violation: Violation) {
            check = violation.check
            step = violation.step
            seconds = Double(violation.at.milliseconds) / 1000
            expected = violation.expected
            found = violation.found
        }
    }
}

/// Runs seeds, one after the other, and tells of each.
struct Worker {
    let options: Options
    let index: Int

    func run() throws {
        let start = ContinuousClock.now
        // All do all of them where each runs twice.
        let count = options.isTwice ? 1 : UInt64(options.workers ?? 1)
        var seed = options.seed ?? options.from + (options.isTwice ? 0 : UInt64(index))
        var occurrences = Occurrences()
        while isWanted(seed, since: start) {
            try say(WorkerLine(begun: seed))
            let result = try result(seed)
            let isRepeated = try !options.isTwice || index > 0 || self.result(seed).fingerprint == result.fingerprint
            occurrences.merge(result.occurrences)
            try say(
                WorkerLine(
                    seed: seed,
                    steps: result.steps,
                    seconds: Double(result.span.milliseconds) / 1000,
                    violation: result.violation.map(WorkerLine.Failure.init),
                    isRepeated: isRepeated,
                    fingerprint: result.fingerprint
                )
            )
            if options.seed != nil { break }
            seed += count
        }
        if options.planted != nil, wasPlantedReached { occurrences.add("planted bug come to") }
        try say(WorkerLine(counts: occurrences.counts))
    }

    private func isWanted(_ seed: UInt64, since start: ContinuousClock.Instant) -> Bool {
        if options.seed != nil { return true }
        if let seeds = options.seeds { return seed < options.from + seeds }
        return start.duration(to: .now) < .seconds((options.hours ?? 0) * 3600)
    }

    private func result(_ seed: UInt64) throws -> RunResult {
        var trace: ((String) -> Void)?
        if options.seed != nil, !options.isQuiet {
            trace = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        }
        switch options.store {
        case .model: return try SeededRun(seed: seed, backing: Backings.model(), trace: trace).run()
        case .fault:
            let backing = try FaultyDiskBacking(seed: seed, syncsCommits: !options.isUnsynced)
            return try backing.run(seed: seed, trace: trace)
        case .sqlite: return try SeededRun(seed: seed, backing: Backings.sqlite(seed: seed), trace: trace).run()
        }
    }

    private func say(_ line: WorkerLine) throws {
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(line) + Data("\n".utf8))
    }
}
