import Foundation
import Receiver
import SigV4
import TestSupport
import Testing

struct ReceiverSignatureTests {
    /// AWS's example of an invocation by ARN, as bytes: signed on 2021-05-11 at 15:40:45 UTC.
    private static func example(signature: String) -> [UInt8] {
        let arn = "arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun"
        let scope = "AKIDEXAMPLE/20210511/us-east-2/lambda/aws4_request"
        return Array(
            ("POST /2015-03-31/functions/\(arn)/invocations HTTP/1.1\r\nHost: lambda.us-east-2.amazonaws.com\r\n"
                + "X-Amz-Date: 20210511T154045Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=\(scope), "
                + "SignedHeaders=host;x-amz-date, Signature=\(signature)\r\nContent-Length: 0\r\n\r\n").utf8
        )
    }
    private static let right = "4b93abbcc68be32bd64c18e2c71150660ab4c29bbd6c32a383a7517a88fc1804"
    private static let then: Int64 = 1_620_747_645_000

    private static func verifying(
        at time: Int64 = then,
        environment: [String: String] = [:]
    ) -> (inout ReceiverConfiguration) throws -> Void {
        { configuration in
            configuration.acceptedKeys = try AcceptedKey.keys(environment: environment)
            configuration.clock = { time }
        }
    }

    @Test func `a right signature is accepted, and whose it is told`() async throws {
        try await withReceiver(Self.verifying()) { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.send(Self.example(signature: Self.right))
            #expect(try client.answer().status == 200)
            #expect(arrivals.all.first?.signature == .valid(accessKeyID: "AKIDEXAMPLE"))
            #expect(arrivals.all.first?.line.contains("signed by AKIDEXAMPLE") == true)
        }
    }

