/// Numbers out of bytes that may be anything: nil where they don't hold what is asked for, never a trap.
struct ByteView {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    func byte(_ offset: Int) -> UInt8? {
        bytes.indices.contains(offset) ? bytes[offset] : nil
    }

    /// Big-endian, as everything in a database file.
    func uint16(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - 2 else { return nil }
        return Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    }

    func uint32(_ offset: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - 4 else { return nil }
        return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    /// A variable-length integer (SQLite's file format, "varint") that ends before `end`, and what comes behind it.
    func varint(_ offset: Int, end: Int) -> (value: Int64, next: Int)? {
        let end = min(end, bytes.count)
        guard offset >= 0 else { return nil }
        var value: UInt64 = 0
        var position = offset
        while position < end {
            let byte = bytes[position]
            if position - offset == 8 {
                return (Int64(bitPattern: value << 8 | UInt64(byte)), position + 1)
            }
            value = value << 7 | UInt64(byte & 0x7F)
            position += 1
            if byte & 0x80 == 0 { return (Int64(bitPattern: value), position) }
        }
        return nil
    }
}
