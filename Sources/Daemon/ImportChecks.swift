internal import AdminAPI
internal import OutboxCore

/// Why a record can't come in; for people, with nothing of its contents.
struct ImportProblem: Error, Hashable {
    var text: String

    init(_ text: String) {
        self.text = text
    }
}

/// Turns records of an import into events and keys. They may come from anywhere: each field is held to what the door asks
/// of it, and to what the store can keep.
struct ImportChecks: Sendable {
    /// Whether the configuration leads anywhere for a function: without that there is nothing to deliver it by.
    let isRouted: @Sendable (FunctionIdentity) -> Bool
    let hash: HashFunction
    let now: WallTime

    /// The largest that a configuration allows.
    static let payloadBytesMax = 6 << 20
    static let reasonBytesMax = 1000
    /// The store takes a row for damaged whose counters are ten times as high: what comes in goes on being counted.
    static let counterMax = 100_000_000
    /// No window is longer.
    private static let windowMax = Span.days(366)

    func record(_ record: ImportRecord) throws(ImportProblem) -> ImportedRecord {
        switch (record.event, record.key) {
        case (let event?, nil): return .event(try self.event(event, record))
        case (nil, let key?): return .key(try self.key(key))
        default: throw ImportProblem("neither an event nor a key")
        }
    }

    // MARK: Events

    private func event(_ event: Event, _ record: ImportRecord) throws(ImportProblem) -> ImportedEvent {
        let marks = Set(record.marks ?? [])
        guard !marks.contains("function-unknown") else { throw ImportProblem("nobody knows what function it is for") }
        let id = try Self.id(event.id)
        let function = try self.function(
            event.function,
            event.qualifier,
            event.region,
            event.account,
            record.partition ?? Self.partition(ofARN: event.arn)
        )
        let place = try place(event, marks)
        var isCorrupt = false
        if case .deadLetters(.corrupt, _, _) = place { isCorrupt = true }
        let payload = try self.payload(event, record, isCorrupt: isCorrupt)
        // No payload has this digest: a corrupt one is not delivered, whatever is ordered.
        let digest = isCorrupt ? Digest256(words: (0, 0, 0, 0)) : hash(payload)
        let headers = try headers(event)
        let lines = try lines(event.attempts ?? [])
        let key = try dedupeKey(event, headers, digest)
        let isPromised = event.attemptCount == 0 && event.redriven == 0
        return ImportedEvent(
            id: id,
            event: NewEvent(
                function: function,
                payload: payload,
                payloadDigest: digest,
                headers: headers,
                producer: event.producer.isEmpty ? "unknown" : try producer(event.producer),
                deliverAt: isPromised ? event.nextAttemptAt.map { bounded($0, EventOptions.delayMax) } : nil,
                expiresAt: event.expiresAt.map { WallTime(milliseconds: $0.milliseconds) },
                dedupe: key
            ),
            place: place,
            keyUntil: key.map { _ in event.keyUntil.map { bounded($0, Self.windowMax) } ?? now },
            chargedAttempts: try Self.counter(event.chargedAttempts),
            uncertain: event.uncertain,
            redriven: try Self.counter(event.redriven),
            attempts: max(try Self.counter(event.attemptCount), lines.reduce(0) { $0 + $1.count }),
            lines: lines
        )
    }

    private func place(_ event: Event, _ marks: Set<String>) throws(ImportProblem) -> ImportedEvent.Place {
        // A death that lies ahead would be the newest, and kept, for ever.
        let diedAt = event.diedAt.map { bounded($0, .zero) } ?? now
        if !marks.isDisjoint(with: ["payload-checksum", "row-checksum", "row-number"]) {
            return .deadLetters(
                .corrupt,
                reason: "salvaged, and not what was accepted (\(marks.sorted().joined(separator: ", ")))",
                diedAt: diedAt
            )
        }
        switch event.state {
        case "queued", "in-flight":
            guard marks.contains("loose") else { return .queue }
            let reason = "salvaged from a page that no table leads to: it may have been handed over long ago"
            return .deadLetters(.moved, reason: reason, diedAt: now)
        case "dead-letter":
            guard let condition = event.condition.flatMap(DeadLetterCondition.init(rawValue:)) else {
                throw ImportProblem("condition: none of those that dead letters have")
            }
            let reason = event.reason ?? "not known"
            guard reason.utf8.count <= Self.reasonBytesMax else { throw ImportProblem("reason: too long") }
            return .deadLetters(condition, reason: reason, diedAt: diedAt)
        default: throw ImportProblem("state: only queued events and dead letters can be brought in")
        }
    }

