import OutboxCore
import Testing

@Suite struct `Event options` {
    /// 2026-11-22T12:00:00Z
    static let now = WallTime(milliseconds: 1_795_348_800_000)

    static func after(_ span: Span) -> WallTime { now.advanced(by: span) }

    @Test(
        arguments: [
            ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("15m", .minutes(15)), ("6h", .hours(6)),
            ("2d", .days(2)),
            ("0s", .zero), ("007s", .seconds(7)), ("9999999999999999999999d", Span(milliseconds: .max)), ("", nil),
            ("s", nil),
            ("30", nil), ("30S", nil), ("1.5h", nil), ("-1s", nil), ("+1s", nil), ("1h30m", nil), ("1 s", nil),
            (" 1s", nil),
            ("1w", nil), ("1s ", nil), ("٣s", nil),
        ] as [(String, Span?)]
    )
    func `a duration is digits and a unit`(text: String, span: Span?) {
        #expect(Span(durationText: text) == span)
    }

    @Test(
        arguments: [
            ("2026-11-22T12:00:00Z", 1_795_348_800_000), ("2026-11-22t12:00:00z", 1_795_348_800_000),
            ("2026-11-22 12:00:00Z", 1_795_348_800_000), ("2026-11-22T13:00:00+01:00", 1_795_348_800_000),
            ("2026-11-22T06:30:00-05:30", 1_795_348_800_000), ("2026-11-22T12:00:00.25Z", 1_795_348_800_250),
            ("2026-11-22T12:00:00.123987654Z", 1_795_348_800_123), ("1795348800", 1_795_348_800_000), ("0", 0),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("1969-12-31T23:59:59Z", -1000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("0000-03-01T00:00:00Z", -62_162_035_200_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2026-11-22T12:00:00", nil),
            ("2026-11-22", nil), ("2025-02-29T00:00:00Z", nil), ("2100-02-29T00:00:00Z", nil),
            ("2026-13-01T00:00:00Z", nil),
            ("2026-00-01T00:00:00Z", nil), ("2026-11-31T00:00:00Z", nil), ("2026-11-22T24:00:00Z", nil),
            ("2026-11-22T12:60:00Z", nil), ("2026-11-22T12:00:61Z", nil), ("2026-11-22T12:00:00+24:00", nil),
            ("2026-11-22T12:00:00.Z", nil), ("2026-11-22T12:00:00Zx", nil), ("", nil), ("-5", nil),
            ("1795348800.5", nil),
            ("9999999999999", nil), ("2026-11-22T12:00:00+0100", nil),
        ] as [(String, Int64?)]
    )
    func `a time is RFC 3339 with its zone, or Unix seconds`(text: String, milliseconds: Int64?) {
        #expect(WallTime(timestampText: text)?.milliseconds == milliseconds)
    }

    @Test func `days and dates agree over four centuries`() {
        for days in Int64(-200_000)...200_000 {
            let date = CivilTime.date(days: days)
            #expect(CivilTime.days(year: date.year, month: date.month, day: date.day) == days)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var headers = OptionTexts()
        var context = OptionTexts()
        var options: EventOptions
        var testDescription: String { name }
    }

    @Test(arguments: [
        Row(name: "none", options: EventOptions()),
        Row(
            name: "a key is literal",
            headers: .init(idempotencyKey: #""a b""#),
            options: .init(idempotencyKey: #""a b""#)
        ),
        Row(
            name: "longest key",
            headers: .init(idempotencyKey: String(repeating: "k", count: 255)),
            options: .init(idempotencyKey: String(repeating: "k", count: 255))
        ),
        Row(name: "delay", headers: .init(delay: "30s"), options: .init(deliverAt: after(.seconds(30)))),
        Row(name: "no delay", headers: .init(delay: "0s"), options: EventOptions()),
        Row(name: "longest delay", headers: .init(delay: "30d"), options: .init(deliverAt: after(.days(30)))),
        Row(name: "deliver at", context: .init(deliverAt: "1795348801"), options: .init(deliverAt: after(.seconds(1)))),
        Row(name: "deliver at a past time", headers: .init(deliverAt: "1795348799"), options: EventOptions()),
        Row(name: "expires in", headers: .init(expiresIn: "6h"), options: .init(expiresAt: after(.hours(6)))),
        Row(name: "expires at", headers: .init(expiresAt: "1795348801"), options: .init(expiresAt: after(.seconds(1)))),
        Row(
            name: "delay and expiry",
            headers: .init(delay: "1h", expiresIn: "2h"),
            options: .init(deliverAt: after(.hours(1)), expiresAt: after(.hours(2)))
        ),
        Row(
            name: "the same in both places",
            headers: .init(idempotencyKey: "k", delay: "60s"),
            context: .init(idempotencyKey: "k", delay: "1m"),
            options: .init(idempotencyKey: "k", deliverAt: after(.minutes(1)))
        ),
        Row(
            name: "some here, some there",
            headers: .init(idempotencyKey: "k"),
            context: .init(expiresIn: "1m"),
            options: .init(idempotencyKey: "k", expiresAt: after(.minutes(1)))
        ),
    ])
    func `are read`(row: Row) throws {
        #expect(try EventOptions(headers: row.headers, context: row.context, now: Self.now) == row.options)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var headers = OptionTexts()
        var context = OptionTexts()
        var text: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Refused(name: "empty key", headers: .init(idempotencyKey: ""), text: "1 to 255"),
        Refused(name: "long key", headers: .init(idempotencyKey: String(repeating: "k", count: 256)), text: "1 to 255"),
        Refused(name: "key not ASCII", headers: .init(idempotencyKey: "schlüssel"), text: "printable ASCII"),
        Refused(name: "key with a control character", context: .init(idempotencyKey: "a\nb"), text: "printable ASCII"),
        Refused(name: "delay out of form", headers: .init(delay: "soon"), text: "Outbox-Delay must be digits"),
        Refused(name: "time without zone", headers: .init(deliverAt: "2026-11-22T12:00:00"), text: "with its zone"),
        Refused(name: "both of delay", headers: .init(delay: "1s", deliverAt: "1795348801"), text: "Give one of them"),
        Refused(
            name: "both of delay, in two places",
            headers: .init(delay: "1s"),
            context: .init(deliverAt: "1795348801"),
            text: "Give one of them"
        ),
        Refused(
            name: "both of expiry",
            headers: .init(expiresIn: "1s", expiresAt: "1795348801"),
            text: "Give one of them"
        ),
        Refused(
            name: "different keys",
            headers: .init(idempotencyKey: "a"),
            context: .init(idempotencyKey: "b"),
            text: "different"
        ),
        Refused(name: "different delays", headers: .init(delay: "1s"), context: .init(delay: "2s"), text: "different"),
        Refused(name: "too far ahead", headers: .init(delay: "2592001s"), text: "30 days"),
        Refused(name: "much too far ahead", headers: .init(delay: "999999999999999999d"), text: "30 days"),
        Refused(name: "expiry before delivery", headers: .init(delay: "2h", expiresIn: "1h"), text: "expire before"),
        Refused(name: "expiry in the past", headers: .init(expiresAt: "1795348799"), text: "expire before"),
    ])
    func `are refused with a text that says what to do`(row: Refused) {
        let refusal = #expect(throws: Refusal.self) {
            try EventOptions(headers: row.headers, context: row.context, now: Self.now)
        }
        #expect(refusal?.code == .invalidParameterValue)
        #expect(refusal?.message.contains(row.text) == true)
    }

    // MARK: Client context

    @Test(arguments: [
        ("{}", OptionTexts()), (#"{"client":{"a":1}}"#, OptionTexts()), (#"{"outbox":{}}"#, OptionTexts()),
        (
            #"{"outbox": {"idempotencyKey": "k", "delay": "30s", "expiresIn": "6h"}, "custom": {"outbox": 1}}"#,
            OptionTexts(idempotencyKey: "k", delay: "30s", expiresIn: "6h")
        ),
        (
            #"{"outbox":{"deliverAt":1795348801,"expiresAt":"1795348802"}}"#,
            OptionTexts(deliverAt: "1795348801", expiresAt: "1795348802")
        ),
        (#"{"outbox":{"idempotencyKey":"\u006b"}}"#, OptionTexts(idempotencyKey: "k")),
    ])
    func `the client context holds options`(json: String, texts: OptionTexts) throws {
        #expect(try ClientContext.options(in: encodeBase64(json)) == texts)
    }

    @Test(arguments: [
        "[]", "\"a\"", "{", #"{"outbox":1}"#, #"{"outbox":{"idempotencykey":"k"}}"#, #"{"outbox":{"priority":"1"}}"#,
        #"{"outbox":{"delay":30}}"#, #"{"outbox":{"idempotencyKey":null}}"#, #"{"outbox":{"delay":"1s","delay":"1s"}}"#,
        #"{"outbox":{},"outbox":{}}"#, #"{"outbox":{"deliverAt":true}}"#,
    ])
    func `a bad client context is refused`(json: String) {
        let refusal = #expect(throws: Refusal.self) { try ClientContext.options(in: encodeBase64(json)) }
        #expect(refusal?.code == .invalidRequestContent)
    }

    @Test(arguments: ["!!!", "{}", "e30\n", "====", "e", String(repeating: "A", count: 3584)])
    func `a client context that isn't base64, or too long, is refused`(text: String) {
        #expect(throws: Refusal.self) { try ClientContext.options(in: text) }
    }

    @Test(arguments: ["", "a", "ab", "abc", "abcd", "\u{0}\u{ff}ä😀"])
    func `base64 is decoded, with padding or without`(text: String) {
        let encoded = encodeBase64(text)
        #expect(Base64.decode(Array(encoded.utf8)) == Array(text.utf8))
        #expect(Base64.decode(Array(encoded.filter { $0 != "=" }.utf8)) == Array(text.utf8))
    }

    // MARK: Headers that are sent on

    @Test(arguments: [
        PassedHeaders(durableExecutionName: "a-Z_9"),
        PassedHeaders(durableExecutionName: String(repeating: "d", count: 64)),
        PassedHeaders(tenantID: "a._:/=+-@ Z9"), PassedHeaders(tenantID: String(repeating: "t", count: 256)),
        PassedHeaders(traceID: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
    ])
    func `headers by AWS's rules are taken`(headers: PassedHeaders) throws {
        try headers.check()
    }

    @Test(arguments: [
        PassedHeaders(durableExecutionName: ""), PassedHeaders(durableExecutionName: "a b"),
        PassedHeaders(durableExecutionName: String(repeating: "d", count: 65)), PassedHeaders(tenantID: ""),
        PassedHeaders(tenantID: "a#b"), PassedHeaders(tenantID: String(repeating: "t", count: 257)),
        PassedHeaders(traceID: ""),
        PassedHeaders(traceID: "ä"),
    ])
    func `headers against AWS's rules are refused`(headers: PassedHeaders) {
        let refusal = #expect(throws: Refusal.self) { try headers.check() }
        #expect(refusal?.code == .validation)
    }

    // MARK: Idempotency keys (P4)

    /// Not SHA-256; it only has to tell inputs apart.
    static let hash: HashFunction = { bytes in
        var words: [UInt64] = [1, 2, 3, 4]
        for byte in bytes {
            for index in words.indices {
                words[index] = (words[index] ^ UInt64(byte)) &* 0x100_0000_01B3 &+ UInt64(index)
            }
        }
        return Digest256(words: (words[0], words[1], words[2], words[3]))
    }

    static func choose(
        key: String? = nil,
        sdk: String? = nil,
        headers: PassedHeaders = PassedHeaders(),
        by: FunctionPolicy.DedupeBy = .key
    ) -> DedupeKey? {
        var policy = FunctionPolicy()
        policy.dedupeBy = by
        return DedupeKey.choose(
            producer: "uid:1001",
            function: FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "eu-central-1",
                name: "orders",
                qualifier: ""
            ),
            idempotencyKey: key,
            sdkInvocationID: sdk,
            headers: headers,
            payloadDigest: hash([1]),
            policy: policy,
            hash: hash
        )
    }

    @Test func `the key is the producer's own first, then the durable name, the SDK's id, the content (P4)`() {
        let durable = PassedHeaders(durableExecutionName: "d")
        #expect(Self.choose(key: "k", sdk: "s", headers: durable, by: .content)?.kind == .idempotencyKey)
        #expect(Self.choose(key: "k", sdk: "s", headers: durable, by: .content)?.text == "k")
        #expect(Self.choose(sdk: "s", headers: durable, by: .content)?.kind == .durableExecutionName)
        #expect(Self.choose(sdk: "s", by: .content)?.kind == .sdkInvocation)
        #expect(Self.choose(by: .content)?.kind == .content)
        #expect(Self.choose(by: .content)?.text.count == 64)
        #expect(Self.choose() == nil)
    }

    @Test func `SDK ids have a window of their own, and out of form they count as none (P4)`() {
        #expect(Self.choose(sdk: "s")?.window == .minutes(15))
        #expect(Self.choose(key: "k")?.window == .hours(24))
        #expect(Self.choose(by: .content)?.window == .hours(24))
        #expect(Self.choose(sdk: "") == nil)
        #expect(Self.choose(sdk: String(repeating: "x", count: 256)) == nil)
    }

    @Test func `what is compared tells body, tenant and durable name apart (P4)`() {
        let variants: [(UInt8, PassedHeaders)] = [
            (1, PassedHeaders()), (2, PassedHeaders()), (1, PassedHeaders(tenantID: "a")),
            (1, PassedHeaders(durableExecutionName: "a")), (1, PassedHeaders(durableExecutionName: "b", tenantID: "a")),
            (1, PassedHeaders(durableExecutionName: "", tenantID: "ab")), (1, PassedHeaders(tenantID: "ab")),
            (1, PassedHeaders(traceID: "ignored", clientContext: "ignored")),
        ]
        let digests = variants.map {
            DedupeKey.contentDigest(payloadDigest: Self.hash([$0.0]), headers: $0.1, hash: Self.hash)
        }
        #expect(Set(digests).count == variants.count - 1)
        #expect(digests[0] == digests[7])
    }
}

func encodeBase64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var result = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var bits: UInt32 = 0
        for index in 0..<3 { bits = bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0) }
        for index in 0..<4 {
            result.append(index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63] : "=")
        }
    }
    return result
}
