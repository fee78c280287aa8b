import Foundation
import SigV4
import TestSupport
import Testing

/// Requests that the AWS CLI, boto3 and curl really sent, verified again.
@Suite(.enabled(if: Vectors.has("wire"), Comment(rawValue: Vectors.areAbsent)))
struct CapturedRequestTests {
    static let now = SigningTime("20261122T124745Z")!
    static let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: PublishedVectorTests.secret
    )

    static func verdict(_ file: URL) throws -> Result<String, SignatureProblem> {
        let request = try RawRequest(Vectors.read(file)).signingRequest
        let service = file.lastPathComponent.contains("sts") ? "sts" : "lambda"
        var verifier = SignatureVerifier(service: service, region: "eu-central-1")
        return Result { () throws(SignatureProblem) in
            try verifier.verify(request, now: now) { $0 == credentials.accessKeyID ? credentials : nil }
        }
    }

    @Test func `the eight correctly signed requests are accepted`() throws {
        let files = try Vectors.files(below: "wire", ending: ".http").filter { !$0.path.contains("BAD") }
        #expect(files.count == 8)
        for file in files {
            #expect(try Self.verdict(file) == .success("AKIDEXAMPLE"), Comment(rawValue: file.lastPathComponent))
        }
    }

    @Test func `the request whose path was encoded only once is refused`() throws {
        let files = try Vectors.files(below: "wire", ending: "BAD-SIGNATURE.http")
        #expect(files.count == 1)
        for file in files { #expect(try Self.verdict(file) == .failure(.mismatch)) }
    }
}
