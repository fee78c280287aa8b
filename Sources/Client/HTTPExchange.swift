/// A request over the daemon's socket.
struct HTTPCall: Sendable {
    enum Method: Sendable { case get, post }

    var method: Method
    /// Path and query, percent-encoded.
    var target: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Whole duration at most; nil: no limit.
    var timeoutSeconds: Int?
}

/// A whole answer.
struct HTTPReply: Sendable {
    var status: Int
    /// Names in lower case; the last of several equal ones.
    var headers: [String: String]
    var body: [UInt8]
}

enum PercentEncoding {
    /// Encodes all but RFC 3986's unreserved characters: fit for one path segment or a query value.
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
