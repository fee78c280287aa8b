/// The headers that are signed, on their way into canonical form. Used again for each signature.
struct CanonicalHeaders: ~Copyable {
    private struct Entry {
        /// Of the lower-case name in `names`.
        var start: Int
        var count: Int
        var value: String
    }

    private var names = ByteWriter(capacity: 256)
    private var entries: [Entry] = []

    mutating func removeAll() {
        names.removeAll()
        entries.removeAll(keepingCapacity: true)
    }

    /// Adds a header, whatever its name.
    mutating func add(_ name: String, _ value: String) {
        let start = names.count
        names.appendLowercased(name)
        entries.append(Entry(start: start, count: names.count - start, value: value))
    }

    /// Adds a header unless it is one that proxies may change, or that the signer makes itself.
    mutating func addSignable(_ name: String, _ value: String) {
        let start = names.count
        names.appendLowercased(name)
        if names.withBytes(from: start, { isNeverSigned($0) || isMadeBySigner($0) }) {
            names.truncate(to: start)
        } else {
            entries.append(Entry(start: start, count: names.count - start, value: value))
        }
    }

    func contains(_ name: StaticString) -> Bool {
        names.withBytes { names in entries.contains { equal(Self.name(of: $0, in: names), name) } }
    }

    /// The first value under a lower-case name.
    func value(of name: StaticString) -> String? {
        names.withBytes { names in entries.first { equal(Self.name(of: $0, in: names), name) }?.value }
    }

    /// By name; headers of one name stay in the order they came in.
    mutating func sort() {
        guard entries.count > 1 else { return }
        names.withBytes { names in
            // Insertion: stable, and there are a handful.
            for index in 1..<entries.count {
                var place = index
                while place > 0 {
                    let name = Self.name(of: entries[place], in: names)
                    guard precedes(name, Self.name(of: entries[place - 1], in: names)) else { break }
                    entries.swapAt(place, place - 1)
                    place -= 1
                }
            }
        }
    }

    /// `name:value` lines; several values of one name are joined by commas. Sorted before.
    func writeLines(to writer: inout ByteWriter) {
        names.withBytes { names in
            for (index, entry) in entries.enumerated() {
                let name = Self.name(of: entry, in: names)
                if index > 0, equal(name, Self.name(of: entries[index - 1], in: names)) {
                    writer.replaceLast(with: UInt8(ascii: ","))
                } else {
                    writer.append(name)
                    writer.append(UInt8(ascii: ":"))
                }
                writer.appendTrimmed(entry.value)
                writer.append(UInt8(ascii: "\n"))
            }
        }
    }

    /// The names once each, joined by semicolons. Sorted before.
    func writeNames(to writer: inout ByteWriter) {
        names.withBytes { names in
            for (index, entry) in entries.enumerated() {
                let name = Self.name(of: entry, in: names)
                if index > 0 {
                    if equal(name, Self.name(of: entries[index - 1], in: names)) { continue }
                    writer.append(UInt8(ascii: ";"))
                }
                writer.append(name)
            }
        }
    }

    @inline(__always)
    private static func name(of entry: Entry, in names: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: names[entry.start..<entry.start + entry.count])
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
