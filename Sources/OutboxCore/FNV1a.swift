/// FNV-1a, 64 bits: tells bytes apart where nobody makes them collide on purpose.
package enum FNV1a {
    package static let basis: UInt64 = 0xCBF2_9CE4_8422_2325

    /// - Parameter hash: of the bytes before these.
    package static func hash(_ bytes: some Sequence<UInt8>, after hash: UInt64 = basis) -> UInt64 {
        bytes.reduce(hash) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
