import SigV4

extension ReceivedRequest {
    /// One line for a terminal: time, function, type, answer, size, request id, verdict, and the first bytes of the
    /// body, escaped. Holds payload: for the developer in front of it, never for a log.
    package var line: String {
        var words = [
            String(Text.timestamp(milliseconds: time).dropFirst(11).dropLast()),
            qualifiedFunction,
            invocationType.rawValue,
            answer.status.map { $0 == Int(answer.name) ? answer.name : "\($0) \(answer.name)" } ?? answer.name,
            "\(body.count) B",
            answer.requestID ?? "-",
        ]
        switch signature {
        case .notChecked: break
        case .valid(let accessKeyID): words.append("signed by \(Text.escaped(accessKeyID.utf8))")
        case .refused(let problem): words.append("refused: \(problem.code)")
        }
        words.append(
            Text.escaped(body.prefix(Self.shownBodyBytesMax)) + (body.count > Self.shownBodyBytesMax ? "…" : "")
        )
        return words.joined(separator: "  ")
    }

    private static let shownBodyBytesMax = 200

    /// One JSON object, without a newline at its end: what the record file holds.
    package var record: String {
        let fields = [
            ("time", Text.json(Text.timestamp(milliseconds: time))),
            ("function", Text.json(function)),
            ("qualifier", Text.json(qualifier)),
            ("target", Text.json(target)),
            ("invocation_type", Text.json(invocationType.rawValue)),
            ("sha256", Text.json(hexadecimal(bodyHash))),
            ("body", Text.json(Text.base64(body))),
            ("request_id", Text.json(answer.requestID)),
            ("status", answer.status.map(String.init) ?? "null"),
            ("answer", Text.json(answer.name)),
            ("handed_over", String(answer.isHandOver)),
            ("connection", String(connection)),
            ("user_agent", Text.json(header("user-agent"))),
            ("durable_name", Text.json(header("x-amz-durable-execution-name"))),
            ("tenant", Text.json(header("x-amz-tenant-id"))),
            ("trace", Text.json(header("x-amzn-trace-id"))),
        ]
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
