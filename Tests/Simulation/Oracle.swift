import Engine
import OutboxCore

/// Knows what every producer was told, what every commit did and what Lambda got, and says where a promise doesn't hold.
///
/// It learns of commits from the store's wrapper, of attempts from the network, of answers from the clients; the daemon's
/// own state it asks for only to compare.
final class Oracle {
    /// One event, as it must be.
    struct Entry {
        enum State: String { case queued, dead, handedOver = "handed over", cancelled, purged }
        let id: EventID
        let function: Int
        let message: Int
        let payload: [UInt8]
        var state = State.queued
        var acceptedAt: WallTime
        var ageFrom: WallTime
        /// Nanoseconds of the world's clock: when it came into the queue (again), and from when its age counts.
        var storedAt: Int64
        var agesFrom: Int64
        var dueAt: WallTime?
        /// When the producer wanted it delivered; nil: at once.
        var promisedAt: WallTime?
        var expiresAt: WallTime?
        var charged = 0
        var unknown = 0
        var redriven = 0
        var uncertain = false
        /// In flight when the machine went down: the flight file is gone.
        var mayBeUnmarked = false
        /// How often Lambda took it.
        var takes = 0
        /// Failures on the way since the accept or latest redrive, and how many others the route had handed over at the first.
        var midway = 0
        var othersAtFirst = 0
        var lastCause: Cause?
        /// Lambda has refused it for what it is, since the accept or latest redrive.
        var wasRefused = false
        /// Further crashes at which it was the only suspect in flight.
        var crashesAlone = 0
        var condition: DeadLetterCondition?
    }
    /// One attempt, until its outcome is on disk.
    struct Flight {
        let function: Int
        let route: Int
        let cause: Cause
        let retryAfter: Span?
        let startedAt: Int64
        let isProbe: Bool
        let isRouteProbe: Bool
        var hasEnded = false
        var endWall = WallTime(milliseconds: 0)
        /// Nanoseconds.
        var endedAt: Int64 = 0
        var policy = FunctionPolicy()
        var isTrusted = false
        /// The latest step of the clock before its end.
        var steppedAt: Int64?
        var isCutOff = false
        var mayBeShared = false
    }
    struct Key: Hashable {
        var function: Int
        var text: String
    }

    let record: Record
    var entries: [Int64: Entry] = [:]
    var flights: [Int64: Flight] = [:]
    var inFlight: [Int]
    var keys: [Key: (id: EventID, digest: Digest256, until: WallTime)] = [:]
    var queued = 0
    var dead = 0
    var queuedByFunction: [Int]
    var deadByFunction: [Int]
    /// By message: events that the store made of it.
    var stored: [Int: Int] = [:]
    var maxWall = WallTime(milliseconds: .min)
    /// What the flight file must say, and what may be in it still.
    var slots: Set<EventID> = []
    /// In flight at a crash, and not answered since.
    var suspects: Set<EventID> = []
    /// How many the latest crash left: each may keep the others waiting.
    var suspectsAtMost = 0
    /// Must be marked by the next process.
    var toMark: Set<EventID> = []
    var mayMark: Set<EventID> = []
    var scopes: Scopes
    /// What operators were told is stopped.
    var pauses: [GlobPattern] = []
    /// What the store says is stopped.
    var storedPauses: Set<String> = []
    /// Moved to the dead letters by operators' orders under way.
    var moving: Set<Int64> = []
    var forced: Set<Int64> = []
    var functionOfKey: [FunctionKey: Int] = [:]
    /// Policies that the delivery side goes by, and that the commit side goes by.
    var policies: PolicyTable {
        didSet {
            policyBefore = policyOf
            policyOf = Self.policies(record.plan, policies)
        }
    }
    private var policyOf: [FunctionPolicy]
    /// Until this round of the delivery side, if it changes in it.
    private var policyBefore: [FunctionPolicy]?
    /// Given up for their age by a decision that was right when it was made, and is on its way to the disk.
    var condemned: Set<Int64> = []
    var isDiskBlocked = false
    /// AWS's clock as its answers told this process.
    var serverSeen: (date: WallTime, at: Int64)?
    var isTrusted = true
    /// The latest step of the wall clock, the latest that is too small to be told from drift, the latest boot.
    var steppedAt: Int64?
    var creptAt: Int64?
    var bootedAt: Int64?
    /// Delays drawn, as parts of their bounds, where those were long.
    var jitter: [Double] = []
    var starts: [Starts]
    var drains: [Starts]
    var idleSince: [Int64]
    var watch: Watch
    var turns: [Turns]
    var shares: Shares
    /// The delivery side must know by now that outcomes wait to be recorded.
    var mustWaitForDisk = false

