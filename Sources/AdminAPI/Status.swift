/// The state of the daemon on one screen: what `status` shows.
package struct Status: Codable, Hashable, Sendable {
    /// When it was so, by the daemon's clock.
    package var at: Timestamp
    /// What is wrong and what to do about it, the worst first; empty: all is well.
    package var findings: [Finding]
    package var accepting: Bool
    /// For people: why some or, where `accepting` is false, all events are refused.
    package var refusingBecause: String?
    package var version: String
    package var instanceID: String
    package var uptimeSeconds: Int64
    package var queued: Int
    package var queuedBytes: Int
    package var dead: Int
    package var deadBytes: Int
    package var inFlight: Int
    /// The event that has waited longest.
    package var oldest: OldestEvent?
    /// Those with events or a state other than active; the worst first, at most 1,000.
    package var functions: [FunctionStatus]
    /// How many there are, beyond those that `functions` has room for too.
    package var functionsTotal: Int
    /// What operators have paused.
    package var pauses: [Pause]
    package var routes: [RouteStatus]
    /// Dead letters by function and condition; the largest groups first, at most 1,000.
    package var deadLetters: [LetterGroup]
    package var deadLettersTotalGroups: Int
    package var rates: Rates
    package var store: StoreStatus
    package var counters: Counters

    private enum CodingKeys: String, CodingKey {
        case at, findings, accepting
        case refusingBecause = "refusing_because"
        case version
        case instanceID = "instance_id"
        case uptimeSeconds = "uptime_seconds"
        case queued
        case queuedBytes = "queued_bytes"
        case dead
        case deadBytes = "dead_bytes"
        case inFlight = "in_flight"
        case oldest, functions
        case functionsTotal = "functions_total"
        case pauses, routes
        case deadLetters = "dead_letters"
        case deadLettersTotalGroups = "dead_letter_groups_total"
        case rates, store, counters
    }

    package init(
        at: Timestamp = Timestamp(milliseconds: 0),
        accepting: Bool,
        refusingBecause: String? = nil,
        version: String,
        instanceID: String,
        uptimeSeconds: Int64,
        queued: Int,
        queuedBytes: Int,
        dead: Int,
        deadBytes: Int,
        inFlight: Int,
        oldest: OldestEvent? = nil,
        functions: [FunctionStatus] = [],
        functionsTotal: Int? = nil,
        pauses: [Pause] = [],
        routes: [RouteStatus] = [],
        deadLetters: [LetterGroup] = [],
        deadLettersTotalGroups: Int? = nil,
        rates: Rates = Rates(),
        store: StoreStatus,
        counters: Counters = Counters()
    ) {
        self.at = at
        findings = []
        self.accepting = accepting
        self.refusingBecause = refusingBecause
        self.version = version
        self.instanceID = instanceID
        self.uptimeSeconds = uptimeSeconds
        self.queued = queued
        self.queuedBytes = queuedBytes
        self.dead = dead
        self.deadBytes = deadBytes
        self.inFlight = inFlight
        self.oldest = oldest
        self.functions = functions
        self.functionsTotal = functionsTotal ?? functions.count
        self.pauses = pauses
        self.routes = routes
        self.deadLetters = deadLetters
        self.deadLettersTotalGroups = deadLettersTotalGroups ?? deadLetters.count
        self.rates = rates
        self.store = store
        self.counters = counters
    }
}

/// The event that has waited longest.
package struct OldestEvent: Codable, Hashable, Sendable {
    package var id: String
    package var function: String
    package var ageSeconds: Int64

    private enum CodingKeys: String, CodingKey {
        case id, function
        case ageSeconds = "age_seconds"
    }

    package init(id: String, function: String, ageSeconds: Int64) {
        self.id = id
        self.function = function
        self.ageSeconds = ageSeconds
    }
}

/// One function with events or a state on record.
package struct FunctionStatus: Codable, Hashable, Sendable {
    /// `orders`, `orders:live`, or the full ARN.
    package var function: String
    /// `active`, `suspended` or `paused`.
    package var state: String
    /// For people: why it is suspended, or what the operator said.
    package var reason: String?
    /// The pattern of the pause.
    package var pausedBy: String?
    package var since: Timestamp?
    package var nextProbeAt: Timestamp?
    package var queued: Int
    package var dead: Int
    package var inFlight: Int
    /// Age of its oldest waiting event, as far as it is known.
    package var oldestAgeSeconds: Int64?
    /// Nil where the function or its route is suspended or paused, or nothing of it waits.
    package var pace: FunctionPaceStatus?

    private enum CodingKeys: String, CodingKey {
        case function, state, reason
        case pausedBy = "paused_by"
        case since
        case nextProbeAt = "next_probe_at"
        case queued, dead
        case inFlight = "in_flight"
        case oldestAgeSeconds = "oldest_age_seconds"
        case pace
    }

    package init(
        function: String,
        state: String,
        reason: String? = nil,
        pausedBy: String? = nil,
        since: Timestamp? = nil,
        nextProbeAt: Timestamp? = nil,
        queued: Int,
        dead: Int,
        inFlight: Int,
        oldestAgeSeconds: Int64? = nil,
        pace: FunctionPaceStatus? = nil
    ) {
        self.function = function
        self.state = state
        self.reason = reason
        self.pausedBy = pausedBy
        self.since = since
        self.nextProbeAt = nextProbeAt
        self.queued = queued
        self.dead = dead
        self.inFlight = inFlight
        self.oldestAgeSeconds = oldestAgeSeconds
        self.pace = pace
    }
}

