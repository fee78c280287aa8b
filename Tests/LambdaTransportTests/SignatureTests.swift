import LambdaTransport
import OutboxCore
import SigV4
import TestSupport
import Testing

/// What was signed is what stands on the wire: path, query, headers and body, as the receiving end reads them.
@Suite("Signatures over the wire", .timeLimit(.minutes(2)))
struct SignatureTests {
    @Test(
        arguments: [function(), function("orders", qualifier: "$LATEST"), function("f", account: "123456789012")],
        [
            PassedHeaders(), PassedHeaders(tenantID: " acme/eu  1 "),
            PassedHeaders(durableExecutionName: "run-7", traceID: "Root=1-2", clientContext: "e30="),
        ]
    )
    func `the receiver finds the signature good`(function: FunctionIdentity, headers: PassedHeaders) throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        var credentials = testCredentials
        for (sequence, token) in [nil, "a/token+of=many"].enumerated() {
            credentials.sessionToken = token
            _ = transport.outcome(
                of: attempt(
                    Int64(sequence),
                    to: route(port: lambda.port),
                    function: function,
                    payload: digits(sequence * 100_000),
                    headers: headers,
                    credentials: credentials
                )
            )
        }
        #expect(lambda.requests.count == 2)
        var verifier = SignatureVerifier(service: "lambda", region: "eu-central-1")
        for request in lambda.requests {
            let target = request.target.split(separator: "?", maxSplits: 1).map(String.init)
            let received = SigningRequest(
                method: request.method,
                path: target[0],
                query: target.count == 2 ? target[1] : "",
                headers: request.headers,
                payloadHash: .body(request.body)
            )
            let signer = try verifier.verify(received, now: SigningTime(seconds: 1_795_348_800)) { _ in
                SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")
            }
            #expect(signer == "AKIDEXAMPLE")
        }
    }
}
