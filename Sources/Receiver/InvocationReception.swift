import NIOCore
import NIOHTTP1
import SigV4

/// A request that was read whole.
struct IncomingRequest {
    var head: HTTPRequestHead
    var body: [UInt8]
    /// As counted on the wire; more than `body` holds where the request was too large to keep.
    var bodyBytes: Int
}

/// What a connection is to do about a request.
struct Reply {
    enum Manner: Hashable {
        case whole
        /// The first half of the bytes, then the connection closes.
        case half
        /// Nothing; the connection closes.
        case cut
        /// Nothing, ever.
        case hang
    }

    var manner = Manner.whole
    var response: Response
    var latencyMilliseconds: Int64 = 0
}

/// Decides the reply to each request and counts it. Owned by the server's thread; does no I/O but the record file.
final class InvocationReception {
    private let configuration: ReceiverConfiguration
    private var keys: [String: AcceptedKey]
    private var planner: AnswerPlanner
    private var generator: SeededGenerator
    private var verifier = SignatureVerifier(service: "lambda")
    private var record: RecordFile?
    private(set) var statistics = ReceiverStatistics()
    private var connections = 0
    private var invocations = 0
    private var lastDate: (time: SigningTime, text: String)?

    /// - Throws: `ReceiverError.recordFile`.
    init(_ configuration: ReceiverConfiguration) throws(ReceiverError) {
        self.configuration = configuration
        keys = Self.byID(configuration.acceptedKeys ?? [])
        planner = AnswerPlanner(configuration.answers)
        generator = SeededGenerator(seed: configuration.seed ?? .random(in: .min ... .max))
        if let path = configuration.recordPath { record = try RecordFile.open(path) }
    }

    /// The number of a connection that just came, from 1.
    func nextConnection() -> Int {
        connections += 1
        return connections
    }

    /// The reply to a request. `invocationsBefore` counts those on its connection.
    func reply(to request: IncomingRequest, connection: Int, invocationsBefore: inout Int) -> Reply {
        let (path, query) = split(request.head.uri)
        if path.utf8.starts(with: "/receiver/".utf8) { return Reply(response: control(request, path: path)) }
        let requestID = Text.uuid(using: &generator)
        let target: InvokeTarget
        do {
            target = try InvokeTarget(path: path, query: query)
        } catch {
            return Reply(response: refusal(of: error, requestID: requestID))
        }
        guard request.head.method == .POST else {
            return Reply(response: refusal(of: .noInvocation, requestID: requestID))
        }
        invocations += 1
        invocationsBefore += 1
        return invoke(
            request,
            target: target,
            path: path,
            query: query,
            requestID: requestID,
            connection: connection,
            numberOnConnection: invocationsBefore
        )
    }

    /// Replaces all rules; what was used up of the old ones is forgotten.
    func setAnswers(_ rules: AnswerRules) {
        planner = AnswerPlanner(rules)
    }

    private static func byID(_ keys: [AcceptedKey]) -> [String: AcceptedKey] {
        Dictionary(keys.map { ($0.credentials.accessKeyID, $0) }, uniquingKeysWith: { _, last in last })
    }

    /// HTTP's `Date`, now.
    func date() -> String {
        let time = SigningTime(milliseconds: configuration.clock())
        if let last = lastDate, last.time == time { return last.text }
        let text = Text.httpDate(seconds: time.seconds)
        lastDate = (time, text)
        return text
    }

    private func invoke(
        _ request: IncomingRequest,
        target: InvokeTarget,
        path: Substring,
        query: Substring,
        requestID: String,
        connection: Int,
        numberOnConnection: Int
    ) -> Reply {
        let time = configuration.clock()
        let headers = request.head.headers.map { (name: $0.name, value: $0.value) }
        let hash = SHA256.digest(request.body)
        let verdict = verdict(request, path: path, query: query, headers: headers, hash: hash, time: time)
        let typeName = request.head.headers.first(name: "x-amz-invocation-type")
        let type = InvocationType(rawValue: typeName ?? InvocationType.requestResponse.rawValue)
        var decision: Decision
        if case .refused(let problem) = verdict {
            decision = .refusal(code: problem.code, status: problem.status, message: problem.message, id: requestID)
        } else if let type {
            decision = decide(request, target: target, type: type, requestID: requestID)
        } else {
            decision = .refusal(
                code: "ValidationException",
                status: 400,
                message: "1 validation error detected: Value '\(typeName ?? "")' at 'invocationType' failed to satisfy "
                    + "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
                id: requestID
            )
        }
        decision.given.isHandOver = decision.given.isHandOver && type == .event
        let received = ReceivedRequest(
            number: invocations,
            connection: connection,
            numberOnConnection: numberOnConnection,
            time: time,
            function: target.name,
            qualifier: target.qualifier,
            target: target.text,
            invocationType: type ?? .requestResponse,
            body: request.body,
            bodyHash: hash,
            headers: headers,
            signature: verdict,
            answer: decision.given
        )
        keep(received)
        return decision.reply
    }

