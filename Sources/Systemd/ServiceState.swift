/// What `systemctl status` shows in its line "Status".
package struct ServiceState: Sendable {
    package var queued: Int
    package var inFlight: Int
    package var dead: Int
    /// Why new events are refused now; nil if they are not.
    package var refusing: String?
    /// Routes that are suspended, with their reasons.
    package var routes: [(name: String, reason: String)]
    /// Functions that are suspended.
    package var functions: Int

    package init(
        queued: Int,
        inFlight: Int,
        dead: Int,
        refusing: String? = nil,
        routes: [(name: String, reason: String)] = [],
        functions: Int = 0
    ) {
        self.queued = queued
        self.inFlight = inFlight
        self.dead = dead
        self.refusing = refusing
        self.routes = routes
        self.functions = functions
    }

    /// One line; `lambda-outbox status` tells all of it.
    package var line: String {
        var parts = [refusing.map { "refusing new events: \(LogText.line($0, bytesMax: 120))" } ?? "accepting events"]
        parts.append("\(queued) queued, \(inFlight) in flight, \(Self.count(dead, "dead letter"))")
        if let route = routes.first {
            let others = routes.count > 1 ? " and \(Self.count(routes.count - 1, "other"))" : ""
            parts.append("route \(route.name)\(others) suspended: \(LogText.line(route.reason, bytesMax: 120))")
        }
        if functions > 0 { parts.append("\(Self.count(functions, "function")) suspended") }
        return parts.joined(separator: "; ")
    }

    private static func count(_ number: Int, _ word: String) -> String {
        "\(number) \(word)\(number == 1 ? "" : "s")"
    }
}
