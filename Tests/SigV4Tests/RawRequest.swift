import SigV4

/// A request as text: request line, headers (folded ones too), an empty line, the body. LF or CRLF.
struct RawRequest {
    var method: String
    var path: String
    var query: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let head: ArraySlice<UInt8>
        let newline = UInt8(ascii: "\n")
        if let end = Self.position(of: [13, 10, 13, 10], in: bytes) {
            head = bytes[..<end]
            body = Array(bytes[(end + 4)...])
        } else if let end = Self.position(of: [10, 10], in: bytes) {
            head = bytes[..<end]
            body = Array(bytes[(end + 2)...])
        } else {
            head = bytes[...]
            body = []
        }
        var lines = head.split(separator: newline).map { line in
            String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
        guard !lines.isEmpty else { throw Malformed() }
        var requestLine = lines.removeFirst()
        if requestLine.hasSuffix(" HTTP/1.1") { requestLine.removeLast(9) }
        guard let space = requestLine.firstIndex(of: " ") else { throw Malformed() }
        method = String(requestLine[..<space])
        let target = requestLine[requestLine.index(after: space)...]
        let question = target.firstIndex(of: "?") ?? target.endIndex
        path = String(target[..<question])
        query = String(target[question...].dropFirst())
        headers = []
        for line in lines {
            if line.hasPrefix(" ") || line.hasPrefix("\t") {
                guard !headers.isEmpty else { throw Malformed() }
                headers[headers.count - 1].value += "\n" + line
            } else {
                guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
                headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
            }
        }
    }

    struct Malformed: Error {}

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }.map { $0.value.trimmingPrefix(while: { $0 == " " }) }.map(
            String.init
        )
    }

    var signingRequest: SigningRequest {
        SigningRequest(method: method, path: path, query: query, headers: headers, payloadHash: .body(body))
    }

    private static func position(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...(bytes.count - pattern.count)).first { bytes[$0..<($0 + pattern.count)].elementsEqual(pattern) }
    }
}
