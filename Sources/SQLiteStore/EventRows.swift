import OutboxCore

/// The small columns at the head of an event or dead letter: what a change of state needs, without the payload.
struct EventHead {
    var function: FunctionKey
    var producer: Int64
    var acceptedAt: WallTime
    var idTail: Int64
    var chargedAttempts: Int
    var attempts: Int
    var redriven: Int
    var uncertain: Bool
    /// When the key's window passes; nil without a key.
    var keyUntil: WallTime?
    var payloadBytes: Int

    /// No counter of an event comes near it: what is above is damage.
    static let counterMax: Int64 = 1_000_000_000

    static let columns = """
        function_id, producer_id, accepted_at, id_tail, charged_attempts, attempts, redriven, uncertain, key_until,
        length(payload)
        """

    init(row: borrowing Statement) {
        function = FunctionKey(row.int64(0))
        producer = row.int64(1)
        acceptedAt = WallTime(milliseconds: row.int64(2))
        idTail = row.int64(3)
        chargedAttempts = row.int(4)
        attempts = row.int(5)
        redriven = row.int(6)
        uncertain = row.bool(7)
        keyUntil = row.optionalInt64(8).map(WallTime.init(milliseconds:))
        payloadBytes = row.int(9)
    }

    func id(_ sequence: Int64) -> EventID {
        EventID(acceptedAt: acceptedAt, row: sequence, tail: idTail)
    }
}

extension Digest256 {
    /// A damaged value becomes one that no payload has, so that the damage is found where the payload is checked.
    init(row: borrowing Statement, _ column: Int32) {
        self = row.withBlob(column) { bytes in
            guard bytes.count == 32 else { return Digest256(words: (0, 0, 0, 0)) }
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return Digest256(words: (word(0), word(1), word(2), word(3)))
        }
    }

    /// Lends the 32 bytes without an array.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        return withUnsafeBytes(of: words, body)
    }
}

extension PassedHeaders {
    static let columns = "durable_name, tenant_id, trace_id, client_context"

    init(row: borrowing Statement, from column: Int32) {
        self.init(
            durableExecutionName: row.optionalText(column),
            tenantID: row.optionalText(column + 1),
            traceID: row.optionalText(column + 2),
            clientContext: row.optionalText(column + 3)
        )
    }
}
