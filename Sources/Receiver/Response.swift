import NIOCore
import NIOHTTP1

/// An answer before it is bytes.
struct Response {
    var status: Int
    var contentType = "application/json"
    var headers: [(name: String, value: String)] = []
    var body = ""

    /// Writes head and body. A body never goes with 204.
    func write(into buffer: inout ByteBuffer, date: String, keepsAlive: Bool) {
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        buffer.writeString("HTTP/1.1 \(status) \(reason)\r\nDate: \(date)\r\n")
        if status != 204 {
            buffer.writeString("Content-Type: \(contentType)\r\nContent-Length: \(body.utf8.count)\r\n")
        }
        buffer.writeString(keepsAlive ? "Connection: keep-alive\r\n" : "Connection: close\r\n")
        for (name, value) in headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("\r\n")
        if status != 204 { buffer.writeString(body) }
    }

    /// An error as Lambda writes it.
    static func error(
        code: String,
        status: Int,
        message: String,
        type: String? = "User",
        messageKey: String = "message",
        reason: String? = nil,
        retryAfterSeconds: Int? = nil,
        requestID: String
    ) -> Response {
        var fields: [String] = []
        if let reason { fields.append("\"Reason\":\(Text.json(reason))") }
        if let type { fields.append("\"Type\":\(Text.json(type))") }
        fields.append("\"\(messageKey)\":\(Text.json(message))")
        var headers = [("x-amzn-RequestId", requestID), ("x-amzn-ErrorType", code)]
        if let retryAfterSeconds { headers.append(("Retry-After", String(retryAfterSeconds))) }
        return Response(status: status, headers: headers, body: "{\(fields.joined(separator: ","))}")
    }
}
