/// CRC-32 (IEEE 802.3): finds damage, not malice.
package enum CRC32 {
    /// Eight tables of 256: eight bytes at a time ("slicing by eight").
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[index] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    /// - Parameter seed: distinguishes places: the same bytes elsewhere have another sum. 0: the plain CRC-32.
    package static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var sum = ~seed
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let first = UInt32(truncatingIfNeeded: word) ^ sum
                let second = UInt32(truncatingIfNeeded: word >> 32)
                sum =
                    tables[7 * 256 + Int(first & 0xFF)] ^ tables[6 * 256 + Int(first >> 8 & 0xFF)]
                    ^ tables[5 * 256 + Int(first >> 16 & 0xFF)] ^ tables[4 * 256 + Int(first >> 24)]
                sum ^=
                    tables[3 * 256 + Int(second & 0xFF)] ^ tables[2 * 256 + Int(second >> 8 & 0xFF)]
                    ^ tables[1 * 256 + Int(second >> 16 & 0xFF)] ^ tables[Int(second >> 24)]
                offset += 8
            }
            while offset < bytes.count {
                sum = sum >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: sum) ^ bytes[offset])]
                offset += 1
            }
            return ~sum
        }
    }
}
