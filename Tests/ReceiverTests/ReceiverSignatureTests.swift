import Foundation
import Receiver
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
    ) -> (inout ReceiverConfiguration) -> Void {
        { configuration in
            configuration.acceptedKeys = ReceiverConfiguration.acceptedKeys(environment: environment)
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
