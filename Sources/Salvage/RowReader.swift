import OutboxCore

/// Makes events, letters and keys of rows. What other tables know of them is handed in.
struct RowReader {
    var functions: [Int64: FunctionIdentity] = [:]
    var producers: [Int64: String] = [:]
    /// By event, each with its place in the history.
    private var attempts: [Int64: [(place: Int64, record: AttemptRecord)]] = [:]
    /// Rows from this number on have a checksum; nil: the file doesn't say.
    var checkedFrom: Int64?
    private let hash: HashFunction

    init(hash: @escaping HashFunction) {
        self.hash = hash
    }

    // MARK: What others are told of

    /// Takes a row of a table that others refer to; one that is known already stays as it is.
    mutating func learn(_ record: Record, of table: Table, row: Int64) {
        switch table {
        case .functions where functions[row] == nil:
            functions[row] = FunctionIdentity(
                partition: record.text(1) ?? "",
                account: record.text(2) ?? "",
                region: record.text(3) ?? "",
                name: record.text(4) ?? "",
                qualifier: record.text(5) ?? ""
            )
        case .producers where producers[row] == nil:
            producers[row] = record.text(1)
        case .attempts:
            guard let sequence = record.integer(0), let place = record.integer(1) else { return }
            attempts[sequence, default: []].append((place, attempt(record)))
        default: break
        }
    }

    private func attempt(_ record: Record) -> AttemptRecord {
        AttemptRecord(
            at: time(record, 2),
            lastAt: time(record, 3),
            duration: Span(milliseconds: record.integer(4) ?? 0),
            outcome: record.text(5) ?? "",
            blame: record.text(6).flatMap(Blame.init(rawValue:)),
            status: record.integer(7).map { Int($0) },
            code: record.text(8),
            message: record.text(9),
            requestID: record.text(10),
            charged: record.integer(11) == 1,
            uncertain: record.integer(12) != 0,
            count: Int(record.integer(13) ?? 1)
        )
    }

    private func time(_ record: Record, _ column: Int) -> WallTime {
        WallTime(milliseconds: record.integer(column) ?? 0)
    }

    // MARK: Events

    /// Columns that both tables have, by where they stand.
    private struct Places {
        var dueAt: Int?
        var acceptedAt, ageFrom, expiresAt, idTail, charged, attempts, uncertain, redriven, producer: Int
        var keyKind, keyText: Int
        var diedAt, condition, reason: Int?
        var headers: Int
        var digest: Int

        static let event = Places(
            dueAt: 2,
            acceptedAt: 3,
            ageFrom: 4,
            expiresAt: 5,
            idTail: 6,
            charged: 7,
            attempts: 10,
            uncertain: 11,
            redriven: 12,
            producer: 13,
            keyKind: 14,
            keyText: 16,
            headers: 17,
            digest: 21
        )
        static let deadLetter = Places(
            acceptedAt: 2,
            ageFrom: 3,
            expiresAt: 4,
            idTail: 5,
            charged: 6,
            attempts: 9,
            uncertain: 10,
            redriven: 11,
            producer: 12,
            keyKind: 13,
            keyText: 15,
            diedAt: 16,
            condition: 17,
            reason: 18,
            headers: 21,
            digest: 25
        )
    }

    /// The id in a row, whole or not.
    func id(_ record: Record, of table: Table, row: Int64) -> EventID? {
        let places = table == .events ? Places.event : .deadLetter
        guard let acceptedAt = record.integer(places.acceptedAt), let tail = record.integer(places.idTail) else {
            return nil
        }
        return Self.id(row, acceptedAt, tail)
    }

    /// Puts an id together as the store does; numbers that none of its ids has are cut.
    static func id(_ row: Int64, _ acceptedAt: Int64, _ tail: Int64) -> EventID {
        EventID(acceptedAt: WallTime(milliseconds: acceptedAt), row: row, tail: tail)
    }

