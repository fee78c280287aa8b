/// How often each thing occurred: shows that a run exercised what it is there for.
package struct Occurrences: Sendable, Equatable {
    package private(set) var counts: [String: Int] = [:]

    package init() {}

    package mutating func add(_ name: String, _ count: Int = 1) {
        if count != 0 { counts[name, default: 0] += count }
    }

    package mutating func merge(_ other: Occurrences) {
        counts.merge(other.counts, uniquingKeysWith: +)
    }

    package subscript(_ name: String) -> Int { counts[name] ?? 0 }

    /// What a large run must show at least once each.
    package static let expected: [String] =
        Cause.allCases.map { "attempt: \($0.rawValue)" }
        + DeadLetterConditions.expected.map { "dead: \($0)" }
        + Happening.allCases.map(\.rawValue)

    /// What is missing of `expected`.
    package var missing: [String] { Self.expected.filter { self[$0] == 0 } }
}

/// The conditions that a simulated event can die of; `corrupt` takes a damaged row or payload.
enum DeadLetterConditions {
    static let expected = ["rejected", "exhausted", "expired", "suspected-poison", "moved", "corrupt"]
}

/// What happens beside attempts.
package enum Happening: String, CaseIterable, Sendable {
    case crash, reboot, stop
    case commitFull = "commit: full"
    case commitBusy = "commit: busy"
    case commitLost = "commit: failed, not there"
    case commitKept = "commit: failed, there"
    case commitSlow = "commit: slow"
    case claimBusy = "claim: busy"
    case answerLost = "client: answer lost"
    case clientRetry = "client: tried again"
    case clientGone = "client: connection lost with the process"
    case repeated = "client: told of a repeat"
    case conflict = "client: told of a conflict"
    case refused = "client: refused"
    case delayed = "event: delayed"
    case expiring = "event: with an expiry"
    case keyed = "event: with a key"
    case pause = "operator: pause"
    case resume = "operator: resume"
    case move = "operator: move to dead"
    case redrive = "operator: redrive"
    case redriveKeep = "operator: redrive, keeping expiries"
    case purge = "operator: purge"
    case cancel = "operator: cancel"
    case cancelInFlight = "operator: cancel refused, in flight"
    case sendNow = "operator: send now"
    case force = "operator: send now, forced"
    case policies = "operator: policies reloaded"
    case hangUp = "operator: SIGHUP"
    case rotation = "credentials: rotated"
    case wrongKeys = "credentials: wrong"
    case noKeys = "credentials: none"
    case clockJump = "clock: jump"
    case clockYear = "clock: jump of a year"
    case clockBefore2000 = "clock: before 2000"
    case clockUnsynchronised = "clock: not synchronised"
    case clockCorrected = "clock: corrected by answers"
    case outage = "outage"
    case outageOfHours = "outage: hours"
    case storm = "outage: everything throttled"
    case cursed = "event: killed by a middlebox"
    case lostInLambda = "lambda: too old in its own queue"
    case functionSuspended = "function: suspended"
    case routeSuspended = "route: suspended"
    case sharedFailure = "route: blamed for what functions share"
    case refusalsInARow = "function: suspended for refusals in a row"
    case secondDelivery = "event: arrived twice"
    case turnsWatched = "turns: watched between fresh, retried and redriven"
    case freedFromFuture = "event: due in a future that a clock's jump made"
}