    @Test func `a wrong signature is refused before any rule is asked`() async throws {
        try await withReceiver(answers: "*=500", Self.verifying()) { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.send(Self.example(signature: String(Self.right.reversed())))
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.headers["x-amzn-errortype"] == "InvalidSignatureException")
            #expect(answer.headers["x-amzn-requestid"] != nil)
            #expect(arrivals.all.first?.answer.name == "InvalidSignatureException")
            #expect(arrivals.all.first?.line.contains("refused: InvalidSignatureException") == true)
        }
    }

    @Test func `no signature, an unknown key and an old date are refused with their codes`() async throws {
        try await withReceiver(Self.verifying()) { server, _ in
            let client = try RawClient(port: server.port)
            try client.invoke("orders")
            #expect(try client.answer().headers["x-amzn-errortype"] == "MissingAuthenticationTokenException")
        }
        let other = ["AWS_ACCESS_KEY_ID": "AKIDOTHER", "AWS_SECRET_ACCESS_KEY": "x"]
        try await withReceiver(Self.verifying(environment: other)) { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(Self.example(signature: Self.right))
            #expect(try client.answer().headers["x-amzn-errortype"] == "UnrecognizedClientException")
        }
        try await withReceiver(Self.verifying(at: Self.then + 901_000)) { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(Self.example(signature: Self.right))
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.body.contains("Signature expired: 20210511T154045Z is now earlier than 20210511T154046Z"))
            #expect(answer.headers["date"] == "Tue, 11 May 2021 15:55:46 GMT")
        }
    }

    /// An invocation that is signed with a temporary key.
    private static func signed(token: String, port: Int) -> [UInt8] {
        let path = "/2015-03-31/functions/orders/invocations"
        var signer = Signer(region: "eu-central-1", service: "lambda")
        let headers = [(name: "Host", value: "127.0.0.1:\(port)"), (name: "X-Amz-Invocation-Type", value: "Event")]
        let result = signer.sign(
            SigningRequest(method: "POST", path: path, query: "", headers: headers, payloadHash: .body([])),
            credentials: SigningCredentials(accessKeyID: "ASIA1", secretAccessKey: "s", sessionToken: token),
            time: SigningTime(milliseconds: then)
        )
        return Array(
            ("POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nX-Amz-Invocation-Type: Event\r\n"
                + "X-Amz-Date: \(result.date)\r\nX-Amz-Security-Token: \(token)\r\n"
                + "Authorization: \(result.authorization)\r\nContent-Length: 0\r\n\r\n").utf8
        )
    }

    @Test func `a session token is compared, and refused once it has run out`() async throws {
        var environment = ["AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "right"]
        environment["AWS_CREDENTIAL_EXPIRATION"] = "2021-05-11T15:40:46Z"
        try await withReceiver(Self.verifying(environment: environment)) { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(Self.signed(token: "right", port: server.port))
            #expect(try client.answer().status == 202)
            try client.send(Self.signed(token: "wrong", port: server.port))
            #expect(try client.answer().headers["x-amzn-errortype"] == "UnrecognizedClientException")
        }
        environment["AWS_CREDENTIAL_EXPIRATION"] = "2021-05-11T17:40:45+02:00"
        try await withReceiver(Self.verifying(environment: environment)) { server, arrivals in
            let client = try RawClient(port: server.port)
            try client.send(Self.signed(token: "right", port: server.port))
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.headers["x-amzn-errortype"] == "ExpiredTokenException")
            #expect(answer.body.contains("The security token included in the request is expired"))
            #expect(arrivals.all.first?.signature == .refused(.expiredToken))
        }
    }

    @Test func `an expiry that is no time is refused`() {
        let key = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CREDENTIAL_EXPIRATION": "soon"]
        #expect(throws: KeySyntaxError.self) { try AcceptedKey.keys(environment: key) }
    }

    @Test func `keys are replaced while it runs`() async throws {
        try await withReceiver(Self.verifying()) { server, _ in
            let client = try RawClient(port: server.port)
            for (keys, code) in [
                ("ASIA1 s right 2021-05-11T15:00:00Z", "ExpiredTokenException"), ("ASIA1 s right", nil),
                ("\nAKIDEXAMPLE s\nASIA1 other\n", "InvalidSignatureException"), ("", "UnrecognizedClientException"),
            ] {
                try client.send(Self.put(keys))
                #expect(try client.answer().status == 200)
                try client.send(Self.signed(token: "right", port: server.port))
                #expect(try client.answer().headers["x-amzn-errortype"] == code)
            }
            for keys in ["ASIA1", "ASIA1 s3cret right soon", "a b c d e"] {
                try client.send(Self.put(keys))
                let refusal = try client.answer()
                #expect(refusal.status == 400 && refusal.body.contains("line 1") && !refusal.body.contains("s3cret"))
            }
        }
        try await withReceiver { server, _ in
            let client = try RawClient(port: server.port)
            try client.send(Self.put("ASIA1 s"))
            #expect(try client.answer().status == 409)
        }
    }

    private static func put(_ keys: String) -> [UInt8] {
        Array("PUT /receiver/keys HTTP/1.1\r\nHost: x\r\nContent-Length: \(keys.utf8.count)\r\n\r\n\(keys)".utf8)
    }

    @Test(.enabled(if: Vectors.has("wire"), Comment(rawValue: Vectors.areAbsent)))
    func `what the AWS tools sent is accepted as they signed it`() async throws {
        // 2026-11-22T12:47:45Z, when they were captured.
        try await withReceiver(Self.verifying(at: 1_795_351_665_000)) { server, arrivals in
            var counts: [Int: Int] = [:]
            for file in try Vectors.files(below: "wire", ending: ".http") {
                let client = try RawClient(port: server.port)
                try client.send(Vectors.read(file))
                let status = try client.answer().status
                counts[status, default: 0] += 1
                let expected =
                    switch file.lastPathComponent {
                    case "awscli1-invoke-async.http", "boto3-sts-assume-role.http": 404
                    case "awscli1-default-type.http": 200
                    case "boto3-dryrun.http": 204
                    case "curl788-colon-BAD-SIGNATURE.http": 403
                    default: 202
                    }
                #expect(status == expected, Comment(rawValue: file.lastPathComponent))
            }
            #expect(counts == [404: 2, 200: 1, 204: 1, 403: 1, 202: 4])
            #expect(arrivals.all.count == 7)
        }
    }
}
