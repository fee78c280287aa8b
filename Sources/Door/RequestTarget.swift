import OutboxCore

/// The function that a request's path names, with what the configuration says about it. Kept per path, since
/// producers send to the same few functions again and again.
final class InvokeTarget: Sendable {
    let function: FunctionIdentity
    let policy: FunctionPolicy
    /// Came by the older path: always an event, whatever the invocation type says.
    let isInvokeAsync: Bool

    init(function: FunctionIdentity, policy: FunctionPolicy, isInvokeAsync: Bool) {
        self.function = function
        self.policy = policy
        self.isInvokeAsync = isInvokeAsync
    }

    /// - Parameter uri: the request target, as it came.
    static func parse(uri: String, naming: FunctionNaming, policies: PolicyTable) throws(Refusal) -> InvokeTarget {
        let path = RequestPath(uri)
        guard let operation = path.operation else {
            throw Refusal(
                .unknownOperation,
                "There is no such operation. Send POST /2015-03-31/functions/NAME/invocations."
            )
        }
        let name = try decoded(operation.label)
        var qualifier: String?
        for value in path.qualifiers {
            let next = try decoded(value)
            guard qualifier == nil || qualifier == next else {
                throw Refusal(.invalidParameterValue, "Qualifier was given twice. Give it once.")
            }
            qualifier = next
        }
        var function = try FunctionName.parse(name, qualifier: qualifier, naming: naming)
        var policy = policies.policy(for: function)
        if function.qualifier == "-", let usual = policy.qualifier {
            function.qualifier = usual
            policy = policies.policy(for: function)
        }
        return InvokeTarget(function: function, policy: policy, isInvokeAsync: operation.isInvokeAsync)
    }

    private static func decoded(_ text: Substring) throws(Refusal) -> String {
        guard let bytes = PercentDecoding.decode(text.utf8) else {
            throw Refusal(.validation, "A percent sign in the path or query isn't followed by two hex digits.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A request target, taken apart and not decoded.
struct RequestPath {
    /// The label with the function's name; nil for paths of no operation.
    var operation: (label: Substring, isInvokeAsync: Bool)?
    var qualifiers: [Substring] = []
    /// What stands for an event's id, in the path of one.
    var event: Substring?

    init(_ uri: String) {
        let (path, query) = Self.split(Self.withoutAuthority(uri[...]), at: "?")
        let labels = path.split(separator: "/", maxSplits: 6, omittingEmptySubsequences: false)
        if labels.count == 5, labels[0].isEmpty, labels[1...3] == ["outbox", "v1", "events"], !labels[4].isEmpty {
            event = labels[4]
            return
        }
        guard labels.count >= 5, labels[0].isEmpty, labels[2] == "functions", !labels[3].isEmpty else { return }
        if labels.count == 5, labels[1] == "2015-03-31", labels[4] == "invocations" {
            operation = (labels[3], false)
        } else if labels[1] == "2014-11-13", labels[4] == "invoke-async",
            labels.count == 5 || (labels.count == 6 && labels[5].isEmpty)
        {
            operation = (labels[3], true)
        }
        for pair in query.split(separator: "&") {
            let (key, value) = Self.split(pair, at: "=")
            if key == "Qualifier" { qualifiers.append(value) }
        }
    }

    /// `http://host/path` means the same as `/path` (RFC 9112 §3.2.2).
    private static func withoutAuthority(_ uri: Substring) -> Substring {
        guard uri.utf8.first != UInt8(ascii: "/"), uri.prefix(7).lowercased() == "http://" else { return uri }
        let rest = uri.dropFirst(7)
        return rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    }

    private static func split(_ text: Substring, at sign: Unicode.Scalar) -> (Substring, Substring) {
        guard let place = text.utf8.firstIndex(of: UInt8(ascii: sign)) else { return (text, "") }
        return (text[..<place], text[text.utf8.index(after: place)...])
    }
}
