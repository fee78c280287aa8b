import NIOHTTP1
import OutboxCore

/// What the door needs of a request's headers, picked out in one pass.
struct RequestFields {
    /// Bytes of the body; `.max` for lengths that are no number, or beyond all that are taken.
    var contentLength = 0
    /// The body comes in chunks, and in no other coding.
    var isChunked = false
    /// There is a `Transfer-Encoding` that isn't just `chunked`. Programs disagree on where such a body ends.
    var hasDoubtfulCoding = false
    var expectsContinue = false
    var host: String?
    /// `Origin` or `Sec-Fetch-Site`: a browser sent it.
    var isFromBrowser = false
    var userAgent: String?
    /// An `Upgrade` was asked for: the decoder reads nothing behind this request.
    var asksForUpgrade = false
    var invocationType: String?
    var sdkInvocationID: String?
    var options = OptionTexts()
    var passed = PassedHeaders()
    /// The first fault found among them.
    var fault: Refusal?

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers { take(name, trimmed(value)) }
    }

    /// The length of the name sorts nearly all headers out before any letters are compared.
    private mutating func take(_ name: String, _ value: String) {
        switch name.utf8.count {
        case 4 where isSame(name, "host"): once(\.host, name, value)
        case 6:
            if isSame(name, "origin") { isFromBrowser = true }
            if isSame(name, "expect") { expectsContinue = isSame(value, "100-continue") }
        case 7 where isSame(name, "upgrade"): asksForUpgrade = true
        case 10 where isSame(name, "user-agent"): userAgent = value
        case 14:
            if isSame(name, "content-length") { contentLength = length(value) }
            if isSame(name, "sec-fetch-site") { isFromBrowser = true }
        case 15:
            if isSame(name, "idempotency-key") { once(\.options.idempotencyKey, name, value) }
            if isSame(name, "x-amz-tenant-id") { once(\.passed.tenantID, name, value) }
            if isSame(name, "x-amzn-trace-id") { once(\.passed.traceID, name, value) }
        case 17 where isSame(name, "transfer-encoding"):
            if isChunked || !isSame(value, "chunked") { hasDoubtfulCoding = true }
            isChunked = true
        case 20 where isSame(name, "x-amz-client-context"): once(\.passed.clientContext, name, value)
        case 21:
            if isSame(name, "x-amz-invocation-type") { once(\.invocationType, name, value) }
            if isSame(name, "amz-sdk-invocation-id") { once(\.sdkInvocationID, name, value) }
        case 28 where isSame(name, "x-amz-durable-execution-name"):
            once(\.passed.durableExecutionName, name, value)
        default: break
        }
        if hasOptionPrefix(name) { takeOption(name, value) }
    }

    private mutating func takeOption(_ name: String, _ value: String) {
        switch name.lowercased() {
        case "outbox-delay": once(\.options.delay, name, value)
        case "outbox-deliver-at": once(\.options.deliverAt, name, value)
        case "outbox-expires-in": once(\.options.expiresIn, name, value)
        case "outbox-expires-at": once(\.options.expiresAt, name, value)
        default:
            fault =
                fault
                ?? Refusal(
                    .invalidParameterValue,
                    "There is no such option of an event. The headers are Outbox-Delay, Outbox-Deliver-At, "
                        + "Outbox-Expires-In and Outbox-Expires-At."
                )
        }
    }

    private mutating func once(_ path: WritableKeyPath<RequestFields, String?>, _ name: String, _ value: String) {
        if let earlier = self[keyPath: path], earlier != value {
            fault = fault ?? Refusal(.invalidParameterValue, "The header \(name) was given twice. Give it once.")
        }
        self[keyPath: path] = value
    }
}

/// The decoder lets digits through only; a length beyond `Int` is as good as any that is too large.
private func length(_ value: String) -> Int {
    guard !value.isEmpty, value.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else { return .max }
    return Int(value) ?? .max
}

/// Without the blanks that HTTP allows behind a value.
private func trimmed(_ value: String) -> String {
    guard let last = value.utf8.last, last == 0x20 || last == 0x09 else { return value }
    var end = value.utf8.endIndex
    while end > value.utf8.startIndex {
        let before = value.utf8.index(before: end)
        guard value.utf8[before] == 0x20 || value.utf8[before] == 0x09 else { break }
        end = before
    }
    return String(value[..<end])
}

/// Whether `text` is `lowercase` in either case; no locale, no allocation.
func isSame(_ text: String, _ lowercase: StaticString) -> Bool {
    guard text.utf8.count == lowercase.utf8CodeUnitCount else { return false }
    var pointer = lowercase.utf8Start
    for byte in text.utf8 {
        let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        guard lower == pointer.pointee else { return false }
        pointer += 1
    }
    return true
}

private func hasOptionPrefix(_ name: String) -> Bool {
    var bytes = name.utf8.makeIterator()
    for expected in "outbox-".utf8 {
        guard let byte = bytes.next(), byte | 0x20 == expected | 0x20 else { return false }
    }
    return true
}