    private func payload(
        _ event: Event,
        _ record: ImportRecord,
        isCorrupt: Bool
    ) throws(ImportProblem) -> [UInt8] {
        guard let text = record.payload else { throw ImportProblem("it has no payload_base64") }
        guard let payload = Base64.decode(Array(text.utf8)) else { throw ImportProblem("payload_base64: not base64") }
        guard payload.count <= Self.payloadBytesMax else {
            throw ImportProblem("its payload is larger than \(Self.payloadBytesMax >> 20) MiB")
        }
        guard payload.count == event.payloadBytes else {
            throw ImportProblem("its payload has \(payload.count) bytes, and payload_bytes says \(event.payloadBytes)")
        }
        if !isCorrupt, !payload.isEmpty, JSONScanner.fault(in: payload) != nil {
            throw ImportProblem("its payload is not JSON")
        }
        return payload
    }

    private func headers(_ event: Event) throws(ImportProblem) -> PassedHeaders {
        let headers = PassedHeaders(
            durableExecutionName: event.durableExecutionName,
            tenantID: event.tenantID,
            traceID: event.traceID,
            clientContext: event.clientContext
        )
        do throws(Refusal) {
            try headers.check()
            if let context = headers.clientContext { _ = try ClientContext.options(in: context) }
        } catch {
            throw ImportProblem(error.message)
        }
        return headers
    }

    private func dedupeKey(
        _ event: Event,
        _ headers: PassedHeaders,
        _ digest: Digest256
    ) throws(ImportProblem) -> DedupeKey? {
        guard let text = event.idempotencyKey, !event.producer.isEmpty else { return nil }
        // Written by an older version, which left the kind out.
        let likely: DedupeKey.Kind = text == headers.durableExecutionName ? .durableExecutionName : .idempotencyKey
        return DedupeKey(
            kind: try event.keyKind.map { number throws(ImportProblem) in try Self.kind(number) } ?? likely,
            text: try Self.keyText(text),
            contentDigest: DedupeKey.contentDigest(payloadDigest: digest, headers: headers, hash: hash),
            window: .zero
        )
    }

    // MARK: Attempts

    private static let outcomes =
        Set(["handed-over", "answered"]).union(TransportFailure.Kind.allCases.map(\.rawValue))

    private func lines(_ attempts: [Attempt]) throws(ImportProblem) -> [AttemptRecord] {
        guard attempts.count <= AttemptHistory.firstKept + AttemptHistory.lastKept else {
            throw ImportProblem("attempts: more lines than a history keeps")
        }
        var lines: [AttemptRecord] = []
        for attempt in attempts {
            guard Self.outcomes.contains(attempt.outcome), attempt.count >= 1,
                (0...Int64(Self.counterMax)).contains(attempt.durationMilliseconds),
                attempt.status.map({ (100...999).contains($0) }) ?? true,
                [attempt.code, attempt.message, attempt.requestID].allSatisfy({ $0?.utf8.count ?? 0 <= 1024 })
            else { throw ImportProblem("attempts: a line that is none of ours") }
            var blame: Blame?
            if let word = attempt.blame {
                blame = Blame(rawValue: word)
                if blame == nil { throw ImportProblem("attempts: a line that is none of ours") }
            }
            let record = AttemptRecord(
                at: WallTime(milliseconds: attempt.at.milliseconds),
                lastAt: attempt.lastAt.map { WallTime(milliseconds: $0.milliseconds) },
                duration: Span(milliseconds: attempt.durationMilliseconds),
                outcome: attempt.outcome,
                blame: blame,
                status: attempt.status,
                code: attempt.code,
                message: attempt.message,
                requestID: attempt.requestID,
                charged: attempt.charged,
                uncertain: attempt.uncertain,
                count: try Self.counter(attempt.count)
            )
            AttemptHistory.append(record, to: &lines)
        }
        return lines
    }

