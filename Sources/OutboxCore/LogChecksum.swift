/// The running checksum of SQLite's write-ahead logs (SQLite's file format, "The Checksum Algorithm").
package struct LogChecksum: Sendable {
    package private(set) var first: UInt32 = 0
    package private(set) var second: UInt32 = 0
    private let isBigEndian: Bool

    /// - Parameter isBigEndian: how the log's magic number says that words are to be read.
    package init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    /// Goes on from a frame whose checksum is this.
    package mutating func goOn(from first: UInt32, _ second: UInt32) {
        (self.first, self.second) = (first, second)
    }

    /// - Parameter bytes: a multiple of eight; what is beyond isn't looked at.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var (a, b) = (first, second)
        for offset in stride(from: 0, to: bytes.count & ~7, by: 8) {
            let x = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let y = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
            a = a &+ (isBigEndian ? x.bigEndian : x.littleEndian) &+ b
            b = b &+ (isBigEndian ? y.bigEndian : y.littleEndian) &+ a
        }
        (first, second) = (a, b)
    }

    /// Whether it is this.
    package func matches(_ first: some BinaryInteger, _ second: some BinaryInteger) -> Bool {
        self.first == first && self.second == second
    }
}
