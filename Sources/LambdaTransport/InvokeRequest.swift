import OutboxCore
import SigV4

/// One Invoke call as it stands on the wire: target, headers with the signature among them, body.
struct InvokeRequest {
    /// Absolute; path and query encoded once.
    var url: String
    /// All but `Host`, `Content-Length` and `User-Agent`, which libcurl writes.
    var headers: [(name: String, value: String)]
    /// The payload, or its envelope.
    var body: [UInt8]
}

extension InvokeRequest {
    /// Builds and signs the request of an attempt, or says why none may go out.
    ///
    /// - Parameter source: of events that go in an envelope.
    static func make(
        _ attempt: AttemptRequest,
        source: String,
        signedBy signer: inout Signer
    ) throws(TransportFailure) -> InvokeRequest {
        guard let credentials = attempt.credentials else {
            throw TransportFailure(
                kind: .credentials,
                sent: false,
                message: attempt.credentialsProblem ?? "there are no credentials"
            )
        }
        guard isHeaderValue(credentials.accessKeyID), isHeaderValue(credentials.sessionToken ?? "") else {
            throw TransportFailure(
                kind: .credentials,
                sent: false,
                message: "the access key id or session token holds characters that no header may hold"
            )
        }
        var digest = SHA256.digest(attempt.event.payload)
        guard Digest256(bytes: digest) == attempt.event.payloadDigest else {
            throw TransportFailure(kind: .corrupt, sent: false, message: "the payload does not match its checksum")
        }
        var body = attempt.event.payload
        if attempt.wire.envelope == .cloudevents {
            body = CloudEvent.wrap(attempt.event, source: source)
            digest = SHA256.digest(body)
        }
        let passed = passedHeaders(of: attempt)
        guard passed.allSatisfy({ isHeaderValue($0.value) }) else {
            throw TransportFailure(
                kind: .corrupt,
                sent: false,
                message: "a stored header holds characters that no header may hold"
            )
        }

        let path = path(of: attempt.event.function)
        let query = query(of: attempt.event.function)
        let constant = [("Content-Type", "application/json"), ("X-Amz-Invocation-Type", "Event")]
        var headers: [(name: String, value: String)] = constant.map { (name: $0.0, value: $0.1) } + passed
        let signature = signer.sign(
            SigningRequest(
                method: "POST",
                path: path,
                query: query,
                headers: [(name: "Host", value: attempt.route.authority)] + headers,
                payloadHash: .digest(digest)
            ),
            credentials: SigningCredentials(
                accessKeyID: credentials.accessKeyID,
                secretAccessKey: credentials.secretAccessKey,
                sessionToken: credentials.sessionToken
            ),
            time: SigningTime(milliseconds: attempt.signingTime.milliseconds)
        )
        headers.append((name: "X-Amz-Date", value: signature.date))
        if let token = signature.securityToken { headers.append((name: "X-Amz-Security-Token", value: token)) }
        headers.append((name: "Authorization", value: signature.authorization))
        return InvokeRequest(url: url(attempt.route, path: path, query: query), headers: headers, body: body)
    }

    /// The plain name, or the full ARN where the account is known: only that says which account's function is meant.
    static func path(of function: FunctionIdentity) -> String {
        let name =
            function.account == "-"
            ? function.name
            : "arn:\(function.partition):lambda:\(function.region):\(function.account):function:\(function.name)"
        return "/2015-03-31/functions/\(percentEncode(name))/invocations"
    }

    static func query(of function: FunctionIdentity) -> String {
        function.qualifier == "-" ? "" : "Qualifier=\(percentEncode(function.qualifier))"
    }

    private static func url(_ route: RouteTarget, path: String, query: String) -> String {
        "\(route.scheme)://\(route.authority)\(path)\(query.isEmpty ? "" : "?\(query)")"
    }

    private static func passedHeaders(of attempt: AttemptRequest) -> [(name: String, value: String)] {
        let headers = attempt.event.headers
        let ownName = attempt.wire.durableName == .eventID ? attempt.event.id.description : nil
        return [
            ("X-Amz-Durable-Execution-Name", headers.durableExecutionName ?? ownName),
            ("X-Amz-Tenant-Id", headers.tenantID),
            ("X-Amz-Client-Context", headers.clientContext),
            ("X-Amzn-Trace-Id", headers.traceID),
        ].compactMap { name, value in
            guard let value, !value.isEmpty else { return nil }
            return (name: name, value: value)
        }
    }

    /// Whether a text may stand behind a header's name: no control character, so that none can begin another header.
    private static func isHeaderValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