    // MARK: Keys

    private func key(_ key: SalvagedKeyLine) throws(ImportProblem) -> ImportedKey {
        guard !key.loose else {
            throw ImportProblem("a key from a page that no table leads to: it may have been forgotten long ago")
        }
        guard [32, 64].contains(key.contentDigest.utf8.count),
            let content = Digest128(String(key.contentDigest.prefix(32))),
            Self.bytes(ofHexadecimal: key.contentDigest) != nil
        else { throw ImportProblem("content_sha256: not 32 or 64 hexadecimal digits") }
        return ImportedKey(
            digest: try digest(of: key),
            content: content,
            event: try Self.id(key.event),
            rememberedUntil: key.rememberedUntil.map { bounded($0, Self.windowMax) }
        )
    }

    private func digest(of key: SalvagedKeyLine) throws(ImportProblem) -> Digest128 {
        if let text = key.keyDigest {
            guard let digest = Digest128(text) else { throw ImportProblem("key_sha256: not 32 hexadecimal digits") }
            return digest
        }
        guard let name = key.name else { throw ImportProblem("neither key_sha256 nor all names of the key") }
        return DedupeKey.digest(
            try Self.kind(name.keyKind),
            try Self.keyText(name.key),
            producer: try producer(name.producer),
            function: try function(name.function, name.qualifier, name.region, name.account, name.partition),
            hash: hash
        )
    }

    // MARK: Single fields

    private static func id(_ text: String) throws(ImportProblem) -> EventID {
        guard let id = EventID(text), !id.rows.isEmpty, id.sequence > 0 else {
            throw ImportProblem("its id is none that this program gives")
        }
        return id
    }

    private func function(
        _ name: String,
        _ qualifier: String?,
        _ region: String?,
        _ account: String?,
        _ partition: String?
    ) throws(ImportProblem) -> FunctionIdentity {
        guard let region else { throw ImportProblem("its function has no region") }
        let prefix = "arn:\(partition ?? AWSRegion.partition(of: region)):lambda:\(region):"
        let text = prefix + (account.map { "\($0):" } ?? "") + "function:\(name)"
        let function: FunctionIdentity
        do throws(Refusal) {
            function = try FunctionName.parse(text, qualifier: qualifier, naming: FunctionNaming(region: region))
        } catch {
            throw ImportProblem(error.message)
        }
        guard function.name == name, function.account == account ?? "-", function.region == region else {
            throw ImportProblem("The function name is out of form. Use a name, name:alias, or an ARN.")
        }
        guard isRouted(function) else {
            throw ImportProblem("The region \(region) is not configured. Add it to aws.regions, and restart.")
        }
        return function
    }

    private static func partition(ofARN arn: String?) -> String? {
        guard let parts = arn?.split(separator: ":", omittingEmptySubsequences: false), parts.count > 2 else {
            return nil
        }
        return String(parts[1])
    }

    private func producer(_ text: String) throws(ImportProblem) -> String {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw ImportProblem("producer: 1 to 255 printable ASCII characters")
        }
        return text
    }

    private static func keyText(_ text: String) throws(ImportProblem) -> String {
        guard (1...EventOptions.keyBytesMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw ImportProblem("its key is none that the door takes") }
        return text
    }

    private static func kind(_ number: Int64) throws(ImportProblem) -> DedupeKey.Kind {
        guard let kind = DedupeKey.Kind(rawValue: Int(clamping: number)) else {
            throw ImportProblem("key_kind: a number from 1 to 4")
        }
        return kind
    }

    private static func counter(_ number: Int) throws(ImportProblem) -> Int {
        guard (0...counterMax).contains(number) else { throw ImportProblem("a counter that can't be") }
        return number
    }

    private func bounded(_ time: Timestamp, _ span: Span) -> WallTime {
        min(WallTime(milliseconds: time.milliseconds), now.advanced(by: span))
    }

    private static func bytes(ofHexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
