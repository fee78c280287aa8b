import Foundation
import Simulation

/// What the command line says.
struct Options {
    static let usage = """
        faultsweep [--stride N] [--memory-stride N] [--seed N] [--kind NAME [--at N]]

        Runs 20 events through the engine, again and again, with a fault at another call of SQLite's to its disk each time.

        --stride N         every N-th call only; 1 if it isn't given
        --memory-stride N  every N-th allocation; 1 if it isn't given
        --seed N           another run of 20 events
        --kind NAME        this kind of fault only
        --at N             with --kind: at this call only, with a trace
        """

    var stride = 1
    var memoryStride = 1
    var seed: UInt64 = FaultSweep.usualSeed
    var kind: DiskFault.Kind?
    var at: Int?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Problem(text: "\(argument) needs a value") }
            func number<Number: BinaryInteger & LosslessStringConvertible>() throws -> Number {
                guard let number = Number(value), number > 0 else {
                    throw Problem(text: "\(argument): '\(value)' is no positive number")
                }
                return number
            }
            switch argument {
            case "--stride": stride = try number()
            case "--memory-stride": memoryStride = try number()
            case "--seed": seed = try number()
            case "--at": at = try number()
            case "--kind":
                guard let kind = DiskFault.Kind(rawValue: value) else {
                    let all = DiskFault.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(text: "no kind '\(value)': \(all)")
                }
                self.kind = kind
            default: throw Problem(text: "unknown option \(argument)")
            }
        }
        if at != nil, kind == nil { throw Problem(text: "--at needs --kind") }
    }
}

/// Why the command can't do what it is asked for.
struct Problem: Error {
    var text: String
}

func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// One fault, with a trace.
func replay(_ fault: DiskFault, _ sweep: FaultSweep) throws -> Int32 {
    let outcome = try sweep.run(fault) { printError($0) }
    print(
        outcome.isStruck ? "struck" : "not struck",
        outcome.result.violation.map { "VIOLATION \($0)" } ?? "no violation"
    )
    return outcome.result.violation == nil ? 0 : 1
}

/// All of them, with a table.
func sweepAll(_ options: Options) throws -> Int32 {
    let sweep = FaultSweep(seed: options.seed)
    let (calm, calls) = try sweep.calm()
    if let violation = calm.violation { throw Problem(text: "the run without a fault isn't clean: \(violation)") }
    var failures: [(DiskFault, String)] = []
    func row(_ cells: [String]) {
        let padded = cells.enumerated().map { index, cell in
            index == 0
                ? cell.padding(toLength: 18, withPad: " ", startingAt: 0)
                : String(repeating: " ", count: max(0, 10 - cell.count)) + cell
        }
        // At once, also into a pipe.
        FileHandle.standardOutput.write(Data((padded.joined(separator: " ") + "\n").utf8))
    }
    row(["fault", "calls", "runs", "struck", "restarts", "violations", "seconds"])
    for kind in DiskFault.Kind.allCases where options.kind == nil || options.kind == kind {
        let start = ContinuousClock.now
        let count = calls[kind] ?? 0
        var (runs, struck, restarts, violations) = (0, 0, 0, 0)
        for at in stride(from: 1, through: count, by: kind == .memory ? options.memoryStride : options.stride) {
            let fault = DiskFault(kind, at: at)
            let outcome = try sweep.run(fault)
            runs += 1
            if outcome.isStruck { struck += 1 }
            restarts += outcome.restarts
            guard let violation = outcome.result.violation else { continue }
            violations += 1
            if failures.count < 20 { failures.append((fault, "\(violation)")) }
        }
        let seconds = start.duration(to: .now).components.seconds
        row([kind.rawValue] + [count, runs, struck, restarts, violations, Int(seconds)].map(String.init))
    }
    for (fault, text) in failures {
        print("\nVIOLATION at \(fault): \(text)")
        print("  replay: scripts/torture vfs --seed \(options.seed) --kind '\(fault.kind.rawValue)' --at \(fault.at)")
    }
    return failures.isEmpty ? 0 : 1
}

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    if let kind = options.kind, let at = options.at {
        exit(try replay(DiskFault(kind, at: at), FaultSweep(seed: options.seed)))
    }
    exit(try sweepAll(options))
} catch let problem as Problem {
    printError("faultsweep: \(problem.text)\n\n\(Options.usage)")
    exit(64)
} catch {
    printError("faultsweep: \(error)")
    exit(70)
}