    init(_ record: Record) {
        self.record = record
        let functions = record.plan.functions.count
        inFlight = Array(repeating: 0, count: functions)
        queuedByFunction = inFlight
        deadByFunction = inFlight
        scopes = Scopes(functions: functions, routes: record.plan.routes.count)
        policies = record.plan.policies
        policyOf = Self.policies(record.plan, policies)
        starts = Array(repeating: Starts(), count: functions)
        drains = starts
        idleSince = Array(repeating: 0, count: functions)
        watch = Watch(functions: functions)
        turns = Array(repeating: Turns(), count: functions)
        shares = Shares(record.plan)
    }

    func violated(_ check: String, _ expected: String, _ found: String) {
        record.violated(check, expected: expected, found: found)
    }

    func name(_ function: Int) -> String { record.plan.functions[function].identity.description }

    func policy(_ function: Int) -> FunctionPolicy { policyOf[function] }

    /// What the delivery side has decided in this round.
    func decided(_ messages: some Sequence<CommitMessage>) {
        for case .outcomes(let commands) in messages {
            for case .bury(let sequence, let condition, _) in commands {
                guard let entry = entries[sequence] else { continue }
                // It has left the memory, also where the burial is held up.
                turns[entry.function].left(sequence)
                guard condition == .expired else { continue }
                let policies = [policyOf[entry.function]] + (policyBefore.map { [$0[entry.function]] } ?? [])
                if policies.contains(where: { isTooOld(entry, $0) }) { condemned.insert(sequence) }
            }
        }
        policyBefore = nil
    }

    private static func policies(_ plan: Plan, _ table: PolicyTable) -> [FunctionPolicy] {
        plan.functions.map { table.policy(for: $0.identity) }
    }

    func index(of function: FunctionIdentity) -> Int {
        record.plan.functions.firstIndex { $0.identity == function } ?? -1
    }

    /// The delivery side begins a round.
    func turnBegins() {
        maxWall = max(maxWall, record.world.now.wall)
        lookAtClock()
        watchTurn()
    }

    /// Whether the wall clock can be believed now: AWS's word counts before the kernel's.
    func lookAtClock() {
        if let serverSeen {
            let elapsed = (record.nanoseconds - serverSeen.at) / 1_000_000
            let date = serverSeen.date.advanced(by: .milliseconds(500 + elapsed))
            isTrusted = abs(date.since(record.world.now.wall).milliseconds) <= 300_000
        } else {
            isTrusted = record.world.isSynchronised
        }
    }

    /// What the delivery side is about to read.
    func told(_ message: DeliveryMessage) {
        watchTold(message)
        turnsTold(message)
        sharesTold(message)
        switch message {
        case .committed(let sequences):
            for sequence in sequences { if let entry = entries[sequence] { slots.remove(entry.id) } }
        case .diskBlocked(let blocked):
            isDiskBlocked = blocked
            // What the next commit, which may be under way, does to them shows when it has ended.
            if !blocked { mustWaitForDisk = false }
        case .force(let event):
            forced.insert(event.sequence)
            let function = index(of: event.function)
            scopes.functions[function].bringForward(at: record.nanoseconds)
            scopes.routes[record.plan.functions[function].route].bringForward(at: record.nanoseconds)
        case .forgotten(let keys):
            for key in keys {
                guard let function = functionOfKey[key], queuedByFunction[function] == 0 else { continue }
                scopes.functions[function] = Scopes.Scope()
            }
        case .reload: scopes.bringAllForward(at: record.nanoseconds)
        case .pauses(_, let resumed):
            guard let resumed else { break }
            for (index, function) in record.plan.functions.enumerated() where resumed.matches(function.identity) {
                scopes.functions[index].bringForward(at: record.nanoseconds)
                scopes.routes[function.route].bringForward(at: record.nanoseconds)
            }
        default: break
        }
    }
}

/// Times of attempts, for rates.
struct Starts {
    private(set) var times: [Int64] = []

    /// At most `rate` a second and what 50 ms make up for. Returns how many there were in a span where they were too many.
    mutating func add(_ now: Int64, rate: Double) -> (count: Int, seconds: Double)? {
        times.append(now)
        if times.count > 400 { times.removeFirst(200) }
        for (index, time) in times.enumerated() where index % 8 == 0 || index >= times.count - 8 {
            let seconds = Double(now - time) / 1e9
            let count = times.count - index
            // A millisecond more: waits are rounded.
            if Double(count) > rate * (seconds + 0.052) + 1.001 { return (count, seconds) }
        }
        return nil
    }

    mutating func forget() { times = [] }
}
