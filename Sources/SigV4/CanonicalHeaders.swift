/// The headers that are signed, on their way into canonical form. Used again for each signature.
struct CanonicalHeaders: ~Copyable {
    /// Where in `bytes` the lower-case name and, right behind it, the trimmed value stand.
    private struct Entry {
        var start: Int
        var nameCount: Int
        var valueCount: Int
    }

    private var bytes = ByteWriter(capacity: 1024)
    private var entries: [Entry] = []

    mutating func removeAll() {
        bytes.removeAll()
        entries.removeAll(keepingCapacity: true)
    }

    /// Adds a header, whatever its name.
    mutating func add(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.appendLowercased(name)
        finish(start: start, value)
    }

    /// Adds a header unless it is one that proxies may change, or that the signer makes itself.
    mutating func addSignable(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.appendLowercased(name)
        if bytes.withBytes(from: start, { isNeverSigned($0) || isMadeBySigner($0) }) {
            bytes.truncate(to: start)
        } else {
            finish(start: start, value)
        }
    }

    private mutating func finish(start: Int, _ value: String) {
        let nameCount = bytes.count - start
        bytes.appendTrimmed(value)
        entries.append(Entry(start: start, nameCount: nameCount, valueCount: bytes.count - start - nameCount))
    }

    func contains(_ name: StaticString) -> Bool {
        bytes.withBytes { bytes in entries.contains { equal(Self.name(of: $0, in: bytes), name) } }
    }

    /// Writes the first value under a lower-case name; false where there is none.
    func writeValue(of name: StaticString, to writer: inout ByteWriter) -> Bool {
        bytes.withBytes { bytes in
            guard let entry = entries.first(where: { equal(Self.name(of: $0, in: bytes), name) }) else { return false }
            writer.append(Self.value(of: entry, in: bytes))
            return true
        }
    }

    /// By name; headers of one name stay in the order they came in.
    mutating func sort() {
        guard entries.count > 1 else { return }
        bytes.withBytes { bytes in
            // Insertion: stable, and there are a handful.
            for index in 1..<entries.count {
                var place = index
                while place > 0 {
                    let name = Self.name(of: entries[place], in: bytes)
                    guard precedes(name, Self.name(of: entries[place - 1], in: bytes)) else { break }
                    entries.swapAt(place, place - 1)
                    place -= 1
                }
            }
        }
    }

    /// `name:value` lines; several values of one name are joined by commas. Sorted before.
    func writeLines(to writer: inout ByteWriter) {
        bytes.withBytes { bytes in
            for index in entries.indices {
                let name = Self.name(of: entries[index], in: bytes)
                if index > 0, equal(name, Self.name(of: entries[index - 1], in: bytes)) {
                    writer.replaceLast(with: UInt8(ascii: ","))
                } else {
                    writer.append(name)
                    writer.append(UInt8(ascii: ":"))
                }
                writer.append(Self.value(of: entries[index], in: bytes))
                writer.append(UInt8(ascii: "\n"))
            }
        }
    }

    /// The names once each, joined by semicolons. Sorted before.
    func writeNames(to writer: inout ByteWriter) {
        bytes.withBytes { bytes in
            for index in entries.indices {
                let name = Self.name(of: entries[index], in: bytes)
                if index > 0 {
                    if equal(name, Self.name(of: entries[index - 1], in: bytes)) { continue }
                    writer.append(UInt8(ascii: ";"))
                }
                writer.append(name)
            }
        }
    }

    @inline(__always)
    private static func name(of entry: Entry, in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[entry.start..<entry.start + entry.nameCount])
    }

    @inline(__always)
    private static func value(of entry: Entry, in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        let start = entry.start + entry.nameCount
        return UnsafeBufferPointer(rebasing: bytes[start..<start + entry.valueCount])
    }
}

/// Headers that intermediaries add, drop or rewrite; the list is botocore's.
private let neverSigned: [StaticString] = [
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
]

private let madeBySigner: [StaticString] = ["authorization", "x-amz-date", "x-amz-security-token"]

private func isNeverSigned(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    neverSigned.contains { equal(name, $0) }
}

private func isMadeBySigner(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    madeBySigner.contains { equal(name, $0) }
}
