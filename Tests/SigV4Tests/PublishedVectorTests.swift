import Foundation
import SigV4
import TestSupport
import Testing

/// AWS's own signing suites, as they are published. The counts stand here so that none is left out in silence.
@Suite(.enabled(if: Vectors.has("sigv4"), Comment(rawValue: Vectors.areAbsent)))
struct PublishedVectorTests {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    @Test func `all 38 cases of the aws-c-auth suite agree`() throws {
        let cases = try Vectors.entries("sigv4/aws-c-auth/tests/aws-signing-test-suite/v4")
        for folder in cases { try check(awsCAuth: folder) }
        #expect(cases.count == 38)
    }

    @Test func `all 34 cases of the botocore suite agree`() throws {
        let cases = try Vectors.files(below: "sigv4/botocore/tests/unit/auth/aws4_testsuite", ending: ".req")
        for file in cases { try check(botocore: file) }
        #expect(cases.count == 34)
    }

    @Test func `the smithy case of a Lambda ARN in the path agrees`() throws {
        let folder = try Vectors.url(
            "sigv4/smithy-rs-extra/aws/rust-runtime/aws-sigv4/aws-signing-test-suite/v4/double-url-encode"
        )
        let request = try RawRequest(Vectors.read(folder.appendingPathComponent("request.txt")))
        var signer = Signer(region: "us-east-2", service: "lambda")
        let signed = signer.sign(
            request.signingRequest,
            credentials: SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.secret),
            time: try #require(SigningTime("20210511T154045Z"))
        )
        #expect(try signer.canonicalRequest == trimmed(folder, "header-canonical-request.txt"))
        #expect(try signer.stringToSign == trimmed(folder, "header-string-to-sign.txt"))
        #expect(try trimmed(folder, "header-signed-request.txt").hasSuffix("Authorization: \(signed.authorization)"))
    }

    private func check(awsCAuth folder: URL) throws {
        let context = try JSONDecoder().decode(
            Context.self,
            from: Data(contentsOf: folder.appendingPathComponent("context.json"))
        )
        var request = try RawRequest(Vectors.read(folder.appendingPathComponent("request.txt"))).signingRequest
        if context.sign_body, case .body(let body) = request.payloadHash {
            request.headers.append(("x-amz-content-sha256", SHA256.hex(body)))
        }
        let timestamp = context.timestamp.filter { $0 != "-" && $0 != ":" }
        var signer = Signer(region: context.region, service: context.service, normalizesPath: context.normalize)
        let signed = signer.sign(
            request,
            credentials: SigningCredentials(
                accessKeyID: context.credentials.access_key_id,
                secretAccessKey: context.credentials.secret_access_key,
                sessionToken: context.omit_session_token == true ? nil : context.credentials.token
            ),
            time: try #require(SigningTime(timestamp))
        )
        let name = Comment(rawValue: folder.lastPathComponent)
        #expect(
            try signer.canonicalRequest == Vectors.text(folder.appendingPathComponent("header-canonical-request.txt")),
            name
        )
        #expect(
            try signer.stringToSign == Vectors.text(folder.appendingPathComponent("header-string-to-sign.txt")),
            name
        )
        #expect(try signed.authorization.hasSuffix("Signature=" + trimmed(folder, "header-signature.txt")), name)
        #expect(
            try Vectors.text(folder.appendingPathComponent("header-signed-request.txt")).contains(signed.authorization),
            name
        )
    }

    private func check(botocore file: URL) throws {
        let request = try RawRequest(Vectors.read(file))
        var token: String?
        // The one case whose token stands in the signed request alone.
        if file.lastPathComponent == "get-vanilla-with-session-token.req" {
            token = try RawRequest(Vectors.read(file.deletingPathExtension().appendingPathExtension("sreq")))
                .header("x-amz-security-token")
            #expect(token != nil)
        } else {
            token = request.header("x-amz-security-token")
        }
        var signer = Signer(region: "us-east-1", service: "service")
        let signed = signer.sign(
            request.signingRequest,
            credentials: SigningCredentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: Self.secret,
                sessionToken: token
            ),
            time: try #require(SigningTime("20150830T123600Z"))
        )
        let name = Comment(rawValue: file.lastPathComponent)
        func expected(_ type: String) throws -> String {
            try Vectors.text(file.deletingPathExtension().appendingPathExtension(type))
        }
        #expect(try signer.canonicalRequest == expected("creq"), name)
        #expect(try signer.stringToSign == expected("sts"), name)
        #expect(try signed.authorization == expected("authz"), name)
    }

    private func trimmed(_ folder: URL, _ file: String) throws -> String {
        try Vectors.text(folder.appendingPathComponent(file)).trimmingCharacters(in: .newlines)
    }

    /// `context.json` of the aws-c-auth suite.
    private struct Context: Decodable {
        struct Credentials: Decodable {
            var access_key_id: String
            var secret_access_key: String
            var token: String?
        }
        var credentials: Credentials
        var normalize: Bool
        var region: String
        var service: String
        var sign_body: Bool
        var timestamp: String
        var omit_session_token: Bool?
    }
}