    private func verdict(
        _ request: IncomingRequest,
        path: Substring,
        query: Substring,
        headers: [(name: String, value: String)],
        hash: [UInt8],
        time: Int64
    ) -> SignatureVerdict {
        guard configuration.acceptedKeys != nil else { return .notChecked }
        let signed = SigningRequest(
            method: request.head.method.rawValue,
            path: String(path),
            query: String(query),
            headers: headers,
            payloadHash: .digest(hash)
        )
        do {
            let id = try verifier.verify(signed, now: SigningTime(milliseconds: time)) { keys[$0]?.credentials }
            if let expiry = keys[id]?.expiresAt, expiry <= time { return .refused(.expiredToken) }
            return .valid(accessKeyID: id)
        } catch {
            return .refused(error)
        }
    }

    /// Lambda's own checks first, then the rules.
    private func decide(
        _ request: IncomingRequest,
        target: InvokeTarget,
        type: InvocationType,
        requestID: String
    ) -> Decision {
        let limit = type == .event ? Self.eventBytesMax : Self.synchronousBytesMax
        if request.bodyBytes > limit {
            return .refusal(
                code: type == .event ? "RequestEntityTooLargeException" : "RequestTooLargeException",
                status: 413,
                message: "\(request.bodyBytes) byte payload is too large for the \(type.rawValue) invocation type "
                    + "(limit \(limit) bytes)",
                id: requestID
            )
        }
        if configuration.checksJSON, !JSONCheck.accepts(request.body) {
            return .refusal(
                code: "InvalidRequestContentException",
                status: 400,
                message: "Could not parse request body into json: Could not parse payload into json",
                id: requestID
            )
        }
        let choice = planner.choose(
            function: target.name,
            qualifier: target.qualifier,
            at: configuration.clock(),
            using: &generator
        )
        var decision = Decision(choice.kind, target: target, type: type, requestID: requestID)
        decision.reply.latencyMilliseconds = choice.latencyMilliseconds ?? configuration.latencyMilliseconds
        return decision
    }

    private func keep(_ received: ReceivedRequest) {
        statistics.count(received)
        if let problem = record?.append(received.record) {
            record = nil
            configuration.onProblem("recording to \(configuration.recordPath ?? "") ended: \(problem)")
        }
        configuration.onRequest(received)
    }

    private func refusal(of problem: InvokeTarget.Problem, requestID: String) -> Response {
        switch problem {
        case .noInvocation:
            .error(
                code: "UnknownOperationException",
                status: 404,
                message: "POST /2015-03-31/functions/NAME/invocations is all that is known here",
                requestID: requestID
            )
        case .invalid(let member, let value):
            .error(
                code: "ValidationException",
                status: 400,
                message: "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy constraint",
                type: nil,
                requestID: requestID
            )
        case .contradiction:
            .error(
                code: "InvalidParameterValueException",
                status: 400,
                message: "The derived qualifier from the function name does not match the specified qualifier.",
                requestID: requestID
            )
        }
    }

    /// Lambda's limit for Event since October 2025, in bytes.
    private static let eventBytesMax = 1_048_576
    /// Lambda's limit for RequestResponse, in bytes.
    static let synchronousBytesMax = 6_291_456
}

// The control paths, for tests and for people with curl.
extension InvocationReception {
    private func control(_ request: IncomingRequest, path: Substring) -> Response {
        switch (request.head.method, path) {
        case (.PUT, "/receiver/answers"):
            do {
                setAnswers(try AnswerRules(parsing: String(decoding: request.body, as: UTF8.self)))
                return Response(status: 200, body: "{\"answers\":\(Text.json(planner.rules.description))}\n")
            } catch {
                return plain(400, "\(error)")
            }
        case (.PUT, "/receiver/keys"):
            guard configuration.acceptedKeys != nil else {
                return plain(409, "signatures aren't checked here: start it with --verify-signatures")
            }
            do {
                keys = Self.byID(try AcceptedKey.keys(parsing: String(decoding: request.body, as: UTF8.self)))
                return Response(status: 200, body: "{\"keys\":\(keys.count)}\n")
            } catch {
                return plain(400, "\(error)")
            }
        case (.GET, "/receiver/answers"):
            return Response(status: 200, body: "{\"answers\":\(Text.json(planner.rules.description))}\n")
        case (.GET, "/receiver/statistics"):
            return Response(status: 200, body: statistics.json + "\n")
        default:
            return plain(404, "known here: PUT and GET /receiver/answers, PUT /receiver/keys, GET /receiver/statistics")
        }
    }

    private func plain(_ status: Int, _ text: String) -> Response {
        Response(status: status, contentType: "text/plain; charset=utf-8", body: text + "\n")
    }

    private func split(_ target: String) -> (path: Substring, query: Substring) {
        guard let question = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target[...], "") }
        return (target[..<question], target[target.index(after: question)...])
    }
}
