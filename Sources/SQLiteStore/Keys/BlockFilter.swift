/// A Bloom filter whose bits for one key stand in one cache line (Putze, Sanders and Singler 2007): 24 bits a key, seven of
/// them set. A value over memory that its owner gives and takes back.
struct BlockFilter {
    static let lineBytes = 64
    private static let lineWords = 8

    let lines: Int
    private let words: UnsafeMutablePointer<UInt64>

    static func lines(capacity: Int) -> Int { max(1, (capacity * 24 + 511) / 512) }

    /// An empty one for so many keys.
    static func allocate(capacity: Int) -> BlockFilter {
        let lines = lines(capacity: capacity)
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: lines * lineBytes, alignment: lineBytes)
        let words = bytes.initializeMemory(as: UInt64.self, repeating: 0, count: lines * lineWords)
        return BlockFilter(lines: lines, words: words)
    }

    func deallocate() {
        words.deallocate()
    }

    /// As it is written: the words little-endian, line after line.
    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: words, count: lines * Self.lineBytes)
    }

    @inline(__always)
    private func line(_ hash: UInt64) -> UnsafeMutablePointer<UInt64> {
        words + Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(lines)).high) * Self.lineWords
    }

    /// Seven numbers of nine bits, apart from what chooses the line.
    @inline(__always)
    static func bits(_ hash: UInt64) -> UInt64 {
        let mixed = (hash ^ hash >> 31) &* 0x9E37_79B9_7F4A_7C15
        return (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
    }

    func insert(_ hash: UInt64) {
        let line = line(hash)
        var bits = Self.bits(hash)
        for _ in 0..<7 {
            bits = bits << 9 | bits >> 55
            let bit = Int(bits & 511)
            line[bit >> 6] |= 1 << UInt64(bit & 63)
        }
    }

    /// false: it was never inserted.
    func mayContain(_ hash: UInt64) -> Bool { mayContain(hash, bits: Self.bits(hash)) }

    /// - Parameter bits: of this hash; the same for every filter.
    @inline(__always)
    func mayContain(_ hash: UInt64, bits: UInt64) -> Bool {
        let line = line(hash)
        var bits = bits
        for _ in 0..<7 {
            bits = bits << 9 | bits >> 55
            let bit = Int(bits & 511)
            if line[bit >> 6] >> UInt64(bit & 63) & 1 == 0 { return false }
        }
        return true
    }
}
