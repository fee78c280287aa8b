package import AdminAPI
package import OutboxCore

/// Everything that `/metrics` tells, taken at one moment. Bounded: functions are at most `AdminLimits.metricFunctionsMax`
/// and one that stands for all others.
package struct Metrics: Sendable {
    package var status: Status
    package var functions: [FunctionMetrics]
    /// Requests that the door refused since the start, by error code.
    package var refusals: [String: Int]
    package var connections: Connections?
    package var process: ProcessFacts?
    /// In microseconds.
    package var acceptDurations: Histogram
    package var attemptDurations: Histogram
    package var commitDurations: Histogram
    package var commitEvents: Histogram

    package init(
        status: Status,
        functions: [FunctionMetrics] = [],
        refusals: [String: Int] = [:],
        connections: Connections? = nil,
        process: ProcessFacts? = nil,
        acceptDurations: Histogram = Histogram(.accepting),
        attemptDurations: Histogram = Histogram(.attempting),
        commitDurations: Histogram = Histogram(.accepting),
        commitEvents: Histogram = Histogram(.counting)
    ) {
        self.status = status
        self.functions = functions
        self.refusals = refusals
        self.connections = connections
        self.process = process
        self.acceptDurations = acceptDurations
        self.attemptDurations = attemptDurations
        self.commitDurations = commitDurations
        self.commitEvents = commitEvents
    }

    /// The door's connections since the start.
    package struct Connections: Hashable, Sendable {
        package var open: Int
        package var opened: Int
        package var turnedAway: Int
        package var timeouts: Int

        package init(open: Int, opened: Int, turnedAway: Int, timeouts: Int) {
            self.open = open
            self.opened = opened
            self.turnedAway = turnedAway
            self.timeouts = timeouts
        }
    }
}

/// What the metrics say of one function, or of all that have no label of their own.
package struct FunctionMetrics: Hashable, Sendable {
    /// The label's value.
    package var label: String
    package var queued = 0
    package var inFlight = 0
    /// Nil where nothing waits or it isn't known yet.
    package var oldestAgeSeconds: Int64?
    /// `active` or `suspended`; nil for what stands for many.
    package var state: String?
    /// Attempts a second that a throttle, `rate` or `drain_rate` allows now, where one of them holds the function back;
    /// nil for what stands for many.
    package var ratePerSecond: Double?
    /// Until its queue is empty; nil where that isn't known, and for what stands for many.
    package var secondsToEmpty: Int64?
    /// Dead letters by condition.
    package var dead: [String: Int] = [:]
    /// By `AcceptKind` and `AttemptKind`, since the start.
    package var accepts = SIMD8<Int64>.zero
    package var attempts = SIMD8<Int64>.zero

    package init(label: String) {
        self.label = label
    }
}

/// The process as the system sees it.
package struct ProcessFacts: Hashable, Sendable {
    package var cpuSeconds: Double
    package var residentBytes: Int64
    package var virtualBytes: Int64
    package var openDescriptors: Int
    package var maxDescriptors: Int64
    package var threads: Int
    /// Since 1970.
    package var startedAtSeconds: Double

    package init(
        cpuSeconds: Double,
        residentBytes: Int64,
        virtualBytes: Int64,
        openDescriptors: Int,
        maxDescriptors: Int64,
        threads: Int,
        startedAtSeconds: Double
    ) {
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
        self.virtualBytes = virtualBytes
        self.openDescriptors = openDescriptors
        self.maxDescriptors = maxDescriptors
        self.threads = threads
        self.startedAtSeconds = startedAtSeconds
    }
}

/// Which functions have a label of their own: those that came first, those with most events first among functions that
/// came together. Nobody loses his label, and nobody who was added up under another gets one: so counters never fall.
package struct MetricLabels: Sendable {
    /// Can't be a function's name.
    package static let others = "(other)"

    private let max: Int
    private var named: Set<String> = []

    package init(max: Int = AdminLimits.metricFunctionsMax) {
        self.max = max
    }

    /// Shows all functions that are to be told about now; `volume` decides while there are labels left.
    package mutating func saw(_ functions: [(name: String, volume: Int)]) {
        guard named.count < max else { return }
        let news = functions.filter { !named.contains($0.name) }.sorted { ($1.volume, $0.name) < ($0.volume, $1.name) }
        for function in news where named.count < max { named.insert(function.name) }
    }

    /// The label's value for a function that was shown.
    package func label(_ function: String) -> String {
        named.contains(function) ? function : Self.others
    }
}
