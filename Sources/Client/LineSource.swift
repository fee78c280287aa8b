import Glibc

/// Cuts a descriptor's bytes into lines, without reading more than is asked for. Memory is bounded by the longest line.
package struct LineSource {
    /// A line longer than the door's largest payload could ever be is read past and reported, not kept.
    package static let lineBytesMax = 8 << 20

    package enum Line: Hashable, Sendable {
        case text([UInt8])
        /// Longer than `lineBytesMax`; its bytes were dropped.
        case tooLong
    }

    let descriptor: Int32
    private(set) var isAtEnd = false
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var dropping = false

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// A whole line that has been read, without its line end (`\n` or `\r\n`); nil if there is none yet.
    mutating func next() -> Line? {
        while true {
            guard let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = buffer.count
                if buffer.count - start > Self.lineBytesMax { drop() }
                return isAtEnd ? last() : nil
            }
            let line = buffer[start..<end]
            start = end + 1
            scanned = start
            if dropping {
                dropping = false
                return .tooLong
            }
            if line.count > Self.lineBytesMax { return .tooLong }
            return .text(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
        }
    }

    /// Reads once; blocks if nothing is there.
    mutating func fill() throws(ClientError) {
        if start > 0 {
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        let chunk = 64 * 1024
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: chunk))
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + old, chunk) }
        let number = errno
        buffer.removeLast(chunk - max(count, 0))
        if count < 0 && number != EINTR && number != EAGAIN {
            throw .invalid("can't read the lines: \(String(cString: strerror(number)))")
        }
        if count == 0 { isAtEnd = true }
    }

    private mutating func drop() {
        buffer = []
        start = 0
        scanned = 0
        dropping = true
    }

    private mutating func last() -> Line? {
        defer {
            drop()
            dropping = false
        }
        if dropping { return .tooLong }
        return start < buffer.count ? .text(Array(buffer[start...])) : nil
    }
}
