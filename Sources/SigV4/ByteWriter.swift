/// A growing buffer that is written in place and used again for the next signature: no allocation once it is big enough.
struct ByteWriter: ~Copyable {
    private(set) var count = 0
    private var capacity: Int
    private var base: UnsafeMutablePointer<UInt8>

    init(capacity: Int = 1024) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    mutating func removeAll() {
        count = 0
    }

    /// Room for `extra` more bytes, uninitialised. The caller fills them and then calls `advance`.
    @inline(__always)
    mutating func room(for extra: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < extra { grow(by: extra) }
        return base + count
    }

    @inline(__always)
    mutating func advance(by written: Int) {
        count += written
    }

    @inline(never)
    private mutating func grow(by extra: Int) {
        let newCapacity = max(capacity * 2, count + extra)
        let newBase = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        newBase.update(from: base, count: count)
        base.deallocate()
        base = newBase
        capacity = newCapacity
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        room(for: 1).pointee = byte
        advance(by: 1)
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        room(for: bytes.count).update(from: source, count: bytes.count)
        advance(by: bytes.count)
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Two lower-case digits for each byte.
    mutating func appendHexadecimal(_ bytes: UnsafeBufferPointer<UInt8>) {
        let target = room(for: bytes.count * 2)
        for (index, byte) in bytes.enumerated() {
            target[index * 2] = hexadecimalDigit(byte >> 4)
            target[index * 2 + 1] = hexadecimalDigit(byte & 15)
        }
        advance(by: bytes.count * 2)
    }

    mutating func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    /// - Precondition: not empty.
    mutating func replaceLast(with byte: UInt8) {
        precondition(count > 0)
        base[count - 1] = byte
    }

    /// Takes back everything from the last `byte` on, but nothing before `start`.
    mutating func removeBack(to byte: UInt8, notBefore start: Int) {
        while count > start {
            count -= 1
            if base[count] == byte { return }
        }
    }

    /// The bytes from `start` on; valid until the next change.
    @inline(__always)
    func withBytes<Result>(from start: Int = 0, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: base + start, count: count - start))
    }

    func string(_ range: Range<Int>) -> String {
        precondition(range.upperBound <= count)
        return String(decoding: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count), as: UTF8.self)
    }
}
