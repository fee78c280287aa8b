import Foundation
import OutboxCore
import SQLiteStore
import SigV4
import Salvage
import TestSupport

/// A queue as a daemon leaves it: events, dead letters with a history, keys, a few handed over; part of it in the log.
struct SampleQueue {
    struct Row: Hashable {
        var id: EventID
        var state: EventState
        var payload: [UInt8]
        var function: FunctionIdentity
    }

    var database: [UInt8] = []
    var log: [UInt8] = []
    /// Queued events and dead letters, by id.
    var rows: [EventID: Row] = [:]
    var keys: Set<Digest128?> = []
    /// Everything that was ever accepted.
    var accepted: [EventID: Row] = [:]

    static let start = WallTime(milliseconds: 1_700_000_000_000)

    /// - Parameters:
    ///   - checkpointed: of how many events the file itself tells; what comes later is in the log alone.
    init(events: Int = 300, checkpointed: Int = 200) throws {
        let folder = try TemporaryDirectory(inMemory: true)
        let path = folder.file("outbox.db")
        var random = SampleRandom(seed: 7)
        var store = try SQLiteStore.open(
            SQLiteStoreOptions(path: path, bootID: "boot"),
            now: Self.start,
            hash: { Digest256(bytes: SHA256.digest($0)) },
            using: &random
        )
        for number in 0..<events {
            try accept(number, &store)
            if number + 1 == checkpointed { try store.checkpoint() }
        }
        try resolve(&store)
        database = try [UInt8](Data(contentsOf: URL(filePath: path)))
        log = try [UInt8](Data(contentsOf: URL(filePath: path + "-wal")))
    }

    private mutating func accept(_ number: Int, _ store: inout SQLiteStore) throws {
        // Each tenth needs overflow pages.
        let length = number % 10 == 0 ? 9_000 + number : 40 + number % 300
        let payload = Array(#"{"n":\#(number),"fill":"\#(String(repeating: "x", count: length))"}"#.utf8)
        let function = FunctionIdentity(
            partition: "aws",
            account: "-",
            region: "eu-central-1",
            name: "orders-\(number % 3)",
            qualifier: "-"
        )
        let key = number % 4 == 0 ? "key-\(number)" : nil
        let event = NewEvent(
            function: function,
            payload: payload,
            payloadDigest: Digest256(bytes: SHA256.digest(payload)),
            headers: PassedHeaders(tenantID: number % 5 == 0 ? "tenant" : nil),
            producer: "uid:\(1000 + number % 2)",
            dedupe: key.map {
                DedupeKey(
                    kind: .idempotencyKey,
                    text: $0,
                    contentDigest: Digest256(bytes: SHA256.digest(payload)),
                    window: .hours(24)
                )
            }
        )
        let replies = try store.commit([.accept(event)], now: Self.start.advanced(by: .seconds(Int64(number))))
        guard case .accepted(let queued) = replies[0] else { return }
        let row = Row(id: queued.id, state: .queued, payload: payload, function: function)
        accepted[row.id] = row
        rows[row.id] = row
        if key != nil {
            let hash: HashFunction = { Digest256(bytes: SHA256.digest($0)) }
            keys.insert(event.dedupe?.digest(producer: event.producer, function: function, hash: hash))
        }
    }

    /// Every seventh dies, every eleventh is handed over.
    private mutating func resolve(_ store: inout SQLiteStore) throws {
        for (place, id) in rows.keys.sorted().enumerated() where place % 7 == 0 || place % 11 == 0 {
            let isDead = place % 7 == 0
            let resolution = Resolution(
                sequence: id.sequence,
                attempt: AttemptRecord(
                    at: Self.start,
                    duration: .milliseconds(12),
                    outcome: isDead ? "answered" : "handed-over",
                    blame: isDead ? .event : nil,
                    status: isDead ? 400 : 202,
                    charged: isDead,
                    uncertain: false
                ),
                fate: isDead ? .dead(.rejected, reason: "Lambda refused it") : .handedOver,
                chargedAttempts: isDead ? 1 : 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
            _ = try store.commit([.resolve(resolution)], now: Self.start.advanced(by: .hours(1)))
            if isDead { rows[id]?.state = .deadLetter } else { rows[id] = nil }
        }
    }

    /// What a salvage of such bytes finds.
    static func salvage(_ database: [UInt8], _ log: [UInt8] = []) -> (records: [SalvagedRecord], SalvageSummary) {
        var salvage = Salvage(DamagedFiles(database: database, log: log)) { Digest256(bytes: SHA256.digest($0)) }
        var records: [SalvagedRecord] = []
        let summary = salvage.run { records.append($0) }
        return (records, summary)
    }
}

/// Numbers that follow from a seed.
struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

extension [SalvagedRecord] {
    var events: [SalvagedEvent] {
        compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    var keys: [SalvagedKey] {
        compactMap { if case .key(let key) = $0 { key } else { nil } }
    }

    var unreadable: [Unreadable] {
        compactMap { if case .unreadable(let place) = $0 { place } else { nil } }
    }

    /// Those without a mark, as a sample has them.
    var sound: [EventID: SampleQueue.Row] {
        Dictionary(
            events.filter(\.marks.isEmpty).map { event in
                let detail = event.detail
                return (
                    detail.id,
                    SampleQueue.Row(
                        id: detail.id,
                        state: detail.state,
                        payload: event.payload,
                        function: detail.function
                    )
                )
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