/// One way to AWS: endpoint, region and credentials.
package struct RouteStatus: Codable, Hashable, Sendable {
    package var name: String
    package var endpoint: String
    package var region: String
    /// `active` or `suspended`.
    package var state: String
    package var reason: String?
    package var since: Timestamp?
    package var nextProbeAt: Timestamp?
    /// Where the credentials come from, or why there are none; never a secret.
    package var credentials: String?
    package var credentialsExpireAt: Timestamp?
    /// False: there are none, for the reason in `credentials`.
    package var hasCredentials: Bool
    /// AWS's clock minus the daemon's, by the latest answer; nil before the first.
    package var clockSkewSeconds: Int64?
    package var inFlight: Int

    private enum CodingKeys: String, CodingKey {
        case name, endpoint, region, state, reason, since
        case nextProbeAt = "next_probe_at"
        case credentials
        case credentialsExpireAt = "credentials_expire_at"
        case hasCredentials = "has_credentials"
        case clockSkewSeconds = "clock_skew_seconds"
        case inFlight = "in_flight"
    }

    package init(
        name: String,
        endpoint: String,
        region: String,
        state: String,
        reason: String? = nil,
        since: Timestamp? = nil,
        nextProbeAt: Timestamp? = nil,
        credentials: String? = nil,
        credentialsExpireAt: Timestamp? = nil,
        hasCredentials: Bool = true,
        clockSkewSeconds: Int64? = nil,
        inFlight: Int
    ) {
        self.name = name
        self.endpoint = endpoint
        self.region = region
        self.state = state
        self.reason = reason
        self.since = since
        self.nextProbeAt = nextProbeAt
        self.credentials = credentials
        self.credentialsExpireAt = credentialsExpireAt
        self.hasCredentials = hasCredentials
        self.clockSkewSeconds = clockSkewSeconds
        self.inFlight = inFlight
    }
}

/// Dead letters that share function and condition.
package struct LetterGroup: Codable, Hashable, Sendable {
    package var function: String
    package var condition: String
    package var count: Int
    /// Id of the newest.
    package var example: String

    package init(function: String, condition: String, count: Int, example: String) {
        self.function = function
        self.condition = condition
        self.count = count
        self.example = example
    }
}

/// The database on disk, in bytes, and how far it may grow.
package struct StoreStatus: Codable, Hashable, Sendable {
    package var path: String
    package var bytes: Int64
    package var walBytes: Int64
    /// Nil where the system doesn't tell.
    package var diskFreeBytes: Int64?
    /// Of the file and its log, what is not free to be used again: counts towards `maxBytes`.
    package var usedBytes: Int64
    /// `queue.max_bytes`.
    package var maxBytes: Int64?
    /// `queue.max_events`: queued events and dead letters.
    package var maxEvents: Int?
    /// Idempotency keys that are remembered, roughly.
    package var keys: Int
    /// `queue.max_keys`: past it events with a key are refused.
    package var maxKeys: Int?
    /// `queue.min_free_disk`: below it the door closes.
    package var minFreeDiskBytes: Int64?
    /// Damaged databases that were moved aside and still stand beside this one, oldest first.
    package var damagedFiles: [DamagedDatabase]

    private enum CodingKeys: String, CodingKey {
        case path, bytes
        case damagedFiles = "damaged_files"
        case walBytes = "wal_bytes"
        case diskFreeBytes = "disk_free_bytes"
        case usedBytes = "used_bytes"
        case maxBytes = "max_bytes"
        case maxEvents = "max_events"
        case keys
        case maxKeys = "max_keys"
        case minFreeDiskBytes = "min_free_disk_bytes"
    }

    package init(
        path: String,
        bytes: Int64,
        walBytes: Int64,
        diskFreeBytes: Int64?,
        usedBytes: Int64 = 0,
        maxBytes: Int64? = nil,
        maxEvents: Int? = nil,
        keys: Int = 0,
        maxKeys: Int? = nil,
        minFreeDiskBytes: Int64? = nil,
        damagedFiles: [DamagedDatabase] = []
    ) {
        self.path = path
        self.bytes = bytes
        self.walBytes = walBytes
        self.diskFreeBytes = diskFreeBytes
        self.usedBytes = usedBytes
        self.maxBytes = maxBytes
        self.maxEvents = maxEvents
        self.keys = keys
        self.maxKeys = maxKeys
        self.minFreeDiskBytes = minFreeDiskBytes
        self.damagedFiles = damagedFiles
    }
}

/// A damaged database that was moved aside: what it holds is neither delivered nor lost.
package struct DamagedDatabase: Codable, Hashable, Sendable {
    package var path: String
    /// With its log.
    package var bytes: Int64

    package init(path: String, bytes: Int64) {
        self.path = path
        self.bytes = bytes
    }
}

/// How fast events came and went over the last minute, per second.
package struct Rates: Codable, Hashable, Sendable {
    package var accepted: Double
    package var handedOver: Double

    private enum CodingKeys: String, CodingKey {
        case accepted
        case handedOver = "handed_over"
    }

    package init(accepted: Double = 0, handedOver: Double = 0) {
        self.accepted = accepted
        self.handedOver = handedOver
    }
}

/// Counts since the daemon started.
package struct Counters: Codable, Hashable, Sendable {
    package var accepted: Int = 0
    package var repeats: Int = 0
    /// Requests refused for now (429, 503).
    package var refused: Int = 0
    package var handedOver: Int = 0
    package var deadLettered: Int = 0
    /// Attempts that ended, by whom they were blamed on; hand-overs under `none`.
    package var attempts: [String: Int] = [:]

    private enum CodingKeys: String, CodingKey {
        case accepted, repeats, refused
        case handedOver = "handed_over"
        case deadLettered = "dead_lettered"
        case attempts
    }

    package init() {}
}
