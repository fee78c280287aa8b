import Foundation
import Simulation

/// Workers in processes of their own, so that one that traps takes no other with it, and what they have said.
///
/// They hash the same in each run: the order in which a set is walked through is part of what a seed decides.
final class Crew {
    private struct Member {
        let process: Process
        let output: Pipe
        var seed: UInt64?
    }
    // Touched with the lock held.
    private let lock = NSLock()
    private let options: Options
    private var members: [Member] = []
    private(set) var seeds = 0
    private(set) var steps = 0
    private(set) var virtualSeconds = 0.0
    private(set) var occurrences = Occurrences()
    private(set) var failures: [(seed: UInt64, text: String)] = []
    private(set) var fingerprint: UInt64?
    /// By seed, of the process that was first with it.
    private var fingerprints: [UInt64: UInt64] = [:]
    /// As many are shown; then it is enough.
    private static let failuresMax = 5

    init(options: Options) {
        self.options = options
    }

    func run(_ arguments: [String]) throws {
        let count = options.count
        for index in 0..<count {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = arguments + ["--worker", "\(index)", "--workers", "\(count)"]
            process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) {
                $1
            }
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            members.append(Member(process: process, output: output))
        }
        let readers = members.indices.map { index in
            let thread = Reader { [self] in read(index) }
            thread.start()
            return thread
        }
        for reader in readers { reader.done.wait() }
        for (index, member) in members.enumerated() {
            member.process.waitUntilExit()
            guard member.process.terminationStatus != 0, let seed = members[index].seed, !isEnough else { continue }
            let why = member.process.terminationReason == .uncaughtSignal ? "signal" : "status"
            failures.append((seed, "the program ended with \(why) \(member.process.terminationStatus) (see above)"))
        }
    }

    private var isEnough: Bool { failures.count >= options.failures ?? (options.planted == nil ? Self.failuresMax : 1) }

    private func read(_ index: Int) {
        let handle = members[index].output.fileHandleForReading
        var rest = Data()
        while true {
            let data = handle.availableData
            if data.isEmpty { return }
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                if let line = try? JSONDecoder().decode(WorkerLine.self, from: rest[..<end]) { take(line, of: index) }
                rest = Data(rest[(end + 1)...])
            }
        }
    }

    private func take(_ line: WorkerLine, of index: Int) {
        lock.withLock {
            if let begun = line.begun { members[index].seed = begun }
            if let counts = line.counts { for (name, count) in counts { occurrences.add(name, count) } }
            guard let seed = line.seed, !isEnough else { return }
            members[index].seed = nil
            seeds += 1
            steps += line.steps ?? 0
            virtualSeconds += line.seconds ?? 0
            fingerprint = line.fingerprint
            if let violation = line.violation {
                failures.append((seed, Self.text(violation)))
            } else if line.isRepeated == false {
                failures.append((seed, "repeat: another run in the same process"))
            } else if let other = fingerprints[seed], other != line.fingerprint {
                failures.append((seed, "repeat: another run in another process"))
            } else {
                fingerprints[seed] = options.isTwice ? line.fingerprint : nil
                return
            }
            if isEnough { for member in members { member.process.terminate() } }
        }
    }

    private static func text(_ violation: WorkerLine.Failure) -> String {
        """
        \(violation.check), step \(violation.step), \(violation.seconds) s
          expected: \(violation.expected)
          found:    \(violation.found)
        """
    }
}

/// A thread that can be waited for.
private final class Reader {
    let done = DispatchSemaphore(value: 0)
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    func start() {
        // The body is used by this one thread; the crew's lock protects what it shares.
        nonisolated(unsafe) let body = body
        let done = done
        Thread.detachNewThread {
            body()
            done.signal()
        }
    }
}
