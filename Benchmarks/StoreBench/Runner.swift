import Glibc
import OutboxCore
import SQLiteStore

/// A store and the clock that its commands are told. One thread.
struct Runner: ~Copyable {
    /// As the commit loop does it.
    private static let walBytesMax = 8 << 20
    /// Lines of the history that stay, so that it doesn't grow from run to run.
    private static let historyMax = 1000

    private var store: SQLiteStore
    private let options: Options
    private let rows: Rows
    private var milliseconds: Double
    let openMilliseconds: Double

    static func open(_ options: Options) throws -> Runner {
        var random = SystemRandomNumberGenerator()
        let start = nanoseconds(CLOCK_MONOTONIC)
        let now = WallTime(milliseconds: nanoseconds(CLOCK_REALTIME) / 1_000_000)
        let storeOptions = SQLiteStoreOptions(path: options.file, bootID: bootID())
        let store = try SQLiteStore.open(storeOptions, now: now, hash: sha256, using: &random)
        let took = Double(nanoseconds(CLOCK_MONOTONIC) - start) / 1e6
        var runner = Runner(store: store, options: options, now: now, openMilliseconds: took)
        _ = try runner.store.commit([.begin(nil)], now: now)
        return runner
    }

    private init(store: consuming SQLiteStore, options: Options, now: WallTime, openMilliseconds: Double) {
        self.store = store
        self.options = options
        self.openMilliseconds = openMilliseconds
        rows = Rows(options)
        milliseconds = Double(now.milliseconds)
    }

    private static func bootID() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, Int32(line.count), file) != nil else { return "" }
        return String(decoding: line.prefix { $0 > 32 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    consuming func close() throws {
        try store.close(clean: true)
    }

    var queued: Int { store.totals.queued }

    private var now: WallTime { WallTime(milliseconds: Int64(milliseconds)) }

    /// One commit: `others`, then the events. Gives the sequence numbers that are new.
    private mutating func commit(
        _ events: [NewEvent],
        and others: [StoreCommand] = [],
        _ tally: inout Tally,
        check: (Int, StoreReply) throws -> Int64? = { _, reply in
            guard case .accepted(let event) = reply else { throw Problem(text: "an event wasn't accepted") }
            return event.sequence
        }
    ) throws -> [Int64] {
        let commands = others + events.map(StoreCommand.accept)
        let now = now
        let replies = try tally.commit(rows: events.count) { try store.commit(commands, now: now) }
        if store.walBytes > Self.walBytesMax { try tally.checkpoint { try store.checkpoint() } }
        return try replies.dropFirst(others.count).enumerated().compactMap { try check($0.offset, $0.element) }
    }

    private func fresh(_ count: Int) -> [NewEvent] {
        let first = store.totals.lastSequence + 1
        return (0..<Int64(count)).map { rows.event(first + $0) }
    }

    /// Accepts events, which stay.
    mutating func fill() throws -> Tally {
        var tally = Tally()
        while tally.rows < options.rows {
            _ = try commit(fresh(min(options.batch, options.rows - tally.rows)), &tally)
        }
        return tally
    }

    /// Accepts events; afterwards they are taken out again.
    mutating func accept() throws -> Tally {
        var tally = Tally()
        var accepted: [Int64] = []
        while tally.rows < options.rows {
            accepted += try commit(fresh(min(options.batch, options.rows - tally.rows)), &tally)
        }
        try handOver(accepted)
        return tally
    }

    /// Accepts events and hands each over in the commit behind its own.
    mutating func handOverEach() throws -> Tally {
        var tally = Tally()
        var waiting: [Int64] = []
        while tally.rows < options.rows || !waiting.isEmpty {
            let resolutions = waiting.map { Rows.handedOver($0, at: now) }
            waiting = try commit(fresh(min(options.batch / 2, options.rows - tally.rows)), and: resolutions, &tally)
        }
        try trimHistory()
        return tally
    }

    /// Takes events out, and the lines about that, too.
    private mutating func handOver(_ sequences: [Int64]) throws {
        var uncounted = Tally()
        for start in stride(from: 0, to: sequences.count, by: options.batch) {
            let part = sequences[start..<min(start + options.batch, sequences.count)]
            _ = try commit([], and: part.map { Rows.handedOver($0, at: now) } + [trim], &uncounted)
        }
        try trimHistory()
    }

    private mutating func trimHistory() throws {
        while case .trimmed(_, more: true) = try store.commit([trim], now: now).first {
            try store.checkpoint()
        }
    }

    private var trim: StoreCommand {
        .trim(historyBefore: WallTime(milliseconds: 0), historyMax: Self.historyMax, limit: options.batch * 2)
    }
}

extension Runner {
    /// Remembers keys, evenly over their window, whose events are handed over. Gives the first number and how many.
    mutating func remember() throws -> (first: Int64, count: Int, tally: Tally) {
        let first = store.totals.lastSequence + 1
        let end = nanoseconds(CLOCK_MONOTONIC) + Int64(options.fillSeconds) * 1_000_000_000
        var tally = Tally()
        var waiting: [Int64] = []
        while tally.rows < options.remember, nanoseconds(CLOCK_MONOTONIC) < end {
            let resolutions = waiting.map { Rows.handedOver($0, at: now) } + [trim]
            let count = min(options.batch, options.remember - tally.rows)
            waiting = try commit(keyed(count), and: resolutions, &tally)
            milliseconds += keySpacing * Double(count)
        }
        try handOver(waiting)
        return (first, tally.rows, tally)
    }

    /// A little less than the window over all of them: at the end each is still remembered.
    private var keySpacing: Double { Double(Rows.window.milliseconds) * 0.98 / Double(options.remember) }

    private func keyed(_ count: Int) -> [NewEvent] {
        let first = store.totals.lastSequence + 1
        return (0..<Int64(count)).map { rows.event(first + $0, key: first + $0) }
    }

    /// Accepts events with a fresh key each, and takes them out again; their keys stay, as many old ones expire.
    mutating func acceptKeyed(_ remembered: (first: Int64, count: Int)) throws -> (tally: Tally, repeats: Int) {
        var tally = Tally()
        var accepted: [Int64] = []
        var repeats = 0
        var die = Die(seed: UInt64(bitPattern: store.totals.lastSequence))
        while tally.rows < options.rows {
            var expected: [Int64?] = []
            var events: [NewEvent] = []
            var next = store.totals.lastSequence + 1
            for _ in 0..<min(options.batch, options.rows - tally.rows) {
                if Int(die.next() % 1000) < options.repeats {
                    // Of the newer half, which no run lets expire (see Options).
                    let half = Int64(remembered.count / 2)
                    let older = remembered.first + half + Int64(die.next() % UInt64(half))
                    events.append(rows.event(older, key: older))
                    expected.append(older)
                } else {
                    events.append(rows.event(next, key: next))
                    expected.append(nil)
                    next += 1
                }
            }
            accepted += try commit(events, &tally) { index, reply in
                switch (expected[index], reply) {
                case (nil, .accepted(let event)): return event.sequence
                case (let older?, .repeated(let id, _)) where id.sequence == older:
                    repeats += 1
                    return nil
                case (let older?, _): throw Problem(text: "the key of event \(older) doesn't name it any more")
                default: throw Problem(text: "a fresh key is taken for a repeat")
                }
            }
            milliseconds += keySpacing * Double(options.batch)
        }
        try handOver(accepted)
        return (tally, repeats)
    }
}

/// Repeatable dice.
struct Die {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
