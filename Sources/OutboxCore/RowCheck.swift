/// A checksum over what is delivered of a row, and over what the event is known by: a bit that changed on the disk sends
/// no other event than the one that was accepted. The payload is in it by its digest.
///
/// Stored with every row: a released version's rows must still fit, so what is computed here never changes.
package enum RowCheck {
    /// - Parameters:
    ///   - tail: the low 32 bits of the event's id.
    ///   - function: of the event's function, from `part(of:)`.
    package static func value(
        _ sequence: Int64,
        _ acceptedAt: WallTime,
        tail: Int64,
        _ function: UInt64,
        _ headers: PassedHeaders,
        _ digest: Digest256
    ) -> Int64 {
        var hash = FNV1a.basis
        mix(UInt64(bitPattern: sequence), into: &hash)
        mix(UInt64(bitPattern: acceptedAt.milliseconds), into: &hash)
        mix(UInt64(bitPattern: tail), into: &hash)
        mix(function, into: &hash)
        mix(part(of: headers.durableExecutionName), into: &hash)
        mix(part(of: headers.tenantID), into: &hash)
        mix(part(of: headers.traceID), into: &hash)
        mix(part(of: headers.clientContext), into: &hash)
        mix(digest.words.0, into: &hash)
        mix(digest.words.1, into: &hash)
        mix(digest.words.2, into: &hash)
        mix(digest.words.3, into: &hash)
        return Int64(bitPattern: hash)
    }

    /// A function's part: its five names.
    package static func part(of function: FunctionIdentity) -> UInt64 {
        [function.partition, function.account, function.region, function.name, function.qualifier]
            .reduce(FNV1a.basis) { FNV1a.hash(CollectionOfOne(0), after: FNV1a.hash($1.utf8, after: $0)) }
    }

    /// A missing text and an empty one are two.
    private static func part(of text: String?) -> UInt64 {
        text.map { FNV1a.hash($0.utf8) } ?? 0
    }

    /// A bijection in each of its two words: one that changed alone always changes the result.
    private static func mix(_ word: UInt64, into hash: inout UInt64) {
        hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
    }
}
