/// What a rule makes the receiver do with a request that it has read whole.
enum AnswerKind: Hashable, Sendable {
    /// As Lambda answers when all is well.
    case accepted
    /// An error of Lambda's.
    case error(LambdaError, reason: String?, retryAfterSeconds: Int?)
    /// A status that Lambda has no error for; with a request id all the same.
    case status(Int)
    /// 202 as a proxy would say it.
    case acceptedWithoutRequestID
    /// 403 with a web page, as a proxy would say it.
    case html
    /// Closes the connection, no answer.
    case cut
    /// Closes the connection in the middle of the answer's head.
    case half
    /// Never answers.
    case hang

    /// - Throws: `AnswerSyntaxError` without the rule's text.
    init(_ text: Substring) throws(AnswerSyntaxError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        if let special = Self.special[name] {
            guard parts.count == 1 else { throw AnswerSyntaxError("\"\(name)\" takes nothing after a slash") }
            self = special
            return
        }
        var reason: String?
        var retryAfter: Int?
        for detail in parts.dropFirst() {
            if let seconds = Int(detail), seconds >= 0, retryAfter == nil {
                retryAfter = seconds
            } else if LambdaError.throttleReasons.contains(String(detail)), reason == nil {
                reason = String(detail)
            } else {
                throw AnswerSyntaxError(
                    "\"\(detail)\" is neither seconds for Retry-After nor a reason (\(LambdaError.throttleReasons[0]) …)"
                )
            }
        }
        if let error = try Self.error(name) {
            if error.status == 429 { reason = reason ?? "FunctionInvocationRateLimitExceeded" }
            self = .error(error, reason: reason, retryAfterSeconds: retryAfter)
        } else {
            guard parts.count == 1 else { throw AnswerSyntaxError("\"\(name)\" takes nothing after a slash") }
            self = .status(Int(name) ?? 0)
        }
    }

    private static let special: [String: AnswerKind] = [
        "202": .accepted, "202-no-id": .acceptedWithoutRequestID, "html": .html, "cut": .cut, "half": .half,
        "hang": .hang,
    ]

    /// nil: a status that Lambda has no error for.
    private static func error(_ name: String) throws(AnswerSyntaxError) -> LambdaError? {
        if let error = LambdaError.named(name) ?? LambdaError.named(name + "Exception") { return error }
        guard let status = Int(name), (200...599).contains(status) else {
            throw AnswerSyntaxError(
                "\"\(name)\" is no answer: give an HTTP status (500), an error code (KMSDisabledException), "
                    + "or 202-no-id, html, cut, half or hang"
            )
        }
        return LambdaError.usual(forStatus: status)
    }

    /// As it is called in the printed line and the record.
    var name: String {
        switch self {
        case .accepted: "202"
        case .error(let error, _, _): error.code
        case .status(let status): String(status)
        case .acceptedWithoutRequestID: "202-no-id"
        case .html: "html"
        case .cut: "cut"
        case .half: "half"
        case .hang: "hang"
        }
    }
}
