import OutboxCore
import TestSupport
import Testing

/// The published table of Invoke's errors, with the party each is blamed on.
private struct InvokeErrors: Decodable {
    static let path = "errors/invoke-errors.json"

    struct Row: Decodable {
        var code: String
        var status: Int
        var blame: String
    }
    var errors: [Row]
}

private func answer(
    _ status: Int,
    _ code: String? = nil,
    message: String? = nil,
    requestID: String? = "8a6c0e1e",
    reason: String? = nil,
    retryAfter: Span? = nil
) -> Verdict {
    ResponseClassifier.verdict(
        for: .answered(
            Answer(
                status: status,
                code: code,
                message: message,
                requestID: requestID,
                reason: reason,
                retryAfter: retryAfter
            )
        )
    )
}

private func failure(_ kind: TransportFailure.Kind, sent: Bool) -> Verdict {
    ResponseClassifier.verdict(for: .failed(TransportFailure(kind: kind, sent: sent, message: "in our words")))
}

@Suite("Blame by error code")
struct BlameByCodeTests {
    // Without the published table there is nothing to hold it against; the project's own table below still runs.
    @Test(.enabled(if: Vectors.has(InvokeErrors.path), Comment(rawValue: Vectors.areAbsent)))
    func `every row of the published table gets its blame`() throws {
        let rows = try Vectors.decode(InvokeErrors.path, as: InvokeErrors.self).errors
        #expect(rows.count >= 60)
        for row in rows {
            let blame = try #require(Blame(rawValue: row.blame))
            #expect(answer(row.status, row.code).blame == blame, "\(row.code)")
        }
    }

    @Test(
        arguments: [
            ("InvalidRequestContentException", 400, Blame.event),
            ("RequestEntityTooLargeException", 413, .event),
            ("DurableExecutionAlreadyStartedException", 409, .event),
            ("ServiceException", 500, .function),
            ("EFSMountFailureException", 403, .function),
            ("EFSIOException", 410, .function),
            ("SnapStartTimeoutException", 408, .function),
            ("EC2ThrottledException", 502, .throttle),
            ("ThrottlingException", 400, .throttle),
            ("UnrecognizedClientException", 403, .route),
            ("UnsupportedMediaTypeException", 415, .route),
            ("ServiceUnavailable", 503, .route),
            ("InternalFailure", 500, .route),
        ]
    )
    func `the code decides, not the status`(code: String, status: Int, blame: Blame) {
        #expect(answer(status, code).blame == blame)
        #expect(answer(418, code).blame == blame)
    }

    @Test(arguments: ["ExpiredToken", "Throttling", "ServiceUnavailable", "AccessDenied", "RequestTimeout"])
    func `a code means the same with Exception at its end and without`(code: String) {
        var short = answer(403, code)
        var long = answer(403, code + "Exception")
        short.reason = ""
        long.reason = ""
        #expect(short == long)
    }

    @Test(
        arguments: [
            (429, Blame.throttle), (408, .function), (407, .route), (400, .unknown), (404, .unknown), (451, .unknown),
            (500, .function), (502, .function), (504, .function), (599, .function), (101, .route),
        ]
    )
    func `an unknown code is blamed by its status`(status: Int, blame: Blame) {
        #expect(answer(status, "BrandNewException").blame == blame)
        #expect(answer(status, nil).blame == blame)
    }

    @Test(
        arguments: [
            ("ReservedFunctionConcurrentInvocationLimitExceeded" as String?, Verdict.Scope.function),
            ("ReservedFunctionInvocationRateLimitExceeded", .function),
            ("FunctionInvocationRateLimitExceeded", .function),
            ("ConcurrentSnapshotCreateLimitExceeded", .function),
            ("ConcurrentInvocationLimitExceeded", .route),
            ("CallerRateLimitExceeded", .route),
            ("SomethingNew", .function),
            (nil, .function),
        ]
    )
    func `the reason of TooManyRequests says what is slowed down`(reason: String?, scope: Verdict.Scope) {
        let verdict = answer(429, "TooManyRequestsException", reason: reason, retryAfter: .seconds(7))
        #expect(verdict.blame == .throttle)
        #expect(verdict.throttleScope == scope)
        #expect(verdict.retryAfter == .seconds(7))
    }

    @Test(arguments: ["ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown", "ThrottledException"])
    func `a throttle of the front end slows the whole route`(code: String) {
        #expect(answer(400, code).throttleScope == .route)
    }

    @Test(
        arguments: [
            ("ResourceNotFoundException", true), ("AccessDeniedException", true), ("KMSDisabledException", true),
            ("KMSNotFoundException", true), ("InvalidSubnetIDException", true),
            ("InvalidSecurityGroupIDException", true), ("EC2AccessDeniedException", false),
            ("SubnetIPAddressLimitReachedException", false), ("ServiceException", false),
            ("ResourceConflictException", false),
        ]
    )
    func `codes that mean configuration suspend at once`(code: String, suspends: Bool) {
        #expect(answer(400, code).suspendsAtOnce == suspends)
    }

    @Test(arguments: [("ExpiredTokenException", true), ("ExpiredToken", true), ("InvalidClientTokenId", false)])
    func `an expired token alone asks for a refresh`(code: String, refreshes: Bool) {
        #expect(answer(403, code).refreshesCredentials == refreshes)
    }

