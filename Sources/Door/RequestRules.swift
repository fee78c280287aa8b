import NIOHTTP1
import OutboxCore

/// Where a connection came in, and who is at its other end.
struct Caller: Sendable {
    /// `uid:1001`, or `tcp`.
    var producer: String
    /// The listener's port; nil on a Unix socket only.
    var tcpPort: Int?

    /// Without a port no `Host` is right, so nothing gets in.
    static func overTCP(port: Int?) -> Caller { Caller(producer: "tcp", tcpPort: port ?? -1) }

    /// - Throws: if the kernel doesn't say who it is: then the connection is nobody's.
    static func overUnix(_ peer: PeerCredentials) throws(DoorError) -> Caller {
        guard peer.uid != .max else { throw .unknownPeer }
        return Caller(producer: "uid:\(peer.uid)", tcpPort: nil)
    }
}

/// What a request wants, once its head has passed.
struct AcceptRequest {
    enum Purpose { case event, dryRun }

    var purpose: Purpose
    var target: InvokeTarget
    var options: EventOptions
    var passed: PassedHeaders
    var sdkInvocationID: String?
    var producer: String
    var receivedAt: WallTime
}

/// What a request turned out to be, once its head has passed.
enum WantedRequest {
    case accept(AcceptRequest)
    case lookUp(EventID)
}

/// The checks of one request, without I/O: first its head, then its body.
struct RequestRules: Sendable {
    private let instanceID: [UInt8]
    private let hash: HashFunction

    /// - Precondition: `instanceID` isn't empty.
    init(instanceID: String, hash: @escaping HashFunction) {
        precondition(!instanceID.isEmpty, "an empty instance id would stand in every User-Agent")
        self.instanceID = Array(instanceID.utf8)
        self.hash = hash
    }

    /// Checks everything that the head tells. `target` is only asked for once the caller may be here at all.
    func check(
        method: HTTPMethod,
        fields: RequestFields,
        caller: Caller,
        now: WallTime,
        target: () throws(Refusal) -> InvokeTarget
    ) throws(Refusal) -> AcceptRequest {
        try checkCaller(fields, caller)
        return try accept(method: method, fields: fields, caller: caller, now: now, target: target)
    }

    /// The event that is to be looked up.
    ///
    /// - Parameter id: as it stands in the path.
    func checkLookup(id: Substring, fields: RequestFields, caller: Caller) throws(Refusal) -> EventID {
        try checkCaller(fields, caller)
        if let fault = fields.fault { throw fault }
        guard let id = EventID(String(id)) else {
            throw Refusal(.validation, "The id of an event looks like 01973b2e-4c1f-7000-8000-2a0000010001.")
        }
        return id
    }

    private func accept(
        method: HTTPMethod,
        fields: RequestFields,
        caller: Caller,
        now: WallTime,
        target: () throws(Refusal) -> InvokeTarget
    ) throws(Refusal) -> AcceptRequest {
        guard method == .POST else {
            throw Refusal(.unknownOperation, "There is no such operation. Functions are invoked with POST.")
        }
        let target = try target()
        if let fault = fields.fault { throw fault }
        let purpose = target.isInvokeAsync ? .event : try purpose(of: fields.invocationType)
        try fields.passed.check()
        var fromContext = OptionTexts()
        if let context = fields.passed.clientContext { fromContext = try ClientContext.options(in: context) }
        return AcceptRequest(
            purpose: purpose,
            target: target,
            options: try EventOptions(headers: fields.options, context: fromContext, now: now),
            passed: fields.passed,
            sdkInvocationID: fields.sdkInvocationID,
            producer: caller.producer,
            receivedAt: now
        )
    }

