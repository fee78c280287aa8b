import AdminAPI
import Client

/// The status as a line of a Nagios plugin: `WARNING - what is wrong | numbers`.
struct StatusCheck: Hashable {
    var severity: Finding.Severity
    var line: String

    /// 0, 1 or 2.
    var exitCode: Int32 {
        switch severity {
        case .ok: 0
        case .warning: 1
        case .critical: 2
        }
    }

    /// Asks the daemon and prints the line; a daemon that doesn't answer is critical.
    static func run(_ client: AdminClient, _ limits: FindingLimits) -> StatusCheck {
        let check: StatusCheck
        do throws(ClientError) {
            check = StatusCheck(try client.status(), limits)
        } catch {
            check = StatusCheck(severity: .critical, words: error.description, numbers: [])
        }
        Output.standard.line(check.line)
        return check
    }

    init(_ status: Status, _ limits: FindingLimits) {
        let findings = status.findings(limits)
        let oldest = status.oldest?.ageSeconds ?? 0
        var numbers = [
            "oldest_age=\(oldest)s;;\(limits.ageSecondsMax);0", "queued=\(status.queued);;;0",
            "in_flight=\(status.inFlight);;;0", "dead=\(status.dead);\(limits.deadMax);;0",
            "accepted=\(status.counters.accepted)c", "handed_over=\(status.counters.handedOver)c",
            "store=\(status.store.usedBytes)B;;;0;\(status.store.maxBytes.map(String.init) ?? "")",
        ]
        if let free = status.store.diskFreeBytes { numbers.append("disk_free=\(free)B;;;0") }
        var words =
            "accepting, \(Wording.count(status.queued, "event")) queued, the oldest for "
            + "\(Wording.duration(seconds: oldest)), \(Wording.count(status.dead, "dead letter"))"
        if let first = findings.first {
            words = first.what
            if findings.count > 1 { words += " And \(findings.count - 1) more: lambda-outbox status" }
        }
        self.init(severity: findings.first?.severity ?? .ok, words: words, numbers: numbers)
    }

    private init(severity: Finding.Severity, words: String, numbers: [String]) {
        self.severity = severity
        // The bar begins the numbers: it can't stand in the words.
        let words = Printable.line(words).split(separator: "|").joined(separator: "/")
        let measured = numbers.isEmpty ? "" : " | \(numbers.joined(separator: " "))"
        line = "\(severity.rawValue.uppercased()) - \(words)\(measured)"
    }
}
