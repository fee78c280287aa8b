import OutboxCore
import SigV4

/// What the daemon hands in.
let sha256: HashFunction = { Digest256(bytes: SHA256.digest($0)) }

/// The events: made from numbers alone, bodies as Benchmarks/tools/body.h writes them.
struct Rows {
    /// How long a key is remembered.
    static let window = Span.days(1)

    private let functions: [FunctionIdentity]
    private let gone = Self.named("gone")
    private let goneEvery: Int64
    private let bytes: Int

    init(_ options: Options) {
        let names = options.functions == 0 ? ["orders"] : (0..<options.functions).map { "orders\($0)" }
        functions = names.map(Self.named)
        goneEvery = Int64(options.gone)
        bytes = options.bytes
    }

    private static func named(_ name: String) -> FunctionIdentity {
        FunctionIdentity(partition: "aws", account: "-", region: "eu-central-1", name: name, qualifier: "-")
    }

    private func function(_ number: Int64) -> FunctionIdentity {
        if goneEvery > 0, number % goneEvery == 0 { return gone }
        return functions[Int(number / max(goneEvery, 1) % Int64(functions.count))]
    }

    /// - Parameter key: the number of its idempotency key; events of one such number are equal.
    func event(_ number: Int64, key: Int64? = nil) -> NewEvent {
        let payload = body(key ?? number)
        let digest = Digest256(bytes: SHA256.digest(payload))
        let function = function(key ?? number)
        let producer = "uid:0"
        return NewEvent(
            function: function,
            payload: payload,
            payloadDigest: digest,
            producer: producer,
            dedupe: key.map {
                let text = Self.keyText($0)
                return DedupeKey(
                    kind: .idempotencyKey,
                    text: text,
                    contentDigest: digest,
                    window: Self.window,
                    // As the door does it, on its own threads.
                    digest: DedupeKey.digest(
                        .idempotencyKey,
                        text,
                        producer: producer,
                        function: function,
                        hash: sha256
                    )
                )
            }
        )
    }

    private func body(_ number: Int64) -> [UInt8] {
        var body = Array("{ \"n\":\(number),  \"pad\":\"".utf8)
        body.reserveCapacity(bytes)
        var letter = Int(number % 26)
        while body.count + 4 < bytes {
            body.append(UInt8(ascii: "a") + UInt8(letter))
            letter = letter == 25 ? 0 : letter + 1
        }
        body.append(contentsOf: "\" }\n".utf8)
        return body
    }

    /// 128 bits that follow in no order from one number to the next.
    private static func keyText(_ number: Int64) -> String {
        func mixed(_ word: UInt64) -> UInt64 {
            var word = word
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        let high = mixed(UInt64(bitPattern: number) &* 0x9E37_79B9_7F4A_7C15)
        return EventID(high: high, low: mixed(high ^ 0xD1B5_4A32_D192_ED03)).description
    }

    /// That an event was handed over at its first attempt.
    static func handedOver(_ sequence: Int64, at now: WallTime) -> StoreCommand {
        .resolve(
            Resolution(
                sequence: sequence,
                attempt: AttemptRecord(
                    at: now,
                    duration: Span(milliseconds: 12),
                    outcome: "handed-over",
                    blame: nil,
                    status: 202,
                    requestID: "0192f0c1-7e9a-7000-8000-000000000000",
                    charged: false,
                    uncertain: false
                ),
                fate: .handedOver,
                chargedAttempts: 0,
                unknownAttempts: 0,
                routeFailures: 0,
                uncertain: false
            )
        )
    }
}
