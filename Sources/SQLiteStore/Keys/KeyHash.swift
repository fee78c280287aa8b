import OutboxCore

/// Places keys in tables and filters: SipHash-2-4 (Aumasson and Bernstein 2012) under a secret of this database, so that
/// no producer can choose keys that all meet in one place.
struct KeyHash: Equatable {
    private let first: UInt64
    private let second: UInt64

    init(secret: (UInt64, UInt64)) {
        (first, second) = secret
    }

    /// - Parameter secret: 16 bytes; nil: it has another length.
    init?(secret: [UInt8]) {
        guard secret.count == 16 else { return nil }
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(secret: (word(secret[..<8]), word(secret[8...])))
    }

    /// Of the digest's bytes as they stand in an entry.
    func callAsFunction(_ key: Digest128) -> UInt64 {
        var state = State(
            a: first ^ 0x736F_6D65_7073_6575,
            b: second ^ 0x646F_7261_6E64_6F6D,
            c: first ^ 0x6C79_6765_6E65_7261,
            d: second ^ 0x7465_6462_7974_6573
        )
        state.add(key.high.byteSwapped)
        state.add(key.low.byteSwapped)
        // The length in the last byte, no bytes left over.
        state.add(16 << 56)
        state.c ^= 0xFF
        for _ in 0..<4 { state.turn() }
        return state.a ^ state.b ^ state.c ^ state.d
    }

    /// What binds a page's checksum to this database and to its place.
    func seed(ofPage number: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: self(Digest128(high: UInt64(bitPattern: number), low: 0)))
    }

    private struct State {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64

        @inline(__always)
        mutating func add(_ word: UInt64) {
            d ^= word
            turn()
            turn()
            a ^= word
        }

        @inline(__always)
        mutating func turn() {
            a &+= b
            b = (b << 13 | b >> 51) ^ a
            a = a << 32 | a >> 32
            c &+= d
            d = (d << 16 | d >> 48) ^ c
            a &+= d
            d = (d << 21 | d >> 43) ^ a
            c &+= b
            b = (b << 17 | b >> 47) ^ c
            c = c << 32 | c >> 32
        }
    }
}
