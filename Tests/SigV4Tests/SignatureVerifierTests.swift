import SigV4
import Testing

struct SignatureVerifierTests {
    static let now = SigningTime("20260310T120000Z")!

    /// A correctly signed invocation, to be spoilt.
    static func signedRequest(
        at time: SigningTime = now,
        credentials: SigningCredentials = SignerTests.credentials,
        region: String = "eu-central-1",
        service: String = "lambda"
    ) -> SigningRequest {
        var request = SignerTests.request(
            path: "/2015-03-31/functions/orders%3Alive/invocations",
            query: "Qualifier=live",
            headers: [("Content-Type", "application/json"), ("X-Amz-Invocation-Type", "Event")]
        )
        var signer = Signer(region: region, service: service)
        let signed = signer.sign(request, credentials: credentials, time: time)
        request.headers.append(("X-Amz-Date", signed.date))
        if let token = signed.securityToken { request.headers.append(("X-Amz-Security-Token", token)) }
        request.headers.append(("Authorization", signed.authorization))
        return request
    }

    static func verify(
        _ request: SigningRequest,
        at now: SigningTime = now,
        known: SigningCredentials = SignerTests.credentials
    ) -> Result<String, SignatureProblem> {
        var verifier = SignatureVerifier(service: "lambda", region: "eu-central-1")
        return Result { () throws(SignatureProblem) in
            try verifier.verify(request, now: now) { $0 == known.accessKeyID ? known : nil }
        }
    }

    static func changing(_ name: String, _ change: (String) -> String?) -> SigningRequest {
        var request = signedRequest()
        request.headers = request.headers.compactMap { header in
            guard header.name == name else { return header }
            return change(header.value).map { (header.name, $0) }
        }
        return request
    }

    @Test func `what the signer signs the verifier accepts`() {
        #expect(Self.verify(Self.signedRequest()) == .success("AKIDEXAMPLE"))
    }

    @Test func `headers that are added on the way do no harm`() {
        var request = Self.signedRequest()
        request.headers += [
            ("Via", "proxy"), ("User-Agent", "x"), ("X-Amzn-Trace-Id", "Root=1"), ("amz-sdk-request", "1"),
        ]
        #expect(Self.verify(request) == .success("AKIDEXAMPLE"))
    }

