import AdminAPI

/// The status as people read it: what is wrong and what to do first, then the numbers.
enum StatusText {
    /// One line of the screen.
    struct Line: Hashable {
        var text: String
        /// What it tells about is that bad; nil: only numbers.
        var severity: Finding.Severity?

        /// - Parameter text: made printable here, wherever its parts come from.
        init(_ text: String, _ severity: Finding.Severity? = nil) {
            self.text = Printable.line(text)
            self.severity = severity
        }

        func painted(_ style: Style) -> String {
            let colour: Style.Colour? =
                switch severity {
                case nil: nil
                case .ok: .green
                case .warning: .yellow
                case .critical: .red
                }
            return style.paint(text, colour)
        }
    }

    /// Rows of a table; what doesn't fit is counted.
    static let rowsMax = 20

    static func print(_ status: Status, to output: Output = .standard) {
        let width = min(120, output.style.width ?? 100)
        for line in lines(status, width: width) { output.line(line.painted(output.style)) }
    }

    /// - Parameter width: columns that findings are broken into.
    static func lines(_ status: Status, width: Int = 100) -> [Line] {
        var lines = [Line(headline(status), status.accepting ? nil : .critical), Line("")]
        let findings = status.findings()
        if findings.isEmpty {
            lines.append(Line("OK        All is well.", .ok))
        }
        for finding in findings { lines += shown(finding, width: width) }
        lines.append(Line(""))
        lines += numbers(status)
        section("routes", routes(status), &lines)
        section("functions", functions(status), more: status.functionsTotal, &lines)
        section("dead letters", letters(status), more: status.deadLettersTotalGroups, &lines)
        return lines
    }

    private static func headline(_ status: Status) -> String {
        let reason = status.refusingBecause.map { ": \(Printable.line($0))" } ?? ""
        let state = status.accepting ? "accepting events" : "NOT accepting events\(reason)"
        return "lambda-outbox \(status.version), up \(Wording.duration(seconds: status.uptimeSeconds)), \(state)"
    }

    // MARK: Findings

    private static func shown(_ finding: Finding, width: Int) -> [Line] {
        let label = finding.severity == .critical ? "CRITICAL  " : "WARNING   "
        let indent = String(repeating: " ", count: label.count)
        var lines: [Line] = []
        for (index, part) in broken(Printable.line(finding.what), width - label.count).enumerated() {
            lines.append(Line((index == 0 ? label : indent) + part, finding.severity))
        }
        for (index, part) in broken(Printable.line(finding.whatToDo), width - label.count - 3).enumerated() {
            lines.append(Line(indent + (index == 0 ? "-> " : "   ") + part))
        }
        return lines
    }

    /// Broken at spaces; a word that is too long stands alone.
    static func broken(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    // MARK: Numbers

    private static func numbers(_ status: Status) -> [Line] {
        var lines = [
            Line(
                "queue        \(Wording.count(status.queued, "event")) (\(Wording.size(Int64(status.queuedBytes)))), "
                    + "\(Wording.count(status.inFlight)) in flight"
            )
        ]
        if let oldest = status.oldest {
            let age = Wording.duration(seconds: oldest.ageSeconds)
            lines.append(Line("oldest       waiting for \(age): \(Printable.line(oldest.function)), \(oldest.id)"))
        }
        let rates = status.rates
        lines.append(
            Line(
                "last minute  \(Wording.rate(rates.accepted)) accepted and \(Wording.rate(rates.handedOver)) handed over "
                    + "per second"
            )
        )
        let counters = status.counters
        let failed = counters.attempts.filter { $0.key != "none" && $0.value > 0 }.sorted { $0.key < $1.key }
        let blames = failed.map { "\($0.key) \(Wording.count($0.value))" }.joined(separator: ", ")
        lines.append(
            Line(
                "since start  \(Wording.count(counters.accepted)) accepted, \(Wording.count(counters.repeats)) repeats, "
                    + "\(Wording.count(counters.refused)) refused, \(Wording.count(counters.handedOver)) handed over, "
                    + "\(Wording.count(counters.deadLettered)) dead"
                    + (blames.isEmpty ? "" : "; failed attempts by blame: \(blames)")
            )
        )
        lines.append(
            Line("dead         \(Wording.count(status.dead, "letter")) (\(Wording.size(Int64(status.deadBytes))))")
        )
        lines.append(Line("disk         \(disk(status.store))"))
        return lines
    }

    private static func disk(_ store: StoreStatus) -> String {
        var parts = [Printable.line(store.path)]
        let used = Wording.size(store.usedBytes)
        parts.append(store.maxBytes.map { "\(used) used of \(Wording.size($0))" } ?? "\(used) used")
        if let free = store.diskFreeBytes {
            let floor = store.minFreeDiskBytes.map { " (the door closes below \(Wording.size($0)))" } ?? ""
            parts.append("\(Wording.size(free)) free on the disk\(floor)")
        }
        return parts.joined(separator: ", ")
    }

    // MARK: Tables

    private static func routes(_ status: Status) -> Table {
        var table = Table("ROUTE", "STATE", "IN FLIGHT", "CREDENTIALS", "WHY")
        for route in status.routes.prefix(rowsMax) {
            var credentials = route.credentials ?? ""
            if let expiry = route.credentialsExpireAt { credentials += ", until \(expiry)" }
            table.add(
                "\(route.region) \(route.endpoint)",
                route.state,
                Wording.count(route.inFlight),
                credentials,
                why(route.reason, route.since, route.nextProbeAt, status.at)
            )
        }
        return table
    }

    private static func functions(_ status: Status) -> Table {
        var table = Table("FUNCTION", "STATE", "QUEUED", "OLDEST", "IN FLIGHT", "DEAD", "RATE", "EMPTY IN", "WHY")
        for function in status.functions.prefix(rowsMax) {
            table.add(
                function.function,
                function.state,
                Wording.count(function.queued),
                function.oldestAgeSeconds.map { Wording.duration(seconds: $0) } ?? "-",
                Wording.count(function.inFlight),
                Wording.count(function.dead),
                function.pace.map { "\(Wording.rate($0.handedOverPerSecond))/s" } ?? "-",
                function.pace?.secondsToEmpty.map { Wording.duration(seconds: $0) } ?? "-",
                function.pace?.words ?? why(function.reason, function.since, function.nextProbeAt, status.at)
            )
        }
        return table
    }

    private static func letters(_ status: Status) -> Table {
        var table = Table("FUNCTION", "CONDITION", "COUNT", "NEWEST")
        for group in status.deadLetters.prefix(rowsMax) {
            table.add(group.function, group.condition, Wording.count(group.count), group.example)
        }
        return table
    }

    private static func why(_ reason: String?, _ since: Timestamp?, _ probe: Timestamp?, _ now: Timestamp) -> String {
        guard let reason else { return "" }
        var text = reason
        if let since {
            text += "; for \(Wording.duration(seconds: (now.milliseconds - since.milliseconds) / 1000))"
        }
        if let probe {
            let left = (probe.milliseconds - now.milliseconds) / 1000
            text += left > 0 ? "; next probe in \(Wording.duration(seconds: left))" : "; a probe is due"
        }
        return text
    }

    private static func section(_ name: String, _ table: Table, more total: Int = 0, _ lines: inout [Line]) {
        if table.isEmpty { return }
        let rows = table.lines(withHeading: true)
        lines.append(Line(""))
        lines.append(Line(name))
        lines += rows.map { Line("  \($0)") }
        let hidden = total - (rows.count - 1)
        if hidden > 0 { lines.append(Line("  and \(Wording.count(hidden)) more: lambda-outbox status --json")) }
    }
}
