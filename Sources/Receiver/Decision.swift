/// The reply to an invocation, and how it is told.
struct Decision {
    var reply: Reply
    var given: GivenAnswer

    /// What a rule says.
    init(_ kind: AnswerKind, target: InvokeTarget, type: InvocationType, requestID: String) {
        var manner = Reply.Manner.whole
        var response = Self.success(type, requestID: requestID)
        var isHandOver = false
        switch kind {
        case .accepted: isHandOver = true
        case .error(let error, let reason, let retryAfterSeconds):
            response = .error(
                code: error.code,
                status: error.status,
                message: error.message(function: target.text),
                type: error.type,
                messageKey: error.messageKey,
                reason: reason,
                retryAfterSeconds: retryAfterSeconds,
                requestID: requestID
            )
        case .status(let status):
            response = Response(status: status, headers: [("x-amzn-RequestId", requestID)], body: "{\"message\":null}")
            if (300..<400).contains(status) { response.headers.append(("Location", "/elsewhere")) }
        case .acceptedWithoutRequestID:
            response.status = 202
            response.headers = []
        case .html:
            response = Response(
                status: 403,
                contentType: "text/html",
                body: "<html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1></body></html>\n"
            )
        case .cut: manner = .cut
        case .half: manner = .half
        case .hang: manner = .hang
        }
        reply = Reply(manner: manner, response: response)
        given = GivenAnswer(
            status: manner == .whole ? response.status : nil,
            name: kind == .accepted ? String(response.status) : kind.name,
            requestID: manner == .whole && response.headers.first?.name == "x-amzn-RequestId" ? requestID : nil,
            isHandOver: isHandOver
        )
    }

    private init(reply: Reply, given: GivenAnswer) {
        self.reply = reply
        self.given = given
    }

    /// What Lambda itself would refuse.
    static func refusal(code: String, status: Int, message: String, id: String) -> Decision {
        Decision(
            reply: Reply(
                response: .error(
                    code: code,
                    status: status,
                    message: message,
                    type: code == "ValidationException" ? nil : "User",
                    requestID: id
                )
            ),
            given: GivenAnswer(status: status, name: code, requestID: id, isHandOver: false)
        )
    }

    private static func success(_ type: InvocationType, requestID: String) -> Response {
        let headers = [(name: "x-amzn-RequestId", value: requestID)]
        switch type {
        case .event: return Response(status: 202, headers: headers)
        case .dryRun: return Response(status: 204, headers: headers)
        case .requestResponse:
            return Response(status: 200, headers: headers + [("X-Amz-Executed-Version", "$LATEST")], body: "{}")
        }
    }
}
