extension DedupeKey {
    /// What an idempotency key is known by: SHA-256 over kind, producer, function and text, cut to 128 bits. Names and not
    /// row numbers go into it, and no secret, so that it is the same in every database.
    ///
    /// Each text goes in behind its length in bytes (32 bits, big-endian): no two sets of texts make the same bytes.
    package static func digest(
        _ kind: Kind,
        _ text: String,
        producer: String,
        function: FunctionIdentity,
        hash: HashFunction
    ) -> Digest128 {
        let texts = [
            producer, function.partition, function.account, function.region, function.name, function.qualifier, text,
        ]
        var framed: [UInt8] = []
        framed.reserveCapacity(160)
        framed.append(UInt8(kind.rawValue))
        for text in texts {
            let length = UInt32(clamping: text.utf8.count)
            for shift in stride(from: UInt32(24), through: 0, by: -8) {
                framed.append(UInt8(truncatingIfNeeded: length >> shift))
            }
            framed.append(contentsOf: text.utf8)
        }
        return Digest128(hash(framed))
    }

    /// The same of this key; what was computed before where it was.
    package func digest(producer: String, function: FunctionIdentity, hash: HashFunction) -> Digest128 {
        digest ?? Self.digest(kind, text, producer: producer, function: function, hash: hash)
    }
}