    @Test(
        arguments: [
            ("RequestTimeTooSkewed", true), ("RequestExpired", true), ("RequestInTheFuture", true),
            ("InvalidSignatureException", true), ("SignatureDoesNotMatch", true), ("AuthFailure", true),
            ("UnrecognizedClientException", false), ("ExpiredTokenException", false),
        ]
    )
    func `codes that can mean the clock say so`(code: String, clock: Bool) {
        #expect(answer(403, code).clock == clock)
    }

    @Test(
        arguments: [
            "Signature expired: 20261122T110000Z is now earlier than 20261122T120000Z (20261122T121500Z - 15 min.)",
            "Signature not yet current: 20261122T130000Z is still later than 20261122T122000Z (20261122T121500Z + 5 min.)",
        ]
    )
    func `a refused signature with a date is the clock`(message: String) {
        let verdict = answer(403, "InvalidSignatureException", message: message)
        #expect(verdict.blame == .route)
        #expect(verdict.clock)
        #expect(verdict.reason == "InvalidSignatureException (403): the clock is off")
    }
}

@Suite("Blame without a code of Lambda's")
struct BlameOfAnswersTests {
    @Test func `202 with a request id is a hand-over`() {
        let verdict = answer(202)
        #expect(verdict.blame == nil)
        #expect(!verdict.uncertain)
    }

    @Test func `a 202 without a request id is a proxy's`() {
        let verdict = answer(202, requestID: nil)
        #expect(verdict.blame == .route)
        #expect(verdict.reason == "a 202 without x-amzn-RequestId: some proxy answered, not Lambda")
        #expect(verdict.uncertain)
    }

    @Test(arguments: [200, 201, 203, 204, 206, 299], ["id", nil])
    func `another 2xx is the route's, and may have reached Lambda`(status: Int, requestID: String?) {
        let verdict = answer(status, requestID: requestID)
        #expect(verdict.blame == .route)
        #expect(verdict.uncertain)
    }

    @Test(arguments: [300, 301, 302, 304, 307, 308], ["id", nil])
    func `a redirect is the route's`(status: Int, requestID: String?) {
        let verdict = answer(status, requestID: requestID)
        #expect(verdict.blame == .route)
        #expect(!verdict.uncertain)
    }

    @Test(arguments: [400, 403, 404, 407, 413, 429, 500, 502, 503, 504])
    func `an answer without a request id did not come from AWS`(status: Int) {
        #expect(answer(status, "InvalidRequestContentException", requestID: nil).blame == .route)
    }

    @Test func `a proxy that wants a login is named so`() {
        #expect(answer(407, requestID: nil).reason == "status 407: a proxy demands a user and password")
    }

    @Test(arguments: [(502, true), (504, true), (403, false), (429, false)])
    func `a gateway's 5xx may have lost Lambda's answer`(status: Int, uncertain: Bool) {
        #expect(answer(status, requestID: nil).uncertain == uncertain)
    }

    @Test(arguments: ["id", nil])
    func `our own door's refusal is the route's and says what to unset`(requestID: String?) {
        let verdict = answer(400, "OutboxLoopException", requestID: requestID)
        #expect(verdict.blame == .route)
        #expect(verdict.reason.contains("lambda-outbox's own door"))
        #expect(verdict.reason.contains("AWS_ENDPOINT_URL_LAMBDA"))
        #expect(verdict.reason.contains("aws.endpoint_url"))
    }

    @Test func `text from the network is in no reason (P11)`() {
        let secret = "card 4111"
        for status in [202, 204, 301, 400, 403, 429, 500, 502] {
            for code in ["InvalidRequestContentException", "AccessDeniedException", "ServiceException", secret] {
                for requestID in ["id", nil] {
                    let verdict = answer(status, code, message: secret, requestID: requestID, reason: secret)
                    #expect(!verdict.reason.contains("4111"), "\(status) \(code)")
                }
            }
        }
    }
}

@Suite("Blame of attempts without an answer")
struct BlameOfFailuresTests {
    @Test(arguments: [TransportFailure.Kind.dns, .connect, .tls, .proxy, .credentials, .local])
    func `what failed before sending is the route's and certain`(kind: TransportFailure.Kind) {
        let verdict = failure(kind, sent: false)
        #expect(verdict.blame == .route)
        #expect(!verdict.sent)
        #expect(!verdict.uncertain)
        #expect(verdict.reason == "\(kind.rawValue): in our words")
    }

    @Test(arguments: [TransportFailure.Kind.cut, .timeout, .garbled])
    func `what failed after sending is the route's and uncertain (P3)`(kind: TransportFailure.Kind) {
        let verdict = failure(kind, sent: true)
        #expect(verdict.blame == .route)
        #expect(verdict.sent)
        #expect(verdict.uncertain)
    }

    @Test func `a payload that doesn't match its checksum is the event's`() {
        let verdict = failure(.corrupt, sent: false)
        #expect(verdict.blame == .event)
        #expect(!verdict.sent)
        #expect(!verdict.uncertain)
    }

    @Test func `a certificate out of its dates may be the clock`() {
        let verdict = ResponseClassifier.verdict(for: .failed(.certificateDate))
        #expect(verdict.blame == .route)
        #expect(verdict.clock)
        #expect(verdict.reason.contains("clock or certificate"))
        #expect(!failure(.tls, sent: false).clock)
    }
}