    /// - Precondition: the record is whole, and in the table's form.
    func event(_ record: Record, of table: Table, row: Int64, page: Int, marks: [SalvagedEvent.Mark]) -> SalvagedEvent {
        let places = table == .events ? Places.event : .deadLetter
        let payload = record.blob(places.digest + 1) ?? []
        var marks = marks
        let digest = record.blob(places.digest) ?? []
        if digest != hash(payload).bytes { marks.append(.payloadChecksum) }
        let functionID = record.integer(1) ?? 0
        let function = functions[functionID]
        if function == nil { marks.append(.functionUnknown) }
        let producer = producers[record.integer(places.producer) ?? 0]
        if producer == nil { marks.append(.producerUnknown) }
        let acceptedAt = time(record, places.acceptedAt)
        let headers = PassedHeaders(
            durableExecutionName: record.text(places.headers),
            tenantID: record.text(places.headers + 1),
            traceID: record.text(places.headers + 2),
            clientContext: record.text(places.headers + 3)
        )
        let tail = record.integer(places.idTail) ?? 0
        if let function, digest.count == 32 {
            let expected = RowCheck.value(
                row,
                acceptedAt,
                tail: tail,
                RowCheck.part(of: function),
                headers,
                Digest256(bytes: digest)
            )
            let check = record.integer(places.digest + 2)
            let isDue = checkedFrom.map { row >= $0 } ?? false
            if check.map({ $0 != expected }) ?? isDue { marks.append(.rowChecksum) }
        }
        var detail = EventDetail(
            sequence: row,
            id: Self.id(row, acceptedAt.milliseconds, tail),
            functionKey: FunctionKey(functionID),
            function: function ?? Self.unknownFunction,
            state: table == .events ? .queued : .deadLetter,
            producer: producer ?? "",
            headers: headers,
            idempotencyKey: record.text(places.keyText),
            keyKind: record.integer(places.keyKind).map { Int($0) },
            keyUntil: record.integer(places.keyKind + 1).map(WallTime.init(milliseconds:)),
            payloadBytes: payload.count,
            acceptedAt: acceptedAt,
            dueAt: places.dueAt.flatMap { record.integer($0) }.map(WallTime.init(milliseconds:)),
            ageFrom: time(record, places.ageFrom),
            expiresAt: record.integer(places.expiresAt).map(WallTime.init(milliseconds:)),
            chargedAttempts: Int(record.integer(places.charged) ?? 0),
            uncertain: record.integer(places.uncertain) != 0,
            redriven: Int(record.integer(places.redriven) ?? 0),
            attemptCount: Int(record.integer(places.attempts) ?? 0),
            attempts: (attempts[row] ?? []).sorted { $0.place < $1.place }.map(\.record)
        )
        detail.diedAt = places.diedAt.map { time(record, $0) }
        detail.condition = places.condition.flatMap { record.text($0) }.flatMap(DeadLetterCondition.init(rawValue:))
        detail.reason = places.reason.flatMap { record.text($0) }
        return SalvagedEvent(
            detail: detail,
            payload: payload,
            marks: marks,
            page: page
        )
    }

    /// Stands where the name can't be told; no function has it.
    static let unknownFunction = FunctionIdentity(partition: "", account: "-", region: "-", name: "", qualifier: "-")

    /// Nil where nobody can tell whose key it is.
    func key(_ record: Record, isLoose: Bool) -> SalvagedKey? {
        guard let producer = record.integer(0).flatMap({ producers[$0] }),
            let function = record.integer(1).flatMap({ functions[$0] }), let kind = record.integer(2),
            let text = record.text(3), let digest = record.blob(4), digest.count == 32,
            let sequence = record.integer(5), let acceptedAt = record.integer(6), let tail = record.integer(7)
        else { return nil }
        let name = SalvagedKey.Name(producer: producer, function: function, kind: kind, text: text)
        return SalvagedKey(
            name: name,
            content: digest,
            event: Self.id(sequence, acceptedAt, tail),
            rememberedUntil: record.integer(8).map(WallTime.init(milliseconds:)),
            isLoose: isLoose
        )
    }

    /// What a row of the keys' journal holds; nothing where it is damaged, or of another table.
    func entries(_ record: Record, row: Int64) -> [KeyEntry] {
        (record.blob(1) ?? []).withUnsafeBytes { bytes in
            (0..<KeyRow.count(bytes, position: row)).map {
                KeyEntry(from: bytes.baseAddress! + $0 * KeyEntry.byteCount)
            }
        }
    }
}
