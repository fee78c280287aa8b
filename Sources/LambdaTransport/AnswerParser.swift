import FoundationEssentials
package import OutboxCore

/// The headers of an answer that mean something here; network text, not yet checked.
package struct AnswerHeaders: Hashable, Sendable {
    /// `x-amzn-ErrorType`
    package var errorType: String?
    /// `x-amzn-RequestId`
    package var requestID: String?
    /// `Retry-After`
    package var retryAfter: String?
    /// `Date`
    package var date: String?

    package init(
        errorType: String? = nil,
        requestID: String? = nil,
        retryAfter: String? = nil,
        date: String? = nil
    ) {
        self.errorType = errorType
        self.requestID = requestID
        self.retryAfter = retryAfter
        self.date = date
    }
}

/// Reads an answer as botocore does: the code from the header, else `code`/`Code`, else `__type`, cut at the first `:`
/// and behind the last `#`; the text from `message`, else `Message`. Where there is no code, or something that can't be
/// one, it is `HTTP-<status>`; a body that isn't a JSON object becomes the text, an empty one the status phrase.
///
/// A `Retry-After` with a date counts from the answer's own `Date`; without one it is ignored.
package func parseAnswer(status: Int, headers: AnswerHeaders, body: [UInt8]) -> Answer {
    let date = headers.date.flatMap { WallTime(httpDate: $0) }
    var answer = Answer(
        status: status,
        requestID: headers.requestID.flatMap { isRequestID($0) ? $0 : nil },
        retryAfter: headers.retryAfter.flatMap { parseRetryAfter($0, date: date) },
        date: date
    )
    // The common case, all of it: a hand-over has no body and no error.
    if status == 202, body.isEmpty, headers.errorType == nil { return answer }

    let parsed = body.isEmpty ? nil : try? JSONDecoder().decode(ErrorBody.self, from: Data(body))
    answer.code =
        [headers.errorType, parsed?.code, parsed?.type].lazy.compactMap { $0.flatMap(bareCode) }.first
        ?? (status >= 300 ? "HTTP-\(status)" : nil)
    answer.reason = parsed?.reason.map { cut($0) }
    if let parsed {
        answer.message = parsed.message.map { cut($0) }
    } else if body.isEmpty {
        answer.message = statusPhrase(status)
    } else {
        answer.message = cut(String(decoding: body.prefix(messageBytesMax), as: UTF8.self))
    }
    return answer
}

/// How much of a message is kept.
private let messageBytesMax = 500

/// What an error body may hold. A member of another type than text counts as absent.
private struct ErrorBody: Decodable {
    var code: String?
    var type: String?
    var message: String?
    var reason: String?

    enum Key: String, CodingKey {
        case code, message
        case capitalCode = "Code"
        case capitalMessage = "Message"
        case type = "__type"
        case reason = "Reason"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        func text(_ key: Key) -> String? { try? members.decode(String.self, forKey: key) }
        code = text(.code) ?? text(.capitalCode)
        type = text(.type)
        message = text(.message) ?? text(.capitalMessage)
        reason = text(.reason)
    }
}

/// `namespace#Name:http://…` → `Name`; nil for what can't be a code.
private func bareCode(_ text: String) -> String? {
    let head = text.prefix { $0 != ":" }
    let name = head.lastIndex(of: "#").map { head[head.index(after: $0)...] } ?? head
    let code = String(name.drop { $0 == " " })
    return ErrorCodes.isPresentable(code) ? code : nil
}

/// Visible ASCII, at most 128: it is shown and stored as an id.
private func isRequestID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
}

private func parseRetryAfter(_ text: String, date: WallTime?) -> Span? {
    if let seconds = number(text, 1...9) { return .seconds(seconds) }
    guard let until = WallTime(httpDate: text), let date else { return nil }
    return max(.zero, until.since(date))
}

/// The text, at most 500 bytes of it, cut between characters' scalars.
private func cut(_ text: String) -> String {
    guard text.utf8.count > messageBytesMax else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: messageBytesMax)
    while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text.unicodeScalars[..<end])
}

/// The usual phrases (RFC 9110 §15) of what an AWS endpoint or a proxy answers; the number for others.
private func statusPhrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 407: "Proxy Authentication Required"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status \(status)"
    }
}
