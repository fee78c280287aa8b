/// Something that isn't as it should be: what, and what to do about it, in words for whoever is on call.
package struct Finding: Codable, Hashable, Sendable {
    /// As monitoring systems know them; the worse, the greater.
    package enum Severity: String, Codable, Hashable, Comparable, Sendable, CaseIterable {
        case ok, warning, critical

        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .critical: 2
            }
        }

        package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    }

    /// What it is about; for programs.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case door, damage, route, credentials, clock, disk, queue, age, function
        case deadLetters = "dead-letters"
    }

    package var severity: Severity
    package var kind: Kind
    /// One line.
    package var what: String
    /// One line.
    package var whatToDo: String

    private enum CodingKeys: String, CodingKey {
        case severity, kind, what
        case whatToDo = "what_to_do"
    }

    package init(_ severity: Severity, _ kind: Kind, what: String, whatToDo: String) {
        self.severity = severity
        self.kind = kind
        self.what = what
        self.whatToDo = whatToDo
    }
}

/// From when on something is wrong.
package struct FindingLimits: Hashable, Sendable {
    /// Age of the oldest waiting event.
    package var ageSecondsMax: Int64 = 600
    package var deadMax = 0
    /// A route that is down for longer is critical; for less it may be a moment's trouble.
    package var outageSecondsMax: Int64 = 300
    /// No source of this version renews credentials by itself: somebody has to, in this time.
    package var credentialsSecondsMin: Int64 = 3600
    /// AWS refuses signatures from 300 s on.
    package var skewSecondsMax: Int64 = 60
    package var skewSecondsCritical: Int64 = 240
    /// Beyond it requests are signed with AWS's own time.
    package var skewSecondsCorrected: Int64 = 300
    /// Part of a budget in use from which the queue counts as nearly full, in per cent.
    package var fullPercent = 80
    /// Functions, and groups of dead letters, that are named one by one.
    package var namedMax = 3

    package init() {}
}
