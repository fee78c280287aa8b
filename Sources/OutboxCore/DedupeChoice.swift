extension DedupeKey {
    /// The key of an event, in the order of P4: the producer's own, the durable execution name, the SDK's invocation
    /// id, and, where the function's configuration says so, its content. Nil where the event has none.
    ///
    /// - Parameters:
    ///   - sdkInvocationID: `amz-sdk-invocation-id`. A hint, so one that is out of form counts as none.
    ///   - payloadDigest: SHA-256 of the body.
    package static func choose(
        producer: String,
        function: FunctionIdentity,
        idempotencyKey: String?,
        sdkInvocationID: String?,
        headers: PassedHeaders,
        payloadDigest: Digest256,
        policy: FunctionPolicy,
        hash: HashFunction
    ) -> DedupeKey? {
        let kind: Kind
        let text: String
        var window = policy.dedupeWindow
        if let idempotencyKey {
            (kind, text) = (.idempotencyKey, idempotencyKey)
        } else if let name = headers.durableExecutionName {
            (kind, text) = (.durableExecutionName, name)
        } else if let sdkInvocationID, isUsable(sdkInvocationID) {
            (kind, text, window) = (.sdkInvocation, sdkInvocationID, policy.sdkWindow)
        } else if policy.dedupeBy == .content {
            (kind, text) = (.content, hexadecimal(payloadDigest))
        } else {
            return nil
        }
        return DedupeKey(
            kind: kind,
            text: text,
            contentDigest: contentDigest(payloadDigest: payloadDigest, headers: headers, hash: hash),
            window: window,
            digest: digest(kind, text, producer: producer, function: function, hash: hash)
        )
    }

    /// What is compared when a key comes again: SHA-256 over body, tenant id and durable execution name. The body goes
    /// in by its own SHA-256, so that a large one is hashed once; lengths stand in front of the two texts, and a text
    /// that is absent differs from one that is empty.
    package static func contentDigest(
        payloadDigest: Digest256,
        headers: PassedHeaders,
        hash: HashFunction
    ) -> Digest256 {
        var framed = payloadDigest.bytes
        for text in [headers.tenantID, headers.durableExecutionName] {
            let length = text.map { UInt32(clamping: $0.utf8.count) } ?? .max
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                framed.append(UInt8(truncatingIfNeeded: length >> shift))
            }
            framed.append(contentsOf: (text ?? "").utf8)
        }
        return hash(framed)
    }

    private static func isUsable(_ text: String) -> Bool {
        (1...EventOptions.keyBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func hexadecimal(_ digest: Digest256) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
