import SigV4

/// The function that a request's path and query name.
struct InvokeTarget: Hashable {
    /// As in the path, decoded.
    var text: String
    var name: String
    var qualifier: String?

    enum Problem: Error, Hashable {
        /// The path is none of an invocation.
        case noInvocation
        /// The name, or the qualifier, is none that Lambda takes.
        case invalid(member: String, value: String)
        /// The name and the query name different qualifiers.
        case contradiction
    }

    /// - Parameters:
    ///   - path: as on the wire.
    ///   - query: as on the wire, without the question mark.
    init(path: Substring, query: Substring) throws(Problem) {
        let start = "/2015-03-31/functions/".utf8
        let end = "/invocations".utf8
        let path = path.utf8
        guard path.starts(with: start), path.reversed().starts(with: end.reversed()),
            path.count > start.count + end.count
        else { throw .noInvocation }
        let label = path.dropFirst(start.count).dropLast(end.count)
        guard !label.contains(UInt8(ascii: "/")) else { throw .noInvocation }
        text = String(decoding: percentDecode(label), as: UTF8.self)
        (name, qualifier) = try Self.parse(text)
        if let asked = Self.qualifier(in: query) {
            guard Self.isQualifier(asked) else { throw .invalid(member: "qualifier", value: asked) }
            guard qualifier == nil || qualifier == asked else { throw .contradiction }
            qualifier = asked
        }
    }

    /// A name, `account:function:name`, `function:name` or a full ARN, each with or without `:qualifier`.
    private static func parse(_ text: String) throws(Problem) -> (name: String, qualifier: String?) {
        if isName(text) { return (text, nil) }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 7, parts[0] == "arn", parts[2] == "lambda" { parts.removeFirst(5) }
        if parts.count >= 3, parts[0].utf8.count == 12, Int(parts[0]) != nil { parts.removeFirst() }
        if parts.count >= 2, parts[0] == "function" { parts.removeFirst() }
        guard parts.count <= 2, isName(parts[0]), parts.count == 1 || isQualifier(parts[1]) else {
            throw .invalid(member: "functionName", value: text)
        }
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    private static func qualifier(in query: Substring) -> String? {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) where pair.starts(with: "Qualifier=".utf8) {
            return String(decoding: percentDecode(pair.dropFirst("Qualifier=".utf8.count)), as: UTF8.self)
        }
        return nil
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") }
    }

    private static func isQualifier(_ text: String) -> Bool {
        text == "$LATEST" || text == "$LATEST.PUBLISHED" || !text.isEmpty && text.utf8.allSatisfy(isWord)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
