import LambdaTransport
import OutboxCore
import TestSupport
import Testing

@Suite("What goes over the wire", .timeLimit(.minutes(2)))
struct RequestTests {
    @Test func `an attempt is one signed POST, and its 202 comes back with its request id`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let outcome = transport.outcome(of: attempt(1, to: route(port: lambda.port)))

        #expect(outcome?.answer?.status == 202)
        #expect(outcome?.answer?.requestID == "request-0")
        #expect(outcome?.answer?.code == nil)
        #expect(outcome?.answer?.date == WallTime(milliseconds: 1_795_348_800_000))
        let request = try #require(lambda.requests.first)
        #expect(lambda.requests.count == 1)
        #expect(request.method == "POST")
        #expect(request.target == "/2015-03-31/functions/orders/invocations")
        #expect(request.header("Host") == "127.0.0.1:\(lambda.port)")
        #expect(request.header("X-Amz-Invocation-Type") == "Event")
        #expect(request.header("Content-Type") == "application/json")
        #expect(request.header("User-Agent") == "lambda-outbox/0.0.0 (test)")
        #expect(request.header("X-Amz-Date") == "20261122T120000Z")
        let authorization = try #require(request.header("Authorization"))
        #expect(
            authorization.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/lambda/aws4_request, "
            )
        )
        #expect(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type, "))
    }

    @Test func `nothing stands in the head that libcurl would add by itself`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), payload: digits(1_048_577)))
        let names = Set(try #require(lambda.requests.first).headers.map { $0.name.lowercased() })
        #expect(
            names == [
                "host", "user-agent", "content-type", "content-length", "x-amz-invocation-type", "x-amz-date",
                "authorization",
            ]
        )
    }

    @Test(arguments: [0, 1, 2, 16_383, 16_384, 16_385, 65_536, 1_048_576])
    func `the body is the payload, byte for byte (P10)`(size: Int) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let payload = digits(size)
        let outcome = transport.outcome(of: attempt(1, to: route(port: lambda.port), payload: payload))
        #expect(outcome?.answer?.status == 202)
        #expect(lambda.requests.map(\.body) == [payload])
        #expect(lambda.requests.first?.header("Content-Length") == "\(size)")
    }

    @Test func `bodies of different sizes on one connection stay apart`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let payloads = [20, 500_000, 0, 7, 100_000, 1].map(digits)
        for (index, payload) in payloads.enumerated() {
            _ = transport.outcome(of: attempt(Int64(index), to: route(port: lambda.port), payload: payload))
        }
        #expect(lambda.requests.map(\.body) == payloads)
        #expect(lambda.connections == 1)
    }

    @Test(
        arguments: [
            (function(), "/2015-03-31/functions/orders/invocations"),
            (function(qualifier: "live"), "/2015-03-31/functions/orders/invocations?Qualifier=live"),
            (function(qualifier: "$LATEST"), "/2015-03-31/functions/orders/invocations?Qualifier=%24LATEST"),
            (
                function("a.b_c-D", account: "123456789012", qualifier: "7"),
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Aa.b_c-D/invocations"
                    + "?Qualifier=7"
            ),
            (function(".."), "/2015-03-31/functions/../invocations"),
            (function("a b/ü%"), "/2015-03-31/functions/a%20b%2F%C3%BC%25/invocations"),
        ]
    )
    func `function and qualifier are encoded once`(function: FunctionIdentity, target: String) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), function: function))
        #expect(lambda.requests.first?.target == target)
    }

    @Test func `the producer's headers are passed on, and signed but for the trace`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let headers = PassedHeaders(
            durableExecutionName: "run-7",
            tenantID: "acme/eu  1",
            traceID: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
            clientContext: "e30="
        )
        var credentials = testCredentials
        credentials.sessionToken = "the token"
        _ = transport.outcome(
            of: attempt(1, to: route(port: lambda.port), headers: headers, credentials: credentials)
        )
        let request = try #require(lambda.requests.first)
        #expect(request.header("X-Amz-Durable-Execution-Name") == "run-7")
        #expect(request.header("X-Amz-Tenant-Id") == "acme/eu  1")
        #expect(request.header("X-Amzn-Trace-Id") == headers.traceID)
        #expect(request.header("X-Amz-Client-Context") == "e30=")
        #expect(request.header("X-Amz-Security-Token") == "the token")
        #expect(
            request.header("Authorization")?.contains(
                "SignedHeaders=content-type;host;x-amz-client-context;x-amz-date;x-amz-durable-execution-name;"
                    + "x-amz-invocation-type;x-amz-security-token;x-amz-tenant-id, "
            ) == true
        )
    }

    @Test func `headers of one attempt don't linger in the next`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let tenant = PassedHeaders(tenantID: "acme")
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), headers: tenant))
        _ = transport.outcome(of: attempt(2, to: route(port: lambda.port)))
        #expect(lambda.requests.map { $0.header("X-Amz-Tenant-Id") } == ["acme", nil])
    }
}

@Suite("What never goes out", .timeLimit(.minutes(2)))
struct RefusedTests {
    @Test func `a payload that doesn't match its checksum stays here`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        var damaged = attempt(1, to: route(port: lambda.port))
        damaged.event.payload[0] ^= 1
        let failure = transport.outcome(of: damaged)?.failure
        #expect(failure?.kind == .corrupt)
        #expect(failure?.sent == false)
        #expect(lambda.connections == 0)
    }

    @Test func `without credentials the reason comes back`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        var request = attempt(1, to: route(port: lambda.port), credentials: nil)
        request.credentialsProblem = "no profile of that name"
        let expected = TransportFailure(kind: .credentials, sent: false, message: "no profile of that name")
        #expect(transport.outcome(of: request)?.failure == expected)
        #expect(lambda.connections == 0)
    }

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\0b", "\u{7F}"])
    func `a header that holds a control character goes nowhere`(value: String) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let headers = PassedHeaders(tenantID: value)
        let outcome = transport.outcome(of: attempt(1, to: route(port: lambda.port), headers: headers))
        #expect(outcome?.failure?.kind == .corrupt)

        var credentials = testCredentials
        credentials.sessionToken = value
        let second = transport.outcome(of: attempt(2, to: route(port: lambda.port), credentials: credentials))
        #expect(second?.failure?.kind == .credentials)
        #expect(lambda.connections == 0)
    }

    @Test(arguments: ["ftp", "file", "gopher"])
    func `only http and https are spoken`(scheme: String) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let outcome = transport.outcome(of: attempt(1, to: route(port: lambda.port, scheme: scheme)))
        #expect(outcome?.failure?.kind == .local)
        #expect(outcome?.failure?.sent == false)
        #expect(lambda.connections == 0)
    }

    @Test func `an endpoint that is no URL is no crash`() throws {
        var transport = try LambdaTransport.open(testOptions())
        let outcome = transport.outcome(of: attempt(1, to: route(port: 80, host: "a b")))
        #expect(outcome?.failure?.sent == false)
    }

    @Test func `after shutdown nothing starts`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        #expect(transport.shutdown().isEmpty)
        #expect(transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.failure?.kind == .local)
        #expect(lambda.connections == 0)
    }
}

/// So many digits, in no order that a shifted or repeated block would keep.
func digits(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(ascii: "0") + UInt8(($0 &* 2_654_435_761 >> 7) % 10) }
}
