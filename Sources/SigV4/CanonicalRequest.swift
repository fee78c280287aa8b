/// The canonical form of a request, written in place.
///
/// SigV4's rules, by the AWS test suites and botocore: the path as sent, normalised, then percent-encoded once more
/// (so `%3A` becomes `%253A`); the query decoded, encoded strictly and sorted; header names in lower case and sorted.
struct CanonicalRequest: ~Copyable {
    /// False only for services like S3, which sign the path as it is.
    let normalizesPath: Bool
    var headers = CanonicalHeaders()
    private(set) var text = ByteWriter(capacity: 2048)

    init(normalizesPath: Bool) {
        self.normalizesPath = normalizesPath
    }

    /// Writes the text from the request and the headers that were added before.
    mutating func write(_ request: SigningRequest) {
        headers.sort()
        text.removeAll()
        text.append(request.method)
        text.append(UInt8(ascii: "\n"))
        writePath(request.path)
        text.append(UInt8(ascii: "\n"))
        writeQuery(request.query)
        text.append(UInt8(ascii: "\n"))
        headers.writeLines(to: &text)
        text.append(UInt8(ascii: "\n"))
        headers.writeNames(to: &text)
        text.append(UInt8(ascii: "\n"))
        if !headers.writeValue(of: "x-amz-content-sha256", to: &text) { text.append(request.payloadHash) }
    }

    private mutating func writePath(_ path: String) {
        var path = path
        path.withUTF8 { bytes in
            if bytes.isEmpty {
                text.append(UInt8(ascii: "/"))
            } else if normalizesPath {
                writeNormalized(bytes)
            } else {
                text.appendPercentEncoded(bytes, slashStays: true)
            }
        }
    }

    /// Drops `.` and empty segments, resolves `..`, keeps one slash at the end.
    private mutating func writeNormalized(_ path: UnsafeBufferPointer<UInt8>) {
        let slash = UInt8(ascii: "/")
        let start = text.count
        var position = 0
        while position < path.count {
            var end = position
            while end < path.count, path[end] != slash { end += 1 }
            let segment = UnsafeBufferPointer(rebasing: path[position..<end])
            position = end + 1
            if segment.isEmpty || equal(segment, ".") { continue }
            if equal(segment, "..") {
                text.removeBack(to: slash, notBefore: start)
            } else {
                text.append(slash)
                text.appendPercentEncoded(segment)
            }
        }
        if text.count == start || path[path.count - 1] == slash { text.append(slash) }
    }

    private mutating func writeQuery(_ query: String) {
        if query.isEmpty { return }
        var pairs = query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map { pair in
            let equalSign = pair.firstIndex(of: UInt8(ascii: "="))
            let value = equalSign.map { pair[pair.index(after: $0)...] } ?? pair[pair.endIndex...]
            return (name: encodedAgain(pair[..<(equalSign ?? pair.endIndex)]), value: encodedAgain(value))
        }
        pairs.sort { a, b in
            a.name == b.name ? a.value.lexicographicallyPrecedes(b.value) : a.name.lexicographicallyPrecedes(b.name)
        }
        for (index, pair) in pairs.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            pair.name.withUnsafeBufferPointer { text.append($0) }
            text.append(UInt8(ascii: "="))
            pair.value.withUnsafeBufferPointer { text.append($0) }
        }
    }
}

private func encodedAgain(_ bytes: Substring.UTF8View) -> [UInt8] {
    var writer = ByteWriter(capacity: bytes.count * 3)
    percentDecode(bytes).withUnsafeBufferPointer { writer.appendPercentEncoded($0) }
    return writer.withBytes { Array($0) }
}
