import Foundation
import Simulation

// Runs the simulation from seeds: see `Options.usage`, and docs/TESTING.md.

func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Runs workers, prints what came of them; the exit status.
func simulate(_ options: Options) throws -> Int32 {
    let start = ContinuousClock.now
    let crew = Crew(options: options)
    try crew.run(Array(CommandLine.arguments.dropFirst()))
    let seconds = Double((start.duration(to: .now)).components.seconds) + 0.001
    for (name, count) in crew.occurrences.counts.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
    if options.seed != nil, let fingerprint = crew.fingerprint {
        print("fingerprint \(String(fingerprint, radix: 16))")
    }
    print(
        "\(crew.seeds) seeds over the \(options.store.rawValue) store, \(crew.steps) steps, "
            + "\(Int(crew.virtualSeconds / 3600)) virtual hours, \(Int(seconds)) s, "
            + "\(Int(Double(crew.seeds) / seconds)) seeds/s"
    )
    for failure in crew.failures {
        print("\nVIOLATION in seed \(failure.seed): \(failure.text)\n  replay:   \(options.replay(failure.seed))")
    }
    // A small run can't have everything.
    let missing = crew.seeds >= 2000 && crew.failures.isEmpty && options.planted == nil ? crew.occurrences.missing : []
    for name in missing { print("never occurred: \(name)") }
    print(
        "\nsimulate: \(crew.seeds) seeds, \(crew.failures.count) violations, \(missing.count) things that never occurred"
    )
    return crew.failures.isEmpty && missing.isEmpty ? 0 : 1
}

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    if let planted = options.planted { try plant(planted) }
    if let worker = options.worker {
        try Worker(options: options, index: worker).run()
    } else {
        exit(try simulate(options))
    }
} catch let problem as Problem {
    printError("simulate: \(problem.text)\n\n\(Options.usage)")
    exit(64)
} catch {
    printError("simulate: \(error)")
    exit(70)
}