    @Test func `a change of anything that is signed is found`() {
        var changed = (0..<4).map { _ in Self.signedRequest() }
        changed[0].method = "PUT"
        changed[1].path = "/2015-03-31/functions/orders:live/invocations"
        changed[2].query = "Qualifier=test"
        changed[3].payloadHash = .body(Array("[]".utf8))
        changed.append(Self.changing("Host") { _ in "other.example" })
        changed.append(Self.changing("Content-Type") { _ in "text/plain" })
        changed.append(Self.changing("Content-Type") { _ in nil })
        changed.append(Self.changing("Authorization") { String($0.dropLast()) + ($0.hasSuffix("0") ? "1" : "0") })
        changed.append(Self.changing("Authorization") { String($0.dropLast()) })
        for request in changed { #expect(Self.verify(request) == .failure(.mismatch)) }
    }

    @Test func `another secret is a mismatch, another key is unknown`() {
        var other = SignerTests.credentials
        other.secretAccessKey = "x"
        #expect(Self.verify(Self.signedRequest(credentials: other)) == .failure(.mismatch))
        other.accessKeyID = "AKIDOTHER"
        #expect(Self.verify(Self.signedRequest(credentials: other)) == .failure(.unknownAccessKey))
    }

    @Test func `no Authorization header is a missing token`() {
        #expect(Self.verify(Self.changing("Authorization") { _ in nil }) == .failure(.missing))
    }

    @Test(arguments: [
        "Bearer abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential", "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260310/eu-central-1/lambda, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/20260310/eu-central-1/lambda/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/20260310/eu-central-1/lambda/aws4_request, SignedHeaders=Host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/20260310/eu-central-1/lambda/aws4_request, SignedHeaders=a;;b, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/20260310/eu-central-1/lambda/aws4_request, SignedHeaders=a;a, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/b/c/d/aws4_request, Credential=A/b/c/d/aws4_request, Signature=00", "",
    ])
    func `a malformed Authorization header is an incomplete signature`(value: String) {
        guard case .failure(let problem) = Self.verify(Self.changing("Authorization") { _ in value }) else {
            Issue.record("accepted")
            return
        }
        #expect(problem.code == "IncompleteSignatureException")
        #expect(problem.status == 403)
    }

    @Test func `a list of signed headers beyond all reason is refused before it is worked on`() {
        let names = (0..<65).map { "h\($0)" }.joined(separator: ";")
        let request = Self.changing("Authorization") { $0.replacing("SignedHeaders=", with: "SignedHeaders=\(names);") }
        #expect(Self.verify(request) == .failure(.incomplete("'SignedHeaders' must not hold more than 64 names.")))
    }

    @Test func `spaces between the parts of the Authorization header are free`() {
        let request = Self.changing("Authorization") { $0.replacing(", ", with: ",") }
        #expect(Self.verify(request) == .success("AKIDEXAMPLE"))
    }

    @Test func `a date that is missing, doubled or unreadable is an incomplete signature`() {
        var doubled = Self.signedRequest()
        doubled.headers.append(("x-amz-date", "20260310T120000Z"))
        let requests = [
            doubled, Self.changing("X-Amz-Date") { _ in nil }, Self.changing("X-Amz-Date") { _ in "yesterday" },
        ]
        for request in requests {
            guard case .failure(.incomplete) = Self.verify(request) else {
                Issue.record("accepted")
                return
            }
        }
    }

    @Test(arguments: [(-900, true), (900, true), (-901, false), (901, false)])
    func `a clock may be off by fifteen minutes`(offset: Int64, accepted: Bool) {
        let result = Self.verify(Self.signedRequest(at: Self.now.advanced(bySeconds: offset)))
        if accepted {
            #expect(result == .success("AKIDEXAMPLE"))
        } else {
            guard case .failure(let problem) = result else {
                Issue.record("accepted")
                return
            }
            #expect(problem.code == "InvalidSignatureException")
        }
    }

    @Test func `a bad clock is told in AWS's words`() {
        let signed = SigningTime("20260310T110000Z")!
        #expect(
            SignatureProblem.expired(signed: signed, now: Self.now).message
                == "Signature expired: 20260310T110000Z is now earlier than 20260310T114500Z (20260310T120000Z - 15 min.)"
        )
        #expect(
            SignatureProblem.notYetCurrent(signed: Self.now, now: signed).message
                == "Signature not yet current: 20260310T120000Z is still later than 20260310T111500Z "
                + "(20260310T110000Z + 15 min.)"
        )
    }

    @Test func `the scope has to name the day of the date, the service and the region`() {
        let wrongDay = Self.changing("Authorization") { $0.replacing("/20260310/", with: "/20260309/") }
        let wrong = [
            wrongDay, Self.signedRequest(region: "us-east-1"), Self.signedRequest(service: "sts"),
            Self.changing("Authorization") { $0.replacing("aws4_request", with: "aws5_request") },
        ]
        for request in wrong {
            guard case .failure(.wrongScope) = Self.verify(request) else {
                Issue.record("accepted")
                return
            }
        }
    }

    @Test func `every x-amz header has to be signed`() {
        var request = Self.signedRequest()
        request.headers.append(("X-Amz-Client-Context", "e30="))
        #expect(Self.verify(request) == .failure(.headerNotSigned("x-amz-client-context")))
    }

    @Test(arguments: ["host", "x-amz-date", "x-amz-invocation-type"])
    func `a header that must be signed can't be left out`(name: String) {
        let request = Self.changing("Authorization") { value in
            value.replacing("host;x-amz-date;x-amz-invocation-type", with: "host;x-amz-date;x-amz-invocation-type;")
                .replacing("\(name);", with: "").replacing(";,", with: ",")
        }
        #expect(Self.verify(request) == .failure(.headerNotSigned(name)))
    }

    @Test func `a declared body hash has to be the body's`() {
        for (declared, expected) in [(SHA256.hex(Array("{}".utf8)), true), ("UNSIGNED-PAYLOAD", false)] {
            var request = SignerTests.request(headers: [("X-Amz-Content-SHA256", declared)])
            var signer = Signer(region: "eu-central-1", service: "lambda")
            let signed = signer.sign(request, credentials: SignerTests.credentials, time: Self.now)
            request.headers += [("X-Amz-Date", signed.date), ("Authorization", signed.authorization)]
            #expect(Self.verify(request) == (expected ? .success("AKIDEXAMPLE") : .failure(.mismatch)))
        }
    }

    @Test func `a session token is compared where it is known`() {
        var temporary = SignerTests.credentials
        temporary.sessionToken = "right"
        #expect(Self.verify(Self.signedRequest(credentials: temporary), known: temporary) == .success("AKIDEXAMPLE"))
        #expect(Self.verify(Self.signedRequest(), known: temporary) == .failure(.unknownAccessKey))
        var other = temporary
        other.sessionToken = "wrong"
        #expect(Self.verify(Self.signedRequest(credentials: other), known: temporary) == .failure(.unknownAccessKey))
    }
}
