import AdminAPI
import ArgumentParser
import Client

/// `status`: the daemon on one screen.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the daemon is doing: queue, functions, routes, dead letters, disk."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let status = try admin.client().status()
        if format.json { return try Output.standard.json(status) }
        for line in StatusText.lines(status) { Output.standard.line(line) }
    }
}

/// The status as people read it.
enum StatusText {
    static func lines(_ status: Status) -> [String] {
        var lines = [headline(status)]
        lines.append(
            "queued \(status.queued) (\(Amounts.size(Int64(status.queuedBytes)))), in flight \(status.inFlight), "
                + "dead letters \(status.dead) (\(Amounts.size(Int64(status.deadBytes))))"
        )
        if let oldest = status.oldest {
            let age = Amounts.duration(seconds: oldest.ageSeconds)
            lines.append("oldest: \(Printable.line(oldest.function)), waiting for \(age), \(oldest.id)")
        }
        section("functions", functions(status.functions), &lines)
        section("routes", routes(status.routes), &lines)
        section("dead letters", letters(status.deadLetters), &lines)
        let store = status.store
        lines.append(
            "store: \(Printable.line(store.path)), \(Amounts.size(store.bytes)), log \(Amounts.size(store.walBytes)), "
                + "\(Amounts.size(store.diskFreeBytes)) free on disk"
        )
        lines.append(counters(status.counters))
        return lines
    }

    private static func headline(_ status: Status) -> String {
        let reason = status.refusingBecause.map { ": \(Printable.line($0))" } ?? ""
        let state = status.accepting ? "accepting" : "NOT accepting\(reason)"
        return "lambda-outbox \(status.version), up \(Amounts.duration(seconds: status.uptimeSeconds)), \(state)"
    }

    private static func functions(_ functions: [FunctionStatus]) -> Table {
        var table = Table("FUNCTION", "STATE", "QUEUED", "IN FLIGHT", "DEAD", "WHY")
        for function in functions {
            table.add(
                function.function,
                function.state,
                "\(function.queued) queued",
                "\(function.inFlight) in flight",
                "\(function.dead) dead",
                why(function.reason, function.since, function.nextProbeAt)
            )
        }
        return table
    }

    private static func routes(_ routes: [RouteStatus]) -> Table {
        var table = Table("ROUTE", "STATE", "IN FLIGHT", "CREDENTIALS", "WHY")
        for route in routes {
            var credentials = route.credentials ?? ""
            if let expiry = route.credentialsExpireAt { credentials += " until \(expiry)" }
            table.add(
                route.name,
                route.state,
                "\(route.inFlight) in flight",
                credentials,
                why(route.reason, route.since, route.nextProbeAt)
            )
        }
        return table
    }

    private static func letters(_ groups: [LetterGroup]) -> Table {
        var table = Table("FUNCTION", "CONDITION", "COUNT", "NEWEST")
        for group in groups { table.add(group.function, group.condition, "\(group.count)", group.example) }
        return table
    }

    private static func why(_ reason: String?, _ since: Timestamp?, _ nextProbeAt: Timestamp?) -> String {
        guard let reason else { return "" }
        var text = reason
        if let since { text += "; since \(since)" }
        if let nextProbeAt { text += "; next probe \(nextProbeAt)" }
        return text
    }

    private static func section(_ name: String, _ table: Table, _ lines: inout [String]) {
        if table.isEmpty { return }
        lines.append("\(name):")
        lines += table.lines(withHeading: false).map { "  \($0)" }
    }

    private static func counters(_ counters: Counters) -> String {
        let attempts = counters.attempts.values.reduce(0, +)
        let blamed = counters.attempts.filter { $0.key != "none" && $0.value > 0 }.sorted { $0.key < $1.key }
        let blames = blamed.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "since start: accepted \(counters.accepted), repeats \(counters.repeats), refused \(counters.refused), "
            + "handed over \(counters.handedOver), dead \(counters.deadLettered), attempts \(attempts)"
            + (blames.isEmpty ? "" : " (failed: \(blames))")
    }
}