    /// The event, once its body is whole.
    func event(_ request: AcceptRequest, body: [UInt8]) throws(Refusal) -> NewEvent {
        if !body.isEmpty, let fault = JSONScanner.fault(in: body) { throw Self.refusal(of: body, fault) }
        let payloadDigest = hash(body)
        let policy = request.target.policy
        let start = request.options.deliverAt ?? request.receivedAt
        return NewEvent(
            function: request.target.function,
            payload: body,
            payloadDigest: payloadDigest,
            headers: request.passed,
            producer: request.producer,
            deliverAt: request.options.deliverAt,
            expiresAt: request.options.expiresAt ?? policy.expiresIn.map(start.advanced(by:)),
            dedupe: DedupeKey.choose(
                producer: request.producer,
                function: request.target.function,
                idempotencyKey: request.options.idempotencyKey,
                sdkInvocationID: request.sdkInvocationID,
                headers: request.passed,
                payloadDigest: payloadDigest,
                policy: policy,
                hash: hash
            )
        )
    }

    private func checkCaller(_ fields: RequestFields, _ caller: Caller) throws(Refusal) {
        if let agent = fields.userAgent, holds(agent, instanceID) {
            throw Refusal(
                .loop,
                "This daemon delivers to its own door. Unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_LAMBDA where the "
                    + "daemon runs, and check aws.endpoint_url and what forwards from there."
            )
        }
        guard let port = caller.tcpPort else { return }
        if fields.isFromBrowser {
            throw Refusal(.accessDenied, "Requests of browsers are not taken: they carry Origin or Sec-Fetch-Site.")
        }
        guard let host = fields.host, LoopbackHost.names(host, port: port) else {
            throw Refusal(
                .accessDenied,
                "The Host header must name this listener: 127.0.0.1:\(port), [::1]:\(port) or localhost:\(port)."
            )
        }
    }

    private func purpose(of type: String?) throws(Refusal) -> AcceptRequest.Purpose {
        switch type {
        case "Event": return .event
        case "DryRun": return .dryRun
        case nil, "RequestResponse":
            throw Refusal(
                .invalidParameterValue,
                "This is an outbox: it takes events and doesn't wait for the function. Set InvocationType=Event "
                    + "(header X-Amz-Invocation-Type: Event), or call Lambda itself."
            )
        default:
            throw Refusal(.invalidParameterValue, "X-Amz-Invocation-Type must be Event or DryRun.")
        }
    }

    private static func refusal(of body: [UInt8], _ fault: JSONFault) -> Refusal {
        var text = "Could not parse request body into json: \(fault)."
        if looksLikeBase64Mishap(body, fault) {
            text +=
                " The body looks like base64, or like what is left after decoding text that was none. With AWS CLI v2 "
                + "use --cli-binary-format raw-in-base64-out."
        }
        return Refusal(.invalidRequestContent, text)
    }

    /// AWS CLI v2 decodes `--payload` as base64 unless told otherwise: text becomes rubbish bytes. Also seen: payloads
    /// that were encoded once too often.
    private static func looksLikeBase64Mishap(_ body: [UInt8], _ fault: JSONFault) -> Bool {
        guard let first = body.first, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else { return false }
        let isBinary = body.contains { ($0 < 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09) || $0 >= 0x7F }
        return isBinary || (body.count >= 4 && body.count % 4 == 0 && Base64.decode(body) != nil)
    }
}

/// Whether the bytes of `part` stand somewhere in `text`.
private func holds(_ text: String, _ part: [UInt8]) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        guard bytes.count >= part.count else { return false }
        return (0...bytes.count - part.count).contains { start in
            bytes[start] == part[0] && bytes[start..<start + part.count].elementsEqual(part)
        }
    }
}

/// Host headers that mean this machine and this port. A page in a browser may have its own name resolve to loopback,
/// so anything else is refused.
enum LoopbackHost {
    static func names(_ host: String, port: Int) -> Bool {
        var name = host[...]
        var given = 80
        if let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")), name.utf8.last != UInt8(ascii: "]") {
            let digits = name[name.utf8.index(after: colon)...]
            guard let number = Int(digits), digits.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else {
                return false
            }
            given = number
            name = name[..<colon]
        }
        return given == port && (name == "[::1]" || isSame(String(name), "localhost") || isLoopbackAddress(name))
    }

    /// Four decimal numbers, the first 127.
    private static func isLoopbackAddress(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { $0 &- UInt8(ascii: "0") <= 9 }
                    && UInt8(part) != nil
            }
    }
}
