import Client
import Glibc

/// `send --lines`: each line of a descriptor as an event of its own.
struct SendLines {
    let sender: LineSender
    let output: Send.Form
    /// What is read.
    let input: Int32
    /// Time since the start.
    let clock: () -> Duration

    func run() throws {
        let progress = ProgressDisplay(SendProgress(total: Self.size(of: input)), on: .error, clock: clock)
        let summary = try sender.run(LineSource(descriptor: input)) { line, result in
            switch result {
            case .success(let answer):
                progress.addAccepted(isRepeat: answer.isRepeat == true)
                try accepted(line, answer, progress)
            case .failure(let error):
                progress.addRefused()
                progress.clear()
                try refused(line, error)
            }
        } tick: { bytes in
            progress.tick(position: bytes)
        }
        progress.end()
        if let failure = LinesEnding(summary).failure { throw failure }
    }

    private func accepted(_ line: Int, _ answer: DoorAnswer, _ progress: ProgressDisplay) throws {
        // Only a terminal shows both streams in one place.
        if output != .none, Output.standard.isTerminal { progress.clear() }
        switch output {
        case .none: break
        case .json: try Output.standard.json(SendReport(line: line, answer: answer))
        case .id: if let id = answer.id { Output.standard.line(Printable.line(id)) }
        }
    }

    private func refused(_ line: Int, _ error: ClientError) throws {
        if output == .json {
            try Output.standard.json(SendReport(line: line, error: error))
        } else {
            Output.error.line("line \(line): \(Printable.line(error.description))")
        }
    }

    /// What is left of a regular file, from where it is read; nil for anything else.
    private static func size(of descriptor: Int32) -> Int64? {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return max(0, Int64(facts.st_size) - Int64(max(0, lseek(descriptor, 0, SEEK_CUR))))
    }
}

/// How `send --lines` ends.
struct LinesEnding: Hashable {
    var failure: CommandFailure?

    init(_ summary: LineSender.Summary) {
        let counts = "accepted \(summary.accepted), repeats \(summary.repeats), failed \(summary.failed)"
        if let stop = summary.stop {
            failure = CommandFailure(
                CommandStatus(stop),
                "stopped behind line \(summary.tried) (\(counts)); later lines weren't sent: \(stop)"
            )
        } else if summary.failed > 0 {
            failure = CommandFailure(.invalid, "not every line was accepted: \(counts)")
        }
    }
}
