extension Status {
    /// What operators have stopped, and how it goes on.
    func pauseFindings(_ limits: FindingLimits) -> [Finding] {
        var findings = pauses.prefix(limits.namedMax).map { pause in
            let waiting = functions.reduce(0) { $0 + ($1.pausedBy == pause.pattern ? $1.queued : 0) }
            let reason = pause.reason.map { " (\($0))" } ?? ""
            let seconds = (at.milliseconds - pause.since.milliseconds) / 1000
            return Finding(
                .warning,
                .function,
                what: "\(Pause.words(pause.pattern)) paused by an operator for \(Wording.duration(seconds: seconds))"
                    + "\(reason). \(Wording.count(waiting, "event")) \(waiting == 1 ? "waits" : "wait").",
                whatToDo: "Delivery goes on with: lambda-outbox functions resume \(Pause.argument(pause.pattern))"
            )
        }
        let more = pauses.count - findings.count
        if more > 0 {
            findings.append(
                Finding(
                    .warning,
                    .function,
                    what: "\(Wording.count(more, "more pause")) of operators \(more == 1 ? "holds" : "hold").",
                    whatToDo: "lambda-outbox functions list names all of them."
                )
            )
        }
        return findings
    }

    /// The function whose events have waited longest without anybody having stopped it.
    func unpausedAgeFindings(_ limits: FindingLimits) -> [Finding] {
        let active = functions.filter { $0.state == "active" && ($0.oldestAgeSeconds ?? 0) > limits.ageSecondsMax }
        guard let worst = active.max(by: { ($0.oldestAgeSeconds ?? 0) < ($1.oldestAgeSeconds ?? 0) }) else { return [] }
        return [
            Finding(
                .critical,
                .age,
                what: "The oldest event of function \(worst.function) has waited for "
                    + "\(Wording.duration(seconds: worst.oldestAgeSeconds ?? 0)).",
                whatToDo: "lambda-outbox events list --function \(worst.function) names it; "
                    + "events show says why it waits."
            )
        ]
    }
}

extension Pause {
    /// As the beginning of a sentence.
    package static func words(_ pattern: String) -> String {
        if pattern == "*" { return "Every function is" }
        let isPattern = pattern.contains { $0 == "*" || $0 == "?" }
        return isPattern ? "Functions \(pattern) are" : "Function \(pattern) is"
    }

    /// As an argument of `functions`, as a shell takes it.
    package static func argument(_ pattern: String) -> String {
        if pattern == "*" { return "--all" }
        let isPlain = pattern.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"):
                true
            default: false
            }
        }
        if isPlain { return pattern }
        return "'" + pattern.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
