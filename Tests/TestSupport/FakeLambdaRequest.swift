import Glibc

/// One request as it came off the wire.
package struct FakeLambdaRequest: Sendable {
    /// The connection it came on, the request's place on that connection, and among all; each from 0.
    package var connection = 0
    package var index = 0
    package var number = 0
    package var method: String
    /// Path and query, as sent.
    package var target: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// A header's value, whatever the case of its name; nil if it isn't there.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer of Lambda's, or of something that stands in its way.
package struct FakeLambdaAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: String = "") {
        self.status = status
        self.headers = headers
        self.body = Array(body.utf8)
    }

    /// 202 with a request id that no other request of the server gets.
    package static func handedOver(for request: FakeLambdaRequest) -> FakeLambdaAnswer {
        FakeLambdaAnswer(status: 202, headers: [(name: "x-amzn-RequestId", value: "request-\(request.number)")])
    }

    /// An error as Lambda words it: code in the header, text in the body.
    package static func error(
        _ code: String,
        status: Int,
        message: String = "m",
        messageKey: String = "message"
    ) -> FakeLambdaAnswer {
        FakeLambdaAnswer(
            status: status,
            headers: [
                (name: "Content-Type", value: "application/json"),
                (name: "x-amzn-RequestId", value: "request-of-error"),
                (name: "x-amzn-ErrorType", value: code),
            ],
            body: #"{"Type":"User","\#(messageKey)":"\#(message)"}"#
        )
    }

    /// As it goes on the wire.
    package var bytes: [UInt8] {
        var head = "HTTP/1.1 \(status) Whatever\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }
}

/// Cuts requests out of a connection's bytes. Knows Content-Length only: more no client of this project sends.
struct FakeLambdaReader {
    let socket: Int32
    private var buffer: [UInt8] = []

    init(socket: Int32) {
        self.socket = socket
    }

    /// The next whole request; nil at the end of the connection.
    mutating func next() -> FakeLambdaRequest? {
        var searched = 0
        var end = endOfHead(from: searched)
        while end == nil {
            searched = max(0, buffer.count - 3)
            guard readMore() else { return nil }
            end = endOfHead(from: searched)
        }
        guard let end else { return nil }
        let lines = String(decoding: buffer[..<(end - 4)], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count == 2 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        while buffer.count < end + length {
            guard readMore() else { return nil }
        }
        let body = Array(buffer[end..<(end + length)])
        buffer.removeFirst(end + length)
        return FakeLambdaRequest(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }

    /// The index behind the empty line.
    private func endOfHead(from start: Int) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard buffer.count >= start + 4 else { return nil }
        return (start...(buffer.count - 4)).first { buffer[$0..<($0 + 4)].elementsEqual(mark) }.map { $0 + 4 }
    }

    private mutating func readMore() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var count = read(socket, &chunk, chunk.count)
        while count < 0 && errno == EINTR { count = read(socket, &chunk, chunk.count) }
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }
}
