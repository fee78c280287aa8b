import Glibc

/// Cuts a descriptor's bytes into lines, without reading more than is asked for. Memory is bounded by the longest line.
package struct LineSource {
    /// A line longer than the door's largest payload could ever be is read past and reported, not kept.
    package static let lineBytesMax = 8 << 20

    package enum Line: Hashable, Sendable {
        case text([UInt8])
        /// Longer than the source takes; its bytes were dropped.
        case tooLong
    }

    let descriptor: Int32
    private(set) var isAtEnd = false
    private var bytesRead: Int64 = 0
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var dropping = false

    private let max: Int

    /// - Parameter max: bytes of a line that is still taken.
    package init(descriptor: Int32, max: Int = LineSource.lineBytesMax) {
        self.descriptor = descriptor
        self.max = max
    }

    /// Bytes of the lines that were given out, and of those dropped.
    var bytesTaken: Int64 { bytesRead - Int64(buffer.count - start) }

    /// A whole line that has been read, without its line end (`\n` or `\r\n`); nil if there is none yet.
    mutating func next() -> Line? {
        while true {
            guard let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = buffer.count
                if buffer.count - start > max { drop() }
                return isAtEnd ? last() : nil
            }
            let line = buffer[start..<end]
            start = end + 1
            scanned = start
            if dropping {
                dropping = false
                return .tooLong
            }
            if line.count > max { return .tooLong }
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
        buffer.removeLast(count < 0 ? chunk : chunk - count)
        if count < 0 && number != EINTR && number != EAGAIN {
            throw .invalid("can't read the lines: \(String(cString: strerror(number)))")
        }
        if count == 0 { isAtEnd = true }
        if count > 0 { bytesRead += Int64(count) }
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
